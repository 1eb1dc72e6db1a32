"""The record of a run that a benchmark makes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from benchmarks.engine import Made
from dawnbench import __version__
from dawnbench.engine.prepare import describe_model
from dawnbench.records.schema import SCHEMA_VERSION, DataRecord, RunRecord
from dawnbench.telemetry import environment


def describe(made: Made, created: datetime, unavailable: Mapping[str, str]) -> RunRecord:
    """Return run.json's content, as long as that of a real run."""
    prepared, dataset = made.prepared, made.dataset
    recipe, device = prepared.recipe, prepared.device
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        recipe_name=recipe.name,
        created=created.isoformat(timespec="seconds"),
        status="running",
        command=("benchmark",),
        recipe=recipe.to_dict(),
        recipe_digest=recipe.digest(),
        trials=1,
        seed=0,
        target=recipe.target,
        device=str(device.torch),
        device_name=device.product_name,
        precision=prepared.precision.name,
        data=DataRecord(
            source=dataset.source,
            fingerprint=dataset.fingerprint,
            train_images=len(dataset.train_labels),
            validation_images=len(dataset.test_labels),
            image_shape=dataset.image_shape,
            classes=len(dataset.classes),
        ),
        model=describe_model(recipe, dataset.image_shape[2], len(dataset.classes), len(dataset.train_labels)),
        environment=environment(device.uuid),
        telemetry_unavailable=dict(unavailable),
    )
