"""Smaller models from trained ones: magnitude pruning and network slimming."""
