"""The run folder: written while a run trains, read by everything that reports on it."""
