"""Campaigns: a matrix of recipes, settings, seeds and devices, run as trials on a pool of workers."""
