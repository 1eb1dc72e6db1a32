"""How a model is trained and timed; knows no recipe by name."""
