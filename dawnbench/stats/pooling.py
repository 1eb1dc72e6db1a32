"""Runs, baselines and globs opened as sets of trials, and several runs of one recipe pooled into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import read_baseline
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.reader import Run, read_run
from dawnbench.records.run_names import run_folder
from dawnbench.records.tags import common_tags
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.stats.comparison.comparable import CHOSEN, Differences, differences

DIFFERENT_PRICES = "the runs recorded different prices, so none of these is used"


def pool_trials(parts: Sequence[TrialSet], name: str) -> TrialSet:
    """Return one set with all trials, renumbered; `name` is what the user called them.

    Raises:
        DawnbenchError: they differ in data, target, recipe, device or number of threads.
    """
    first, *others = parts
    if not others:
        return first
    for other in others:
        found = differences(first, other)
        if apart := _apart(first, other, found):
            raise DawnbenchError(
                f"{name} matches runs that do not belong together, {first.name} and {other.name}: {apart[0]}"
            )
    trials = [trial for part in parts for trial in part.trials]
    prices = _common_prices(part.prices for part in parts)
    warnings = [
        f"{part.name}: {warning}"
        for part in parts
        for warning in (*part.warnings, *([CHOSEN] if part.stopping else []))
    ]
    return replace(
        first,
        name=name,
        trials=tuple(replace(trial, trial=number) for number, trial in enumerate(trials, start=1)),
        pairing=None,
        stopping=None,
        warnings=(*warnings, *([DIFFERENT_PRICES] if prices is None else [])),
        prices=prices or NO_PRICES,
        tags=common_tags([part.tags for part in parts]),
    )


def _common_prices(recorded: Iterable[Prices]) -> Prices | None:
    """Return the one price that was recorded, if any; None if there are several."""
    found = {prices for prices in recorded if prices != NO_PRICES}
    return None if len(found) > 1 else next(iter(found), NO_PRICES)


def pool_runs(runs: Sequence[Run]) -> list[Run]:
    """Return the runs, with each run pooled into the first earlier one that is alike and has other seeds.

    Runs are alike if they train the same recipe with the same data, target, precision, number of threads and
    torch on the same kind of machine, and were read in full. Runs that share a seed stay apart, since it
    would count twice.

    Raises:
        DawnbenchError: a run holds values that no run produces.
    """
    groups: list[list[Run]] = []
    for run in runs:
        for group in groups:
            if all(_alike(one, run) for one in group):
                group.append(run)
                break
        else:
            groups.append([run])
    return [_as_one(group) if len(group) > 1 else group[0] for group in groups]


def _apart(first: TrialSet, other: TrialSet, found: Differences) -> tuple[str, ...]:
    """Return why two sets do not belong together; nothing if they do."""
    return found.refusals or (found.remarks if first.identity.hardware != other.identity.hardware else ())


def _alike(a: Run, b: Run) -> bool:
    one, other = trial_set_of(a), trial_set_of(b)
    same = one.recipe_name == other.recipe_name and one.identity == other.identity
    if not same or _seeds(a) & _seeds(b):
        return False
    found = differences(one, other)
    return not (_apart(one, other, found) or found.cautions)


def _seeds(run: Run) -> set[int]:
    """Return the seeds of the trials that started: another run may supply the rest."""
    begun = {trial.trial for trial in run.trials} | {epoch.trial for epoch in run.epochs}
    return {run.record.seed + number - 1 for number in begun}


def _as_one(runs: Sequence[Run]) -> Run:
    """Return the first run with the trials of all runs, numbered consecutively."""
    first, before = runs[0], 0
    trials, epochs = [], []
    for run in runs:
        trials += [replace(trial, trial=trial.trial + before) for trial in run.trials]
        epochs += [replace(epoch, trial=epoch.trial + before) for epoch in run.epochs]
        before += run.record.trials
    status = next((run.record.status for run in runs if run.record.status != "finished"), first.record.status)
    tags = common_tags([run.record.tags for run in runs])
    prices = _common_prices(run.record.prices for run in runs) or NO_PRICES
    record = replace(first.record, trials=before, status=status, tags=tags, prices=prices)
    names = tuple(run.folder.resolve().name for run in runs)
    return replace(first, record=record, trials=tuple(trials), epochs=tuple(epochs), pooled_from=names)


def open_trial_set(name: str) -> TrialSet:
    """Return the trials of a run, of a baseline file, or of all run folders that a glob matches.

    A run is named by its folder, or in any way that `records.run_names` explains, such as latest.

    Raises:
        DawnbenchError: nothing is there, it cannot be read, or the runs that a glob matches do not belong
            together.
    """
    if not has_magic(name) or Path(name).exists():
        path = run_folder(name)
        if path.is_dir():
            return trial_set_of(read_run(path))
        if path.is_file():
            return read_baseline(path)
        raise DawnbenchError(
            f"{name} is not a run folder or a baseline file; `dawnbench runs` lists the runs"
        )
    found = [one for one in sorted(glob(name)) if (Path(one) / "run.json").is_file()]  # noqa: PTH207
    if not found:
        raise DawnbenchError(f"{name} matches no run folder; `dawnbench runs` lists the runs")
    return pool_trials([trial_set_of(read_run(Path(one))) for one in found], name)
