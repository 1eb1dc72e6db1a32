"""A recipe's schedule over the recipe's epochs."""

from __future__ import annotations

from dawnbench.recipes.recipe import Recipe
from dawnbench.recipes.registry import build


class StretchedSchedule:
    """A schedule part as the training loop takes it; a `length` ends with the recipe's last epoch."""

    def __init__(self, recipe: Recipe) -> None:
        self._schedule = build(recipe.schedule)
        length = getattr(self._schedule, "length", None)
        self._stretch = 1.0 if length is None else length / recipe.epochs
        self.known_ahead = not hasattr(self._schedule, "saw")
        """Whether the rates do not hang on what happens in training."""

    def __call__(self, epoch: float) -> float:
        """Return the learning rate at a time counted in epochs from 0."""
        return float(self._schedule(epoch * self._stretch))

    def momentum(self, epoch: float) -> float | None:
        """Return the momentum at that time; None leaves the optimizer's own."""
        momentum = getattr(self._schedule, "momentum", None)
        return None if momentum is None else momentum(epoch * self._stretch)

    def saw(self, validation_loss: float) -> None:
        """Tell the schedule the mean validation loss at the end of an epoch, if it wants to know."""
        if not self.known_ahead:
            self._schedule.saw(validation_loss)
