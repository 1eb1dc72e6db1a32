"""The rows and columns of the frames that `load_runs` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dawnbench.records.identity import runtime_name
from dawnbench.records.rules import RULES
from dawnbench.safe_text import encodable
from dawnbench.stats.cost import MILLION, cost_of_energy, cost_of_time, emission_of_energy

if TYPE_CHECKING:
    import pandas

    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run
    from dawnbench.records.schema import EpochRecord, TrialRecord

Row = dict[str, Any]

TRIAL_COLUMNS = {
    "run": "str",
    "recipe": "str",
    "device": "str",
    "created": "datetime64[us, UTC]",
    "trial": "int64",
    "seed": "int64",
    "status": "str",
    "target": "float64",
    **{f"seconds_{rule.name}": "float64" for rule in RULES},
    "epochs_to_target": "Int64",
    "accuracy": "float64",
    "best_accuracy": "float64",
    "energy_joules": "float64",
    "energy_to_target_joules": "float64",
    "wall_seconds": "float64",
    "precision": "str",
    "fingerprint": "str",
    "cost_per_hour": "float64",
    "price_per_kwh": "float64",
    "grams_per_kwh": "float64",
    **{f"dollars_{rule.name}": "float64" for rule in RULES},
    "electricity_to_target_dollars": "float64",
    "co2_to_target_grams": "float64",
}
TOGETHER_COLUMNS = {"devices": "int64", "nodes": "int64"}
"""If several devices trained a trial of a run together."""
INFERENCE_COLUMNS = {
    "runtime": "str",
    "images": "Int64",
    "latency_seconds": "float64",
    "median_seconds": "float64",
    "p90_seconds": "float64",
    "p99_seconds": "float64",
    "max_seconds": "float64",
    "energy_per_image_joules": "float64",
    "dollars_per_million_images": "float64",
}
"""Of passes of inference runs, before one `images_per_second_batch_N` for each batch size."""
BATCH_COLUMN = "images_per_second_batch_"
EPOCH_COLUMNS = {
    "run": "str",
    "trial": "int64",
    "epoch": "int64",
    "learning_rate": "float64",
    "train_seconds": "float64",
    "evaluate_seconds": "float64",
    "train_loss": "float64",
    "train_accuracy": "float64",
    "validation_loss": "float64",
    "validation_accuracy": "float64",
    "energy_joules": "float64",
}


def trial_row(name: str, run: Run, trial: TrialRecord, prices: Prices) -> Row:
    """Return a trial's cells by column, with a time and a cost for each rule that the trial reports."""
    record, telemetry = run.record, trial.telemetry
    to_target = None if telemetry is None else telemetry.energy_to_target_joules
    return {
        "run": name,
        "recipe": record.recipe_name,
        "device": record.identity.hardware,
        "created": record.created,
        "trial": trial.trial,
        "seed": trial.seed,
        "status": trial.status,
        "target": trial.target,
        **{f"seconds_{rule}": seconds for rule, seconds in trial.seconds.items()},
        "epochs_to_target": trial.epochs_to_target,
        "accuracy": trial.accuracy,
        "best_accuracy": trial.best_accuracy,
        "energy_joules": telemetry and telemetry.energy_joules,
        "energy_to_target_joules": to_target,
        "wall_seconds": trial.wall_seconds,
        "precision": record.precision,
        "fingerprint": record.data.fingerprint,
        **asdict(prices),
        **{f"dollars_{rule}": cost_of_time(seconds, prices) for rule, seconds in trial.seconds.items()},
        "electricity_to_target_dollars": cost_of_energy(to_target, prices),
        "co2_to_target_grams": emission_of_energy(to_target, prices),
        "devices": record.devices,
        "nodes": record.nodes,
    }


def inference_row(run: Run, trial: TrialRecord, prices: Prices) -> Row:
    """Return a pass's cells by column, with one for each batch size; empty for a trial of a training."""
    settings, found = run.record.inference, trial.inference
    if settings is None:
        return {}
    runtime = runtime_name(settings.runtime, settings.compile)
    if found is None:
        return {"runtime": runtime}
    return {
        "runtime": runtime,
        "images": found.images,
        "latency_seconds": found.latency_seconds,
        "median_seconds": found.median_seconds,
        "p90_seconds": found.p90_seconds,
        "p99_seconds": found.p99_seconds,
        "max_seconds": found.max_seconds,
        "energy_per_image_joules": found.energy_per_image_joules,
        "dollars_per_million_images": cost_of_time(MILLION * found.latency_seconds, prices),
        **{f"{BATCH_COLUMN}{at.batch_size}": at.images_per_second for at in found.throughputs},
    }


def epoch_row(name: str, epoch: EpochRecord) -> Row:
    """Return an epoch's cells by column."""
    return {
        "run": name,
        "trial": epoch.trial,
        "epoch": epoch.epoch,
        "learning_rate": epoch.learning_rate,
        "train_seconds": epoch.train_seconds,
        "evaluate_seconds": epoch.evaluate_seconds,
        "train_loss": epoch.train_loss,
        "train_accuracy": epoch.train_correct / epoch.train_images,
        "validation_loss": epoch.validation_loss,
        "validation_accuracy": epoch.validation_accuracy,
        "energy_joules": epoch.energy_joules,
    }


def frame(rows: Sequence[Row], columns: Mapping[str, str]) -> pandas.DataFrame:
    """Return a frame of these rows; each column has its dtype even if there are no rows."""
    import pandas

    return pandas.DataFrame(
        {encodable(name): _column([row.get(name) for row in rows], dtype) for name, dtype in columns.items()}
    )


def _column(values: Sequence[Any], dtype: str) -> Any:
    import pandas

    if dtype.startswith("datetime"):
        # A run.json edited by hand may hold anything.
        return pandas.to_datetime(values, utc=True, format="ISO8601", errors="coerce").astype(dtype)
    if dtype == "str":
        values = ["" if value is None else encodable(value) for value in values]
    try:
        return pandas.Series(values, dtype=dtype)
    except OverflowError:  # a seed may have 64 bits
        return pandas.Series(values, dtype="object")
