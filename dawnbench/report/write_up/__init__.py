"""A write-up of models: of each one its target, results and analysis, then the series as a whole."""
