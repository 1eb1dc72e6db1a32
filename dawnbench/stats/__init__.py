"""What the numbers mean: summaries, comparisons, verdicts. Works from run folders, never imports torch."""
