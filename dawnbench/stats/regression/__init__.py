"""A run held against its baseline, metric by metric."""
