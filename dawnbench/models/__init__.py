"""The networks, nothing else: how they are trained is the recipe's business."""
