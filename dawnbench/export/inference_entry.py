"""An entry for DAWNBench's CIFAR-10 inference task, as its official repository accepts it.

Source of the fields, the units, the file name and the threshold: the README and the submission tests of
stanford-futuredata/dawn-bench-entries. Unlike a training entry it is one JSON file.
"""

from __future__ import annotations

import json
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.export.dawnbench_entry import (
    TARGET,
    VERSION,
    Entry,
    Submitter,
    chosen_trial,
    entry_name,
    framework_of,
    how_obtained,
)
from dawnbench.export.run_facts import check_cifar10, created_at
from dawnbench.records.bounds import finite
from dawnbench.records.inference import InferenceResult, InferenceSettings
from dawnbench.records.reader import Run
from dawnbench.records.rules import INFERENCE
from dawnbench.records.schema import TrialRecord
from dawnbench.stats.cost import SECONDS_AN_HOUR


def inference_entry(run: Run, submitter: Submitter, trial: int | None = None) -> Entry:
    """Return the entry of one pass of an inference run, by default the median pass.

    Raises:
        DawnbenchError: the run is a training, it is not on CIFAR-10, there is no such pass, or the model is
            less accurate than 94 %.
    """
    settings = run.record.inference
    if settings is None:
        raise DawnbenchError(f"{run.folder} is a training run; time its model by `dawnbench infer`")
    check_cifar10(run, "DAWNBench takes")
    chosen = chosen_trial(run, trial, INFERENCE.name)
    result = _result(run, chosen)
    framework = submitter.framework or _framework(run, settings)
    hardware = submitter.hardware or run.record.identity.hardware
    # DAWNBench's cost of an image is its latency times the price of the machine.
    price = submitter.cost_per_hour
    fields = {
        "version": VERSION,
        "author": submitter.author,
        "authorEmail": submitter.email,
        "framework": framework,
        "codeURL": submitter.code_url,
        "model": run.record.recipe_name,
        "hardware": hardware,
        "latency": 1000 * result.latency_seconds,
        "cost": None if price is None else price * result.latency_seconds / SECONDS_AN_HOUR,
        "top1Accuracy": 100 * result.correct / result.images,
        "timestamp": created_at(run).date().isoformat(),
        "misc": _misc(run, chosen, settings, result),
    }
    given = {key: value for key, value in fields.items() if value is not None}
    return Entry(
        name=entry_name(submitter.author, run.record.recipe_name, hardware, framework),
        json=json.dumps(finite(given), indent=4, allow_nan=False) + "\n",
        tsv=None,
    )


def _result(run: Run, trial: TrialRecord) -> InferenceResult:
    result = trial.inference
    if result is None:
        raise DawnbenchError(f"pass {trial.trial} of {run.folder} ended early and has no latency")
    if result.correct < TARGET * result.images:
        raise DawnbenchError(
            f"the model of {run.folder} is right on {100 * result.correct / result.images:.2f} % of the test "
            f"images and DAWNBench asks for {100 * TARGET:g} %; time a more accurate one"
        )
    return result


def _framework(run: Run, settings: InferenceSettings) -> str:
    """Return what ran the model, such as `PyTorch 2.15.0` or `onnxruntime 1.27.0`."""
    if settings.runtime == "torch":
        return framework_of(run)
    packages = run.record.environment.get("packages") or {}
    return f"onnxruntime {packages.get('onnxruntime') or ''}".rstrip()


def _misc(
    run: Run, trial: TrialRecord, settings: InferenceSettings, result: InferenceResult
) -> dict[str, Any]:
    """Return how the figure was obtained, without names of the person's machine or folders."""
    return how_obtained(run, trial) | {
        "batchSize": 1,
        "runtime": settings.runtime,
        "compiled": settings.compile,
        "modelDigest": settings.model_digest,
        "images": result.images,
        "medianMilliseconds": 1000 * result.median_seconds,
        "p90Milliseconds": 1000 * result.p90_seconds,
        "p99Milliseconds": 1000 * result.p99_seconds,
    }
