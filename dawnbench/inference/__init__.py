"""Latency and cost of a trained model that answers."""
