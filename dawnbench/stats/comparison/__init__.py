"""Comparisons of two sets of trials."""
