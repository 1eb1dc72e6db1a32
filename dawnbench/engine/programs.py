"""Functions of tensors, compiled if the recipe requests it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

RECOMPILE_LIMIT = 64
"""Image and batch sizes for which one function may be compiled."""


class Programs:
    """The functions that a run compiles: all of them or none.

    A compiler may fail as late as the first backward pass, so nothing is tried here. The warm-up catches the
    failure, calls `give_up`, and starts again with the uncompiled functions.
    """

    def __init__(self, compiles: bool) -> None:
        self._compiles = compiles
        if compiles:
            # Each size gets its own program; beyond the limit torch would silently stop compiling.
            torch._dynamo.config.recompile_limit = max(RECOMPILE_LIMIT, torch._dynamo.config.recompile_limit)
            # Otherwise torch may overlook that a parameter has been frozen, and keep computing its gradient.
            torch._dynamo.config.skip_tensor_guards_with_matching_dict_tags = False

    @property
    def compiles(self) -> bool:
        """Whether functions are compiled."""
        return self._compiles

    def give_up(self) -> None:
        """Call every function uncompiled from now on."""
        self._compiles = False

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a wrapper of `function` that is compiled until `give_up` is called."""
        if not self._compiles:
            return function
        # One program per image size; a single program for all sizes would be slower.
        compiled = torch.compile(function, dynamic=False)

        def call(*arguments: Any) -> Any:
            return (compiled if self._compiles else function)(*arguments)

        return call
