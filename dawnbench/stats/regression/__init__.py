"""A run compared with its baseline, metric by metric."""
