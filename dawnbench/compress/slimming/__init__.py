"""Network slimming: removes the channels whose batch-norm scales are smallest (arXiv:1708.06519)."""
