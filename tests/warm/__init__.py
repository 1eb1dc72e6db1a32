"""A Python that has loaded torch and the package before it is called: by forking, in a hundredth of the time.

For tests in which a process of its own matters (its streams, its signals, its end) but not its cold start.
"""
