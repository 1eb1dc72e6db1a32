"""Functions of tensors, compiled where the recipe asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

RECOMPILE_LIMIT = 64
"""Sizes of image and of batch that one function may be compiled for."""


class Programs:
    """The functions that a run compiles, all of them or none.

    A compiler may fail as late as in the first backward pass. So nothing is tried here: whoever warms up
    catches the failure, calls `give_up`, and starts again with the functions as they were written.
    """

    def __init__(self, compiles: bool) -> None:
        self._compiles = compiles
        if compiles:
            # Each size is a program of its own; beyond the limit torch would silently stop compiling.
            torch._dynamo.config.recompile_limit = max(RECOMPILE_LIMIT, torch._dynamo.config.recompile_limit)

    @property
    def compiles(self) -> bool:
        """Whether functions are compiled."""
        return self._compiles

    def give_up(self) -> None:
        """Call every function as it was written from now on."""
        self._compiles = False

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return what calls `function`, compiled as long as this holds."""
        if not self._compiles:
            return function
        # A program of its own for each size of image; one for all sizes would be slower.
        compiled = torch.compile(function, dynamic=False)

        def call(*arguments: Any) -> Any:
            return (compiled if self._compiles else function)(*arguments)

        return call
