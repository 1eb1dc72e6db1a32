"""Trials and epochs of many runs as pandas frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from glob import glob
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.errors import DawnbenchError
from dawnbench.records.index import index_runs
from dawnbench.records.listed import Listed
from dawnbench.records.reader import read_run
from dawnbench.records.run_names import named_run
from dawnbench.records.selection import select
from dawnbench.stats.frame_rows import (
    BATCH_COLUMN,
    EPOCH_COLUMNS,
    INFERENCE_COLUMNS,
    TOGETHER_COLUMNS,
    TRIAL_COLUMNS,
    Row,
    epoch_row,
    frame,
    inference_row,
    trial_row,
)
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.user_folders import expanded

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What `load_runs` found; see there for the columns."""

    trials: pandas.DataFrame
    """One row per trial."""
    epochs: pandas.DataFrame
    """One row per epoch."""
    warnings: tuple[str, ...]
    """What could not be read, one sentence each."""


def load_runs(
    *where: str | PathLike[str],
    recipe: str | None = None,
    device: str | None = None,
    target: str | float | None = None,
    tags: Mapping[str, str] | None = None,
    since: str | None = None,
    prices: PriceList = UNPRICED,
) -> Frames:
    """Return the trials and epochs of runs, oldest run first.

    `where` names runs (by folder, or such as latest), folders of run folders, or globs (default: `runs`); a
    run that is found twice counts once. `recipe` and `device` match part of a name, or all of it as a shell
    pattern (with * or ?), ignoring case; `device` also matches what was asked for, such as cuda. `target` is
    0.94 or "94%". `tags` are the values, or patterns for them, that tags must have, by key. `since` is a date
    such as 2026-11-01 (in UTC), or an age such as 7d. `prices` are known besides those that the runs
    recorded.

    Columns of both frames: run (the folder's name, or its path if two share a name), trial (counted from 1).

    Columns of `trials`: recipe, device (its name), created (of the run, UTC), seed, status, target (0 to 1),
    seconds_RULE for each timing rule (NaN if the rule gives no time), epochs_to_target (<NA> if the target
    was missed), accuracy after the last epoch and best_accuracy (on the validation images, 0 to 1),
    energy_joules (over the trial), energy_to_target_joules, wall_seconds (by the host's clock), precision,
    fingerprint (of the data; results on different data are not comparable), the prices cost_per_hour and
    price_per_kwh in dollars and grams_per_kwh of CO2 equivalent (NaN if not known), and what they make of the
    trial: dollars_RULE for each timing rule, electricity_to_target_dollars, co2_to_target_grams.

    If several devices trained the trials of a run, `device` is as in 8 x NVIDIA H200, and `trials` also has
    their number, devices, and how many machines they are in, nodes.

    If there are inference runs, `trials` also has, empty for trainings: runtime (torch, torch compiled or
    onnx), images (of the pass), latency_seconds (the mean over them), median_seconds, p90_seconds,
    p99_seconds and max_seconds (of one image), energy_per_image_joules, dollars_per_million_images, and
    images_per_second_batch_N for each batch size N.

    Columns of `epochs`: epoch (counted from 1), learning_rate (at the first step), train_seconds,
    evaluate_seconds, train_loss and validation_loss (mean, in nats), train_accuracy and validation_accuracy
    (0 to 1), energy_joules (since the trial began). A value that was not measured is NaN.

    A run folder that cannot be read is left out with a warning.

    Raises:
        DawnbenchError: a path does not exist, a glob matches nothing, a run folder named explicitly cannot be
            read, the target is not an accuracy, or `since` is neither a date nor an age.
    """
    selection = select(recipe, device, target, tags, since)
    found = _find(where or ("runs",))
    chosen = sorted(
        (run for run in found.runs.values() if selection.takes(run)), key=lambda run: (run.created, run.name)
    )
    names = Counter(run.name for run in chosen)
    warnings = list(found.warnings)
    trials: list[Row] = []
    epochs: list[Row] = []
    for listed in chosen:
        try:
            run = read_run(listed.folder)
        except DawnbenchError as error:  # what a listing does not read: a damaged epochs.jsonl, say
            if listed.folder.resolve() in found.named:
                raise
            warnings.append(str(error))
            continue
        warnings.extend(f"{listed.folder}: {warning}" for warning in run.warnings)
        name = listed.name if names[listed.name] == 1 else str(listed.folder)
        known = prices.prices_of(run.record)
        trials.extend(
            trial_row(name, run, trial, known) | inference_row(run, trial, known) for trial in run.trials
        )
        epochs.extend(epoch_row(name, epoch) for epoch in run.epochs)
    rules = dict.fromkeys(key for row in trials for key in row if key.startswith(("seconds_", "dollars_")))
    together = TOGETHER_COLUMNS if any(row["devices"] > 1 for row in trials) else {}
    columns = TRIAL_COLUMNS | dict.fromkeys(rules, "float64") | together | _inference_columns(trials)
    return Frames(
        frame(trials, columns),
        frame(epochs, EPOCH_COLUMNS),
        tuple(dict.fromkeys(warnings)),
    )


def _inference_columns(trials: Iterable[Row]) -> dict[str, str]:
    """Return the columns of inference runs; none if there are only trainings."""
    keys = dict.fromkeys(key for row in trials if "runtime" in row for key in row)
    sizes = sorted(int(key.removeprefix(BATCH_COLUMN)) for key in keys if key.startswith(BATCH_COLUMN))
    batches = dict.fromkeys((f"{BATCH_COLUMN}{size}" for size in sizes), "float64")
    return INFERENCE_COLUMNS | batches if keys else {}


@dataclass(frozen=True, slots=True)
class _Found:
    runs: dict[Path, Listed]
    """By resolved path."""
    named: set[Path]
    """What the caller named explicitly, by resolved path."""
    warnings: list[str]


def _find(where: Iterable[str | PathLike[str]]) -> _Found:
    found = _Found({}, set(), [])
    for place in where:
        path = expanded(Path(place))
        if not path.exists():
            path = named_run(path) or path
        named = path.exists()
        matches = [str(path)] if named else sorted(glob(str(path), recursive=True))  # noqa: PTH207  # absolute too
        folders = [Path(match) for match in matches if named or Path(match).is_dir()]
        if not folders:
            raise DawnbenchError(f"nothing found at {place}; name run folders, folders of them, or globs")
        for folder in folders:
            try:
                index = index_runs(folder)
            except DawnbenchError as error:
                if named:
                    raise
                found.warnings.append(str(error))
                continue
            found.warnings.extend(index.troubles)
            found.runs.update({run.folder.resolve(): run for run in index.runs})
            if named:
                found.named.add(path.resolve())
    return found
