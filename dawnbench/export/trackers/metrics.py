"""A run's records as the metrics, parameters and tags that trackers show."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers.tracker import Leaf, Point, RunFacts, TrialFacts, TrialOutcome
from dawnbench.records.identity import runtime_name
from dawnbench.records.inference import InferenceResult, InferenceSettings
from dawnbench.records.leaves import leaves
from dawnbench.records.samples import Samples
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.safe_text import plain, slug

LONGEST_NAME = 100
LONGEST_TEXT = 500
"""In characters; below the limits of all trackers."""


def run_facts(record: RunRecord, folder_name: str) -> RunFacts:
    """Return the facts about a run before its first trial."""
    digest = hashlib.sha256(folder_name.encode("utf-8", "surrogateescape")).hexdigest()
    return RunFacts(
        name=text(folder_name)[:LONGEST_NAME],
        key=digest[:16],
        project=slug(record.recipe_name)[:LONGEST_NAME],
        began=created(record),
        parameters={name(path): leaf(value) for path, value in leaves(record.recipe)},
        tags={
            "recipe": text(record.recipe_name),
            "recipe_digest": text(record.recipe_digest),
            "device": text(record.device),
            "device_name": text(record.device_name),
            **{key: str(number) for key, number in record.identity.together.items()},
            "precision": text(record.precision),
            "target": f"{record.target:g}",
            "data": text(record.data.source),
            "data_fingerprint": text(record.data.fingerprint),
            "dawnbench_version": text(record.dawnbench_version),
            "created": text(record.created),
            **_inference_tags(record.inference),
        },
        user_tags={user_key(key): text(value) for key, value in record.tags.items()},
    )


def _inference_tags(settings: InferenceSettings | None) -> dict[str, str]:
    if settings is None:
        return {}
    return {
        "kind": "inference",
        "runtime": runtime_name(settings.runtime, settings.compile),
        "trained_run": text(settings.trained_run or ""),
        "model_digest": text(settings.model_digest),
    }


def user_key(key: str) -> str:
    """Return the key of a user's tag as trackers take it, apart from those that they or we give a meaning."""
    found = name(key)
    return f"tag.{found}" if found.startswith(("mlflow.", "dawnbench.")) else found


def created(record: RunRecord) -> float:
    """Return when the run folder was created, in seconds since 1970.

    Raises:
        DawnbenchError: the record holds no time.
    """
    try:
        return datetime.fromisoformat(record.created).timestamp()
    except (ValueError, OverflowError) as error:
        raise DawnbenchError(
            f"the run's `created` is {plain(record.created)!r} and no time; was run.json changed by hand?"
        ) from error


def trial_facts(number: int, seed: int, began: float, of: int) -> TrialFacts:
    """Return the facts about a trial when it begins, one of `of` trials."""
    return TrialFacts(number, f"trial-{number:0{len(str(of))}d}", seed, began)


def epoch_point(record: EpochRecord, at: float) -> Point:
    """Return the figures of an epoch, recorded `at` seconds since 1970."""
    figures = {
        "train/loss": record.train_loss,
        "train/accuracy": record.train_correct / record.train_images,
        "train/seconds": record.train_seconds,
        "validation/loss": record.validation_loss,
        "validation/accuracy": record.validation_accuracy,
        "validation/seconds": record.evaluate_seconds,
        "learning_rate": record.learning_rate,
        "energy_joules": record.energy_joules,
    }
    return Point(record.epoch, at, finite(figures))


def trial_outcome(record: TrialRecord, at: float) -> TrialOutcome:
    """Return what a trial came to, which ended at a time in seconds since 1970."""
    figures: dict[str, float | None] = {
        **{f"result/seconds_{rule}": seconds for rule, seconds in record.seconds.items()},
        "result/accuracy": record.accuracy,
        "result/best_accuracy": record.best_accuracy,
        "result/epochs_to_target": record.epochs_to_target,
        "result/wall_seconds": record.wall_seconds,
        "result/device_seconds": record.device_seconds,
        "result/peak_memory_bytes": record.peak_memory_bytes,
    }
    if record.inference is not None:
        figures |= _answers(record.inference)
    tags = {"reason": record.reason or "", "warnings": " ".join(record.warnings)}
    if (telemetry := record.telemetry) is not None:
        figures["result/energy_joules"] = telemetry.energy_joules
        figures["result/energy_to_target_joules"] = telemetry.energy_to_target_joules
        for metric, reading in telemetry.readings.items():
            figures[f"telemetry_mean/{with_unit(metric, reading.unit)}"] = reading.mean
            figures[f"telemetry_peak/{with_unit(metric, reading.unit)}"] = reading.peak
        tags["throttle_reasons"] = ", ".join(telemetry.throttle_reasons)
    return TrialOutcome(
        record.status,
        Point(record.trial, at, finite(figures)),
        {key: text(value) for key, value in tags.items() if value},
    )


def _answers(found: InferenceResult) -> dict[str, float | None]:
    return {
        "result/latency_seconds": found.latency_seconds,
        "result/latency_median_seconds": found.median_seconds,
        "result/latency_p90_seconds": found.p90_seconds,
        "result/latency_p99_seconds": found.p99_seconds,
        "result/latency_max_seconds": found.max_seconds,
        "result/energy_per_image_joules": found.energy_per_image_joules,
        **{
            f"result/images_per_second_batch_{at.batch_size}": at.images_per_second
            for at in found.throughputs
        },
    }


def with_unit(metric: str, unit: str) -> str:
    """Return `gpu_power` in `W` as gpu_power_W."""
    return f"{metric}_{'percent' if unit == '%' else unit}"


def finite(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Return the figures that are known and finite, under names that every tracker accepts."""
    return {
        name(key): float(value)
        for key, value in figures.items()
        if value is not None and math.isfinite(value)
    }


def name(key: str) -> str:
    """Return a key that contains only letters, digits, underscores, dots, hyphens and slashes."""
    return re.sub(r"[^A-Za-z0-9_.\-/]+", "_", key).strip("/.")[:LONGEST_NAME] or "unnamed"


def text(value: str) -> str:
    """Return a text on one line that every tracker accepts uncut."""
    shown = plain(value)
    return shown if len(shown) <= LONGEST_TEXT else shown[: LONGEST_TEXT - 1] + "…"


def leaf(value: object) -> Leaf:
    """Return a leaf of a recipe as a tracker parameter; lists and null become JSON text."""
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


MAX_POINTS = 240
"""The limit for one trial; 20 samples per second would store more than a screen has pixels for."""


def telemetry_points(samples: Samples, trial: TrialRecord, began: float) -> list[Point]:
    """Return the means over equal stretches of the trial, each at the mean time of its samples.

    A stretch without samples gives no point; `began` is in seconds since 1970.
    """
    own = samples.of_trial(trial)
    if own is None:
        return []
    units = {
        name: reading.unit for name, reading in (trial.telemetry.readings if trial.telemetry else {}).items()
    }
    ends = np.linspace(0, (trial.wall_seconds or 0) * 1e9, min(MAX_POINTS, len(own)) + 1)[1:-1]
    points = []
    for stretch in np.split(np.arange(len(own)), np.searchsorted(own.t_ns, ends)):
        if len(stretch) == 0:
            continue
        since = float(own.t_ns[stretch].mean()) / 1e9
        figures = {
            f"telemetry/{with_unit(metric, units[metric])}": _mean(column[stretch])
            for metric, column in own.values.items()
            if metric in units
        }
        points.append(Point(round(since * 1000), began + since, finite(figures)))
    return points


def _mean(values: np.ndarray) -> float | None:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else None
