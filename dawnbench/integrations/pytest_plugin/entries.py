"""Add a run's times to pytest-benchmark, so that they appear in its JSON, tables and comparisons.

pytest-benchmark measures only what it calls itself and documents no way to add times from elsewhere. This
module uses the following undocumented names, none of which starts with an underscore:

- its session, the plugin registered as "pytest-benchmark": `benchmarks`, the list of measured entries, and
  `disabled`;
- `pytest_benchmark.stats.Metadata`, one entry: created from a stand-in for the fixture (`_Measured` below),
  filled by `update(seconds)`, read by `as_dict()`.

If a version of pytest-benchmark differs, a warning says so and the test continues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dawnbench.integrations.pytest_plugin.measured import MeasuredRun

RULE = "dawnbench"
"""The rule that gives the time to the target."""


@dataclass(frozen=True)
class _Measured:
    """The attributes that pytest-benchmark reads from its fixture."""

    name: str
    fullname: str
    """Identifies an entry for `--benchmark-compare`."""
    group: str
    """The table that lists the entry."""
    param: str | None
    params: dict[str, Any] | None
    extra_info: dict[str, Any]
    rounds: tuple[float, ...] = field(repr=False)
    """In seconds; not read by pytest-benchmark."""
    iterations: int = 1
    """Steps per round."""
    has_error: bool = False
    cprofile_stats: None = None


def add_entries(item: pytest.Item, label: str, measured: MeasuredRun) -> None:
    """Add a run's time to the target (one round per trial) and its training step (one round per epoch).

    Do nothing without pytest-benchmark or with `--benchmark-disable`. `label` distinguishes the run from the
    other runs of the test.
    """
    session = item.config.pluginmanager.get_plugin("pytest-benchmark")
    if session is None or getattr(session, "disabled", False):
        return
    entries = tuple(_entries(item, label, measured))
    try:
        session.benchmarks.extend([_as_benchmark(entry) for entry in entries])
    except (ImportError, AttributeError, TypeError) as error:
        item.warn(
            pytest.PytestWarning(
                f"cannot add times to this version of pytest-benchmark ({type(error).__name__}: {error}), "
                f"so {label} is missing from its benchmarks; use pytest-benchmark 5 or upgrade dawnbench"
            )
        )


def _as_benchmark(entry: _Measured) -> Any:
    metadata = import_module("pytest_benchmark.stats").Metadata(
        entry, iterations=entry.iterations, options={"timer": "dawnbench's ledger"}
    )
    for seconds in entry.rounds:
        metadata.update(seconds)
    metadata.as_dict()  # an incompatibility must fail here, not at the end of the session
    return metadata


def _entries(item: pytest.Item, label: str, measured: MeasuredRun) -> Iterator[_Measured]:
    trials = measured.series.counting
    seconds = [trial.seconds.get(RULE) for trial in trials]
    reached = tuple(time for time in seconds if time is not None)
    if reached and len(reached) == len(trials):
        yield _entry(item, label, measured, "time to target", reached)
    else:
        # A mean over only the trials that reached the target would mislead.
        item.warn(
            pytest.PytestWarning(
                f"{label}: {len(trials) - len(reached)} of {len(trials)} trials missed the target, so "
                "pytest-benchmark gets no time to target"
            )
        )
    steps = measured.steps_per_epoch
    rounds = tuple(step * steps for step in measured.step_seconds)
    if rounds:
        yield _entry(item, label, measured, "training step", rounds, steps)


def _entry(
    item: pytest.Item,
    label: str,
    measured: MeasuredRun,
    what: str,
    rounds: tuple[float, ...],
    iterations: int = 1,
) -> _Measured:
    call = getattr(item, "callspec", None)
    series = measured.series
    return _Measured(
        name=f"{item.name}: {label}, {what}",
        fullname=f"{item.nodeid}: {label}, {what}",
        group=what,
        param=call and call.id,
        params=call and call.params,
        extra_info={
            "run": series.name,
            "recipe": series.recipe_name,
            "recipe_digest": series.recipe_digest,
            "device": series.identity.hardware,
            "precision": series.precision,
            "data_fingerprint": series.data.fingerprint,
            "rule": RULE if what == "time to target" else None,
            "accuracies": [trial.accuracy for trial in series.trials],
        },
        rounds=rounds,
        iterations=iterations,
    )
