"""An entry for DAWNBench's CIFAR-10 training task, as its official repository accepts it.

Source of the fields, the file names and the threshold: the README and the submission tests of
stanford-futuredata/dawn-bench-entries. Its accepted entries list every epoch, also after
the target.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.export.run_facts import check_cifar10, created_at, public_recipe
from dawnbench.records.bounds import finite
from dawnbench.records.reader import Run
from dawnbench.records.schema import EpochRecord, TrialRecord
from dawnbench.safe_text import slug
from dawnbench.stats.cost import SECONDS_AN_HOUR
from dawnbench.stats.progress import elapsed_seconds, median_trial

RULE = "dawnbench"
VERSION = "v1.0"
"""The version of the competition."""
TARGET = 0.94
"""Top-1 accuracy on the 10,000 test images that the competition requires, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who submits an entry, and what only they know about it."""

    author: str
    email: str
    code_url: str | None = None
    """Where the code is; the organizers read it before they accept an entry."""
    framework: str | None = None
    """None for PyTorch with the version in the run."""
    hardware: str | None = None
    """A short description, in a cloud with provider and instance type; None for the name of the device."""
    cost_per_hour: float | None = None
    """Dollars per hour for the whole machine; without it the entry competes on time alone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The files of an entry."""

    name: str
    """AUTHOR_MODEL_HARDWARE_FRAMEWORK, the files' name without suffix."""
    json: str
    tsv: str | None
    """None for inference, which has no such file."""


def dawnbench_entry(run: Run, submitter: Submitter, trial: int | None = None) -> Entry:
    """Return the entry of one trial of a run, by default the median trial by the rule `dawnbench`.

    Raises:
        DawnbenchError: the run is not on CIFAR-10, there is no such trial, or it did not reach 94 %.
    """
    check_cifar10(run, "DAWNBench takes")
    chosen = chosen_trial(run, trial, RULE)
    epochs = run.epochs_of(chosen.trial)
    _check_reached(run, chosen, epochs, by_name=trial is not None)
    framework = submitter.framework or framework_of(run)
    hardware = submitter.hardware or run.record.identity.hardware
    # Optional fields that were not given are left out, as in the accepted entries.
    fields = {
        "version": VERSION,
        "author": submitter.author,
        "authorEmail": submitter.email,
        "framework": framework,
        "codeURL": submitter.code_url,
        "model": run.record.recipe_name,
        "hardware": hardware,
        "costPerHour": submitter.cost_per_hour,
        "timestamp": created_at(run).date().isoformat(),
        "misc": how_obtained(run, chosen),
    }
    given = {key: value for key, value in fields.items() if value is not None}
    return Entry(
        name=entry_name(submitter.author, run.record.recipe_name, hardware, framework),
        json=json.dumps(finite(given), indent=4, allow_nan=False) + "\n",
        tsv=_tsv(chosen, epochs),
    )


def entry_name(author: str, model: str, hardware: str, framework: str) -> str:
    """Return the name of an entry's files without suffix, which the official README asks for."""
    parts = (author, model, hardware, framework.partition(" ")[0])
    return "_".join(slug(part).replace("_", "-").lower() for part in parts)


def chosen_trial(run: Run, number: int | None, rule: str) -> TrialRecord:
    """Return the trial that an entry is made of: the one of that number, or the median one under a rule.

    Raises:
        DawnbenchError: there is no such trial, or none that finished.
    """
    if number is not None:
        found = [trial for trial in run.trials if trial.trial == number]
        if not found:
            raise DawnbenchError(f"{run.folder} has no trial {number}; it has {len(run.trials)}")
        if found[0].resumed_after is not None:
            raise DawnbenchError(
                f"trial {number} of {run.folder} was resumed, so it has no time; name another"
            )
        return found[0]
    timed = [trial for trial in run.trials if trial.resumed_after is None]
    counting = [t for t in timed if t.status in ("finished", "diverged") or t.epochs_to_target]
    chosen = median_trial(counting, rule)
    if chosen is None:
        raise DawnbenchError(f"{run.folder} has no finished trial to make an entry of")
    return chosen


def _check_reached(run: Run, trial: TrialRecord, epochs: Sequence[EpochRecord], by_name: bool) -> None:
    best = max((epoch.validation_accuracy for epoch in epochs), default=0.0)
    if best < TARGET:
        which = f"trial {trial.trial}" if by_name else f"the median trial, {trial.trial},"
        raise DawnbenchError(
            f"{which} of {run.folder} came to {100 * best:.2f} % at best and DAWNBench asks for "
            f"{100 * TARGET:g} %; "
            + ("choose another" if by_name else "train longer, or name one by --trial")
        )


def framework_of(run: Run) -> str:
    """Return PyTorch with the version in the run."""
    packages = run.record.environment.get("packages") or {}
    return f"PyTorch {packages.get('torch') or ''}".rstrip()


def how_obtained(run: Run, trial: TrialRecord) -> dict[str, Any]:
    """Return how the figure was obtained, without names of the person's machine or folders."""
    record = run.record
    environment = record.environment
    gpu = environment.get("gpu") or {}
    return {
        "dawnbench": record.dawnbench_version,
        "recipe": public_recipe(run),
        "recipeDigest": record.recipe_digest,
        "dataFingerprint": record.data.fingerprint,
        "trial": trial.trial,
        "trialsInRun": len(run.trials),
        "seed": trial.seed,
        "precision": record.precision,
        "device": record.identity.hardware,
        "python": environment.get("python"),
        "CUDA": gpu.get("cuda"),
        "driver": gpu.get("driver"),
    }


def _tsv(trial: TrialRecord, epochs: Sequence[EpochRecord]) -> str:
    """Return the table of hours by the rule, which does not count evaluations, and of percent."""
    elapsed = elapsed_seconds(trial, RULE)
    rows = [
        f"{epoch.epoch}\t{elapsed[epoch.epoch] / SECONDS_AN_HOUR:.8f}\t{100 * epoch.validation_accuracy:.2f}"
        for epoch in epochs
        if epoch.epoch in elapsed
    ]
    return "\n".join(["epoch\thours\ttop1Accuracy", *rows]) + "\n"
