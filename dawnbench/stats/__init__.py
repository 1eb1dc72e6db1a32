"""What the figures mean: summaries, comparisons, verdicts. Works from run folders, imports no torch."""
