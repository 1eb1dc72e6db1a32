"""Learning-rate schedules, optimizers, weight averaging."""
