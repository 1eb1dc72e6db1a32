"""Reads a run folder at a glance: only what a listing shows, without the library that validates it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from dawnbench.records.bounds import MAX_FIGURE
from dawnbench.records.files import DOCUMENT_LIMIT, LINES_LIMIT, read_bytes
from dawnbench.records.identity import RunIdentity, changed_settings, computing_threads, runtime_name
from dawnbench.records.process import is_gone
from dawnbench.records.rules import RULES_BY_NAME, is_per_image
from dawnbench.records.schema import SCHEMA_VERSION, ProcessRecord, Segment

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """One run in a listing."""

    name: str
    """The folder's name."""
    folder: Path
    created: str
    """UTC, ISO 8601."""
    identity: RunIdentity
    status: str
    """running, finished, interrupted or failed; died if the run's process is gone, as far as this machine
    can tell."""
    asked: int
    """Trials requested."""
    done: int
    """Trials that say something about the recipe: finished, diverged, or ended after reaching the target."""
    reached: int
    """Those of `done` in which an epoch reached the target; in an inference run, the model's accuracy."""
    median_seconds: dict[str, float | None]
    """By timing rule, under `inference` of one image, over those of `done` that have a time; None if none
    has."""
    mean_seconds: dict[str, float | None]
    """By timing rule, the time that those of `done` spent in all over the number that have a time, which is
    the mean if none missed the target; None if none has a time."""
    accuracy: float | None
    """Mean validation accuracy after the last epoch, 0 to 1, over those of `done` that have one."""
    tags: dict[str, str] = field(default_factory=dict)
    """The user's own labels for the run, by key."""


def read_listed(folder: Path, name: str | None = None) -> Listed:
    """Return a run folder at a glance; a torn last line of trials.jsonl is ignored.

    `name` is the folder's name, if the path does not end with it.

    Raises:
        DawnbenchError: it is not a run folder, its schema is newer than this version knows, or it is damaged.
    """
    try:
        record = json.loads(read_bytes(folder / "run.json", DOCUMENT_LIMIT))
        if record["status"] == "running" and is_gone(_process(record)):
            # It may have ended normally in between.
            record = json.loads(read_bytes(folder / "run.json", DOCUMENT_LIMIT))
            record["status"] = "died" if record["status"] == "running" else record["status"]
        lines = read_bytes(folder / "trials.jsonl", LINES_LIMIT).split(b"\n")[:-1]
        values = _fields(record, [json.loads(line) for line in lines])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        # A full read either explains the problem or accepts what is odd but fits the schema. Its library is
        # slow to load, so only now.
        from dawnbench.records.reader import read_run

        run = read_run(folder)
        values = _fields(asdict(run.record), [asdict(trial) for trial in run.trials])
    return Listed(name or folder.name, folder, **values)


def _process(record: Mapping[str, Any]) -> ProcessRecord | None:
    process = record.get("process")
    return None if process is None else ProcessRecord(**process)


def _fields(record: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Fields:
    """Return the fields of `Listed` except name and folder, from parsed JSON that may be anything."""
    if not isinstance(record["schema_version"], int) or record["schema_version"] > SCHEMA_VERSION:
        raise ValueError("newer than this version reads")
    if record.get("resumptions"):
        trials = list({trial["trial"]: trial for trial in trials}.values())
    counting = [
        trial
        for trial in trials
        if trial["status"] in ("finished", "diverged") or trial["epochs_to_target"] is not None
    ]
    accuracies = _bounded((trial["accuracy"] for trial in counting), 1.0)
    rules = dict.fromkeys(rule for trial in counting for rule in trial["seconds"])
    times = {rule: _seconds(_time(trial, rule) for trial in counting) for rule in rules}
    return {
        "created": _text(record["created"]),
        "status": _text(record["status"]),
        "identity": _identity(record),
        "asked": int(record["trials"]),
        "done": len(counting),
        "reached": sum(map(_reached, counting)),
        "median_seconds": {rule: median(seconds) if seconds else None for rule, seconds in times.items()},
        "mean_seconds": {rule: _mean(rule, seconds, counting) for rule, seconds in times.items()},
        "accuracy": math.fsum(a / len(accuracies) for a in accuracies) if accuracies else None,
        "tags": {key: _text(value) for key, value in record.get("tags", {}).items()},
    }


def _time(trial: Mapping[str, Any], rule: str) -> Any:
    if not is_per_image(rule):
        return trial["seconds"].get(rule)
    return (trial.get("inference") or {}).get("latency_seconds")


def _reached(trial: Mapping[str, Any]) -> bool:
    if trial.get("inference"):
        return trial["accuracy"] is not None and bool(trial["accuracy"] >= trial["target"])
    return trial["epochs_to_target"] is not None


def _mean(rule: str, seconds: Sequence[float], counting: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the total time over the successes, as `stats.trial_values` does; None if there are none."""
    known = RULES_BY_NAME.get(rule)
    if not seconds:
        return None
    missed = [
        trial
        for trial in counting
        if trial["seconds"].get(rule, 0) is None
        and trial.get("resumed_after") is None
        and (trial["epochs_to_target"] is None if known and known.stops_at_target else _diverged(trial))
    ]
    spent = 0.0
    for trial in missed:
        segments = [Segment(**segment) for segment in trial["segments"]]
        spent += (known.spent_seconds(segments) or 0.0) if known and segments else 0.0
    return math.fsum((*seconds, spent)) / len(seconds)


def _diverged(trial: Mapping[str, Any]) -> bool:
    return bool(trial["status"] == "diverged")


def _identity(record: Mapping[str, Any]) -> RunIdentity:
    data, recipe = record["data"], record["recipe"]
    texts = ("recipe_digest", "device_name", "precision", "recipe_name", "device")
    return RunIdentity(
        **{name: _text(record[name]) for name in texts},
        fingerprint=_text(data["fingerprint"]),
        target=float(record["target"]),
        changed=changed_settings(recipe),
        data=_text(data["source"]),
        threads=computing_threads(record["environment"]),
        devices=_ordinal(record.get("devices", 1)),
        nodes=_ordinal(record.get("nodes", 1)),
        inference=_runtime(record.get("inference")),
    )


def _runtime(inference: Mapping[str, Any] | None) -> str:
    return "" if inference is None else runtime_name(_text(inference["runtime"]), inference["compile"])


def _ordinal(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TypeError(f"{value!r} is not a whole number from 1")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _seconds(values: Any) -> list[float]:
    seconds = _bounded(values, MAX_FIGURE)
    if not all(seconds):
        raise ValueError("no training takes zero time")
    return seconds


def _bounded(values: Any, highest: float) -> list[float]:
    numbers = [float(value) for value in values if value is not None]
    if not all(0 <= number <= highest for number in numbers):
        raise ValueError("out of bounds")
    return numbers
