"""Benchmark training to a target accuracy."""
