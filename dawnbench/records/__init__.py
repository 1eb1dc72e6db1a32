"""The run folder: what the writing side leaves and the reading side opens."""
