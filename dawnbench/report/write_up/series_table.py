"""A series of models side by side."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.reader import Run
from dawnbench.report.text.markdown import table
from dawnbench.report.units import percent, seconds
from dawnbench.report.write_up.author_words import goal
from dawnbench.safe_text import markdown
from dawnbench.stats.write_up_results import results

HEADER = (
    "Model",
    "Parameters",
    "Best train",
    "Best test",
    "Last test",
    "At target",
    "Target",
    "Time an epoch",
)
NOTE = (
    "Accuracies and times are means over the trials. At target: epochs at or above the target, of how many. "
    "Time an epoch: of training, the median over the epochs."
)
NO_EPOCH = "A dash: the run ended before its first epoch did."


def series_table(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return one row per run, under its name, and a note on the columns."""
    note = NOTE if all(run.epochs for run in runs) else f"{NOTE} {NO_EPOCH}"
    return f"{table(HEADER, [_row(run, name) for run, name in zip(runs, names, strict=True)])}\n\n{note}"


def _row(run: Run, name: str) -> list[str]:
    found, target = results(run), goal(run.record.target)
    begin = [markdown(name), f"{run.record.model.parameters:,}"]
    if found is None:
        return [*begin, "-", "-", "-", "-", target, "-"]
    epochs = max(one.epochs for one in found.courses)
    return [
        *begin,
        percent(found.over(lambda one: one.best_train).mean),
        percent(found.over(lambda one: one.best_validation).mean),
        percent(found.over(lambda one: one.last_validation).mean),
        f"{found.over(lambda one: one.at_target).mean:.3g} of {epochs}",
        target,
        seconds(found.over(lambda one: one.epoch_seconds).mean),
    ]
