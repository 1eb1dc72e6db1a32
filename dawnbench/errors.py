"""The one exception that the command line turns into a sentence."""


class DawnbenchError(Exception):
    """Something the user can put right.

    The message is one sentence that says what was wrong, with the value, and what to do about it. The
    command line prints it after `dawnbench: ` and exits with status 2.
    """
