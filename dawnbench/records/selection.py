"""Selects runs by recipe, device, target, tags and age."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from dawnbench.errors import DawnbenchError
from dawnbench.records.inference import RunKind
from dawnbench.records.listed import Listed
from dawnbench.records.share import parse_share

_AGE = re.compile(r"(\d{1,6}) ?([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run must match; None matches every run."""

    recipe: str | None = None
    """Part of the recipe's name, or a shell pattern (with * or ?) for all of it; case does not matter."""
    device: str | None = None
    """The same for the device's name (NVIDIA H200, 8 x NVIDIA H200) or what was asked for (cuda)."""
    target: float | None = None
    """The validation accuracy to reach, 0 to 1."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """By key, the value that the run's tag has, or a shell pattern for it."""
    since: datetime | None = None
    """The earliest time at which the run was made."""
    kind: RunKind | None = None

    def takes(self, run: Listed) -> bool:
        """Return whether a run matches."""
        return (
            (_matches(self.recipe, run.identity.recipe_name) or _matches(self.recipe, run.identity.workload))
            and (self.kind is None or run.identity.kind == self.kind)
            and any(
                _matches(self.device, name)
                for name in (run.identity.device_name, run.identity.hardware, run.identity.device)
            )
            and (self.target is None or math.isclose(self.target, run.identity.target, abs_tol=1e-9))
            and all(_is_tag(run.tags.get(key), value) for key, value in self.tags.items())
            and (self.since is None or _is_since(run.created, self.since))
        )


def select(
    recipe: str | None,
    device: str | None,
    target: str | float | None,
    tags: Mapping[str, str] | None = None,
    since: str | None = None,
    kind: RunKind | None = None,
) -> Selection:
    """Return the selection for a user's options; the target may be 0.94 or "94%", and see `parse_since`.

    Raises:
        DawnbenchError: the target is not an accuracy, or `since` is neither a time nor an age.
    """
    return Selection(
        recipe,
        device,
        None if target is None else parse_share(target, "the target "),
        tags or {},
        None if since is None else parse_since(since, datetime.now(UTC)),
        kind,
    )


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that a date or time (2026-11-01, in UTC unless it says otherwise) or an age (7d) means.

    Ages are in hours (h), days (d) or weeks (w).

    Raises:
        DawnbenchError: it is something else.
    """
    try:
        if (age := _AGE.fullmatch(text.strip())) is not None:
            return now - int(age[1]) * _UNITS[age[2]]
        return _in_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError) as error:
        raise DawnbenchError(
            f"{text!r} is neither a date nor an age; write 2026-11-01, or 12h, 7d or 2w"
        ) from error


def _is_tag(value: str | None, wanted: str) -> bool:
    return value is not None and (value == wanted or fnmatchcase(value, wanted))


def _is_since(created: str, since: datetime) -> bool:
    try:
        return _in_utc(datetime.fromisoformat(created)) >= since
    except ValueError:  # a run.json edited by hand may hold anything
        return False


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _matches(wanted: str | None, name: str) -> bool:
    if wanted is None:
        return True
    wanted, name = wanted.casefold(), name.casefold()
    return fnmatchcase(name, wanted) if "*" in wanted or "?" in wanted else wanted in name
