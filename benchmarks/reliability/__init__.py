"""What is left of a run after faults; by hand."""
