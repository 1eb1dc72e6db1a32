"""The networks. How they are trained is up to the recipe."""
