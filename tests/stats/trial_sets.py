"""Sets of trials like those from a run folder or a baseline, made from a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from dawnbench.records.schema import DataRecord, PairingRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet

TARGET = 0.94
SPENT = 40.0
"""Seconds spent by a trial that misses the target."""
RECIPE = {
    "name": "davidnet",
    "summary": "A network",
    "trials": 10,
    "target": TARGET,
    "epochs": 10,
    "dataset": {"name": "cifar10", "image_size": 32},
    "optimizer": {"kind": "nesterov-sgd", "momentum": 0.9},
    "augmentation": [{"kind": "crop", "padding": 4}, {"kind": "flip"}],
}


def trial(number: int = 1, took: float | None = 20.0, **changes: Any) -> TrialFigures:
    """A trial that took this many seconds under the dawnbench rule; None if it missed the target."""
    made = TrialFigures(
        trial=number,
        seed=number - 1,
        status="finished",
        target=TARGET,
        seconds={"dawnbench": took},
        spent_seconds={"dawnbench": SPENT if took is None else took},
        epochs_to_target=None if took is None else 8,
        accuracy=0.93 if took is None else 0.945,
        energy_joules=None,
        energy_to_target_joules=None,
    )
    return replace(made, **changes)


def diverged(number: int = 1, **changes: Any) -> TrialFigures:
    return trial(number, None, **{"status": "diverged", "accuracy": None, **changes})


def interrupted(number: int = 1, **changes: Any) -> TrialFigures:
    return trial(number, None, **{"status": "interrupted", "accuracy": None, **changes})


def series(trials: Sequence[TrialFigures], **changes: Any) -> TrialSet:
    """A set of trials, numbered in order."""
    made = TrialSet(
        name="20260203T040506Z-davidnet-abcdef",
        created="2026-02-03T04:05:06+00:00",
        dawnbench_version="0.1.0",
        recipe_name="davidnet",
        recipe=RECIPE,
        recipe_digest="ab" * 32,
        target=TARGET,
        device="cuda",
        device_name="NVIDIA H200",
        precision="bf16",
        data=DataRecord("cifar10", "cd" * 32, 50_000, 10_000, (32, 32, 3), 10),
        environment={
            "gpu": {"driver": "580.10", "power_limit_watts": 700.0},
            "cpu": {"model": "AMD EPYC", "logical_cores": 16, "threads": None},
            "packages": {"torch": "2.11"},
        },
        trials=tuple(replace(one, trial=number) for number, one in enumerate(trials, start=1)),
    )
    return replace(made, **changes)


def timed(*seconds: float | None, **changes: Any) -> TrialSet:
    """Trials with these times under the dawnbench rule; None for a trial that missed the target."""
    return series([trial(took=one) for one in seconds], **changes)


def accurate(*accuracies: float | None, **changes: Any) -> TrialSet:
    """Trials with these final accuracies, 0 to 1; None for a trial that diverged."""
    made = [diverged() if one is None else trial(accuracy=one) for one in accuracies]
    return series(made, **changes)


def converged(*epochs: int | None, **changes: Any) -> TrialSet:
    """Trials with these epochs to the target; None for a trial that missed it."""
    made = [trial(took=None if one is None else 2.0 * one, epochs_to_target=one) for one in epochs]
    return series(made, **changes)


def sides(a: Sequence[float | None], b: Sequence[float | None], **changes: Any) -> tuple[TrialSet, TrialSet]:
    """The two sides of one `dawnbench ab` campaign with these times; `changes` apply to B."""
    return (
        timed(*a, name="a-run", pairing=PairingRecord("c0ffee", "A")),
        timed(*b, name="b-run", pairing=PairingRecord("c0ffee", "B"), **changes),
    )


any_trial = st.builds(
    lambda make, number: make(number),
    st.sampled_from((trial, lambda n: trial(n, 20 + n / 8), lambda n: trial(n, None), diverged, interrupted)),
    st.integers(1, 9),
)
"""Any trial that a run may hold: with unique and shared times, and each way to fail."""
any_trials = st.lists(any_trial, max_size=12)
