"""Selects runs by recipe, device and target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dawnbench.records.listed import Listed
from dawnbench.records.share import parse_share


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run must match; None matches every run."""

    recipe: str | None = None
    """Part of the recipe's name, or a shell pattern (with * or ?) for all of it; case does not matter."""
    device: str | None = None
    """The same for the device's name (NVIDIA H200) or what was asked for (cuda)."""
    target: float | None = None
    """The validation accuracy to reach, 0 to 1."""

    def takes(self, run: Listed) -> bool:
        """Return whether a run matches."""
        return (
            _matches(self.recipe, run.identity.recipe_name)
            and (
                _matches(self.device, run.identity.device_name) or _matches(self.device, run.identity.device)
            )
            and (self.target is None or math.isclose(self.target, run.identity.target, abs_tol=1e-9))
        )


def select(recipe: str | None, device: str | None, target: str | float | None) -> Selection:
    """Return the selection for a user's options; the target may be 0.94 or "94%".

    Raises:
        DawnbenchError: the target is not an accuracy.
    """
    return Selection(recipe, device, None if target is None else parse_share(target, "the target "))


def _matches(wanted: str | None, name: str) -> bool:
    if wanted is None:
        return True
    wanted, name = wanted.casefold(), name.casefold()
    return fnmatchcase(name, wanted) if "*" in wanted or "?" in wanted else wanted in name
