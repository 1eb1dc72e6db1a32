"""Runs of one recipe with other seeds, put together as one run with all their trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dawnbench.records.reader import Run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.comparison.comparable import differences


def pooled(runs: Sequence[Run]) -> list[Run]:
    """Return the runs, each later one that is alike and has other seeds joined to the first such.

    Alike is what trains the same recipe with the same data, target, precision and torch on the same kind of
    machine, and was read whole. A seed that two runs share would count twice, so these stay apart.

    Raises:
        DawnbenchError: a run has figures that no run makes.
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


def _alike(a: Run, b: Run) -> bool:
    if (a.record.recipe_name, a.record.recipe_digest) != (b.record.recipe_name, b.record.recipe_digest):
        return False
    if _seeds(a) & _seeds(b):
        return False
    found = differences(trial_set_of(a), trial_set_of(b))
    return not (found.refusals or found.cautions)


def _seeds(run: Run) -> set[int]:
    """Return the seeds that trials were begun with: the rest of an interrupted run may be made up for."""
    begun = {trial.trial for trial in run.trials} | {epoch.trial for epoch in run.epochs}
    return {run.record.seed + number - 1 for number in begun}


def _as_one(runs: Sequence[Run]) -> Run:
    """Return the first run with the trials of all, numbered on."""
    first, before = runs[0], 0
    trials, epochs = [], []
    for run in runs:
        trials += [replace(trial, trial=trial.trial + before) for trial in run.trials]
        epochs += [replace(epoch, trial=epoch.trial + before) for epoch in run.epochs]
        before += run.record.trials
    status = next((run.record.status for run in runs if run.record.status != "finished"), first.record.status)
    record = replace(first.record, trials=before, status=status)
    names = tuple(run.folder.resolve().name for run in runs)
    return replace(first, record=record, trials=tuple(trials), epochs=tuple(epochs), pooled_from=names)
