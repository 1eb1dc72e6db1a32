"""Why a table of trials has a dash where another trial has a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dawnbench.records.reader import Run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import PairingRecord, RunRecord, TrialRecord
from dawnbench.records.trial_set import TrialFigures, TrialSet

EPOCHS, ACCURACY, BEST, ENERGY = "Epochs to target", "Final accuracy", "Best accuracy", "Energy to target"
"""Columns of a table of trials, besides one per rule."""
COST = "Cost by "
"""Begins the title of the column of costs, and a rule follows: a cost is unknown if the rule's time is."""
MAX_LISTED = 6
"""Trials that a sentence lists; more are counted."""
UNTIMED_START = "startup was not timed"
"""How a run's note on its process's start begins (`campaigns.startup`)."""
RESUMED = "the trial was resumed, and what two processes spent on it is not added up"
_ENDED = {"diverged": "diverged", "interrupted": "was interrupted", "failed": "failed"}


def rules_shown(run: Run) -> list[str]:
    """Return the rules that any of a run's trials reports, in order."""
    return list(dict.fromkeys(rule for trial in run.trials for rule in trial.seconds))


def dash_notes(run: Run, columns: Sequence[str]) -> list[str]:
    """Return one sentence per reason why these columns of a run's trials have a dash."""
    start = _start_note(run.record.notes) or _shared_start(run.record.pairing)
    gaps: dict[tuple[str, str], list[int]] = {}
    for trial in run.trials:
        for column in columns:
            if (why := _why(column.removeprefix(COST), trial, run.record, start)) is not None:
                gaps.setdefault((column, why), []).append(trial.trial)
    merged: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for (column, why), trials in gaps.items():
        merged.setdefault((why, tuple(trials)), []).append(column)
    return [
        f"A dash under {joined(named)}{_of(trials, len(run.trials))}: {why}."
        for (why, trials), named in merged.items()
    ]


def untimed_sentences(series: TrialSet) -> Iterator[str]:
    """Yield a sentence for each rule that trials which reached the target have no time under."""
    start = _start_note(series.warnings) or _shared_start(series.pairing)
    found: dict[str, list[str]] = {}
    for rule in dict.fromkeys(rule for trial in series.counting for rule in trial.seconds):
        lacking = [t for t in series.counting if t.seconds.get(rule) is None and t.reached]
        for why in dict.fromkeys(_why_no_time(trial, rule, start) for trial in lacking):
            found.setdefault(why, []).append(rule)
    for why, rules in found.items():
        yield f"No time under {joined(rules)}: {why}."


def _why(column: str, trial: TrialRecord, record: RunRecord, start: str) -> str | None:
    """Return why a trial has nothing in a column; None if it has."""
    telemetry = trial.telemetry
    if column == EPOCHS:
        return None if trial.epochs_to_target is not None else _missed(trial)
    if column == ACCURACY:
        return None if trial.accuracy is not None else _unfinished(trial)
    if column == BEST:
        return None if trial.best_accuracy is not None else "no epoch was completed"
    if column == ENERGY:
        joules = None if telemetry is None else telemetry.energy_to_target_joules
        return None if joules is not None else _why_no_energy(trial, record)
    return None if trial.seconds.get(column) is not None else _why_no_time(trial, column, start)


def _why_no_time(trial: TrialRecord | TrialFigures, rule: str, start: str) -> str:
    known = RULES_BY_NAME.get(rule)
    if trial.resumed_after is not None:
        return RESUMED
    if rule not in trial.seconds:
        return "another version of dawnbench recorded it, without this rule"
    if known is None:
        return "this version of dawnbench does not know the rule"
    if known.stops_at_target and trial.epochs_to_target is None:
        return _missed(trial)
    if not known.stops_at_target and trial.status != "finished":
        return _unfinished(trial)
    return start if "startup" in known.required else "the recorded time is damaged"


def _missed(trial: TrialRecord | TrialFigures) -> str:
    if trial.status == "finished":
        return "the target was not reached"
    return f"the trial {_ENDED[trial.status]} before it reached the target"


def _unfinished(trial: TrialRecord | TrialFigures) -> str:
    if trial.status == "finished":
        return "the recorded value is damaged"
    return f"the trial {_ENDED[trial.status]} before its end"


def _why_no_energy(trial: TrialRecord, record: RunRecord) -> str:
    if trial.resumed_after is not None:
        return RESUMED
    if trial.telemetry is None:
        return "the trial has no telemetry"
    for warning in trial.warnings:
        if warning.startswith("the energy is unknown: "):
            return warning
    if trial.telemetry.energy_joules is not None:
        return _missed(trial) if trial.epochs_to_target is None else "the counter was not read at that epoch"
    counter = "gpu_energy" if record.device.startswith("cuda") else "cpu_energy"
    return record.telemetry_unavailable.get(counter, "this device has no energy counter that can be read")


def _start_note(notes: Iterable[str]) -> str | None:
    """Return what the run itself noted about its process's start."""
    for note in notes:
        _, begins, rest = note.partition(UNTIMED_START)
        if begins:
            return f"{UNTIMED_START} ({rest.partition(': ')[2]})"
    return None


def _shared_start(pairing: PairingRecord | None) -> str:
    if pairing is not None:
        return "both sides of an A/B campaign share a process, so its start is that of neither"
    return (
        "the process was not started for this run alone, as in a series or from Python, so its start is not "
        "that of the run"
    )


def _of(trials: Sequence[int], of: int) -> str:
    if len(trials) == of:
        return ""
    if len(trials) > MAX_LISTED:
        return f" of {len(trials)} of {of} trials"
    return f" of trial{'s' * (len(trials) > 1)} {joined([str(number) for number in trials])}"


def joined(names: Sequence[str]) -> str:
    """Return the names as a sentence lists them."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
