"""The end of a run: its trials, what they come to, the next commands, and whether the target was reached."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dawnbench.records.reader import Run
from dawnbench.records.rules import stops_at_target
from dawnbench.records.schema import TrialRecord
from dawnbench.records.trial_set import figures_of, trial_set_of
from dawnbench.report.text import dashes
from dawnbench.report.text.headline import headline
from dawnbench.report.units import percent, seconds
from dawnbench.safe_text import plain
from dawnbench.stats.trial_summary import summarise
from dawnbench.stats.trial_values import Times

RULE = "dawnbench"
"""Gives the time of the closing sentence."""


def summary_table(run: Run) -> Table:
    """Return a table with each trial's time under each rule and its accuracy."""
    rules = dashes.rules_shown(run)
    table = Table(box=box.SIMPLE_HEAD, title="time under each rule", title_justify="left", pad_edge=False)
    table.caption, table.caption_justify = Text("\n".join(map(plain, _notes(run, rules)))), "left"
    for column in ("trial", *map(plain, rules), "target", "accuracy"):
        table.add_column(Text(column), justify="right")
    for trial in run.trials:
        times = (seconds(trial.seconds.get(rule)) for rule in rules)
        table.add_row(str(trial.trial), *times, _target_cell(trial), percent(trial.accuracy))
    return table


def print_results(console: Console, run: Run) -> None:
    """Print the table of the trials and their mean with its interval."""
    series = trial_set_of(run)
    console.print()
    console.print(summary_table(run))
    if run.trials:
        console.print(Text(plain(headline(series, summarise(series), RULE))))


def print_ending(console: Console, run: Run) -> None:
    """Print the next commands and, as the last line, whether the target was reached."""
    print_line(console, "next:")
    for command in next_commands(run.folder, run.record.can_be_resumed):
        print_line(console, f"  {command}")
    missed = missed_trials(run)
    print_line(console, target_sentence(run), "bold yellow" if missed else "bold")


def print_line(console: Console, line: str, style: str = "") -> None:
    """Print one line that can be copied as it is, however narrow the terminal."""
    console.print(Text(plain(line), style=style), soft_wrap=True)


def next_commands(folder: Path, resumable: bool = False) -> tuple[str, ...]:
    """Return the commands that finish a run, if it can be resumed, and show more of it, for a shell."""
    verbs = ("resume", "show", "report") if resumable else ("show", "report")
    return tuple(shlex.join(["dawnbench", verb, str(folder)]) for verb in verbs)


def missed_trials(run: Run) -> list[TrialRecord]:
    """Return the trials that say something about the recipe and did not reach the target."""
    return [trial for trial in _counting(run) if trial.epochs_to_target is None]


def target_sentence(run: Run) -> str:
    """Return whether the trials reached the target, without a full stop."""
    goal, counting, missed = percent(run.record.target), _counting(run), missed_trials(run)
    start = f"{run.record.status}; " if run.record.status in ("interrupted", "failed", "died") else ""
    if not counting:
        return f"{start}target of {goal} not reached: no trial ran to its end"
    if not missed:
        return f"{start}target of {goal} reached by {_of(len(counting), len(counting))}"
    best = max((t.best_accuracy for t in missed if t.best_accuracy is not None), default=None)
    whose = "its" if len(missed) == 1 else "their"
    closest = "" if best is None else f"; {whose} best epoch reached {percent(best)}"
    return f"{start}target of {goal} MISSED by {_of(len(missed), len(counting))}{closest}"


def series_sentence(runs: Sequence[Run], of: int) -> str:
    """Return how many models of a series, of so many, reached their targets, and which missed them."""
    missed = [run for run in runs if missed_trials(run)]
    reached = sum(bool(_counting(run)) for run in runs) - len(missed)
    who = f"; MISSED by {', '.join(run.record.recipe_name for run in missed)}" if missed else ""
    return f"target reached by {reached} of {of} model{'s' * (of > 1)}{who}"


def summary_event(run: Run) -> dict[str, Any]:
    """Return the fields of the event that closes a run with `--json`."""
    series = trial_set_of(run)
    summary = summarise(series)
    return {
        "folder": str(run.folder),
        "recipe": run.record.recipe_name,
        "status": run.record.status,
        "target": run.record.target,
        "target_reached": summary.reached == summary.trials > 0,
        "trials": summary.trials,
        "reached": summary.reached,
        "diverged": summary.diverged,
        "left_out": summary.left_out,
        "seconds": {times.rule: _time_figures(times) for times in summary.times},
        "epochs": None if summary.epochs is None else asdict(summary.epochs),
        "accuracy": None if summary.accuracy is None else asdict(summary.accuracy),
    }


def _time_figures(times: Times) -> dict[str, Any]:
    figures = {} if times.sample is None else asdict(times.sample)
    expected = None if times.expected is None else asdict(times.expected)
    return {"count": 0, "missed": len(times.missed), "expected": expected} | figures


def _notes(run: Run, rules: Sequence[str]) -> list[str]:
    notes = dashes.dash_notes(run, [*rules, dashes.ACCURACY])
    whole = [rule for rule in rules if not stops_at_target(rule)]
    if whole and missed_trials(run):
        notes.insert(0, f"{' and '.join(whole)} time whole trials, whether they reached the target or not.")
    return notes


def _counting(run: Run) -> list[TrialRecord]:
    return [trial for trial in run.trials if figures_of(trial).counts]


def _target_cell(trial: TrialRecord) -> str:
    if trial.epochs_to_target is not None:
        return f"epoch {trial.epochs_to_target}"
    return "missed" if trial.status == "finished" else trial.status


def _of(some: int, of: int) -> str:
    return f"{some} of {of} trial{'s' * (of > 1)}"
