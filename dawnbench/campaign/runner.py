"""A run: some trials of one recipe on one device, into one run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import torch

from dawnbench.campaign.observer import Observer, SilentObserver
from dawnbench.campaign.trial import TrialRecorder
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.build import describe_model, make_model, make_plan
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import SCHEMA_VERSION, DataRecord, ModelRecord, RunRecord, RunStatus, Segment
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler, environment, open_sources
from dawnbench.train.device import Device, open_device
from dawnbench.train.ledger import Ledger
from dawnbench.train.memory import check_memory, out_of_memory_explained
from dawnbench.train.plan import Plan, Split
from dawnbench.train.trainer import Trainer
from dawnbench.version import __version__


def run(
    recipe: Recipe,
    *,
    device: str = "auto",
    seed: int = 0,
    out: Path | str = "runs",
    observer: Observer | None = None,
    command: Sequence[str] = (),
    process_started: float | None = None,
) -> Path:
    """Train the recipe's trials one after the other and return the run folder.

    `seed` is that of the first trial, each later one adds 1. `process_started` (seconds since 1970) lets the
    `cold` rule count from there; without it that rule gives no time.

    Raises:
        DawnbenchError: the data, the device or the disk is not as it should be; what was recorded is kept.
        KeyboardInterrupt: passed on once the trial's record is written.
    """
    observer = observer or SilentObserver()
    opened = open_device(device)
    opened.tune()
    setup = Ledger(opened)
    startup = _startup(process_started)
    with setup.segment("load"):
        dataset = load_dataset(
            recipe.dataset.name, progress=observer.loading, image_size=recipe.dataset.image_size
        )
    with out_of_memory_explained(recipe.batch_size):
        with setup.segment("record"):
            channels, classes = dataset.image_shape[2], len(dataset.classes)
            described = describe_model(recipe, channels, classes, len(dataset.train_labels))
        with setup.segment("build"):
            model = make_model(recipe, dataset, opened)
            plan = make_plan(recipe, dataset, opened, model)
        with setup.segment("record"):
            size = recipe.dataset.image_size
            images = len(dataset.train_labels) + len(dataset.test_labels)
            check_memory(plan, (channels, size, size), images * channels * size * size, opened)
            created = datetime.now(UTC)
            writer = RunWriter(Path(out), recipe.name, created)
            sampler = Sampler(open_sources(opened.uuid), writer.append_samples)
            record = _describe(recipe, dataset, opened, plan, described, sampler, created, seed, command)
    status: RunStatus = "failed"
    try:
        writer.write_run(record)
        observer.run_started(record, writer.folder, plan.steps)
        train = Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))
        validation = Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels))
        trainer = Trainer(plan, opened, train, validation)
        with sampler, out_of_memory_explained(recipe.batch_size):
            with setup.segment("compile"):
                trainer.warm_up()
            for trial in range(1, recipe.trials + 1):
                recorder = TrialRecorder(
                    trial, seed + trial - 1, plan.target, opened, sampler, writer, observer
                )
                recorder.run(trainer, setup, startup)
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        # Where the disk is full this fails as well, and the first failure is the one to tell.
        with suppress(DawnbenchError):
            writer.close(status)
    return writer.folder


def _startup(process_started: float | None) -> tuple[Segment, ...]:
    if process_started is None:
        return ()
    length_ns = round((time.time() - process_started) * 1e9)
    return (Segment("startup", None, -length_ns, length_ns),)


def _describe(
    recipe: Recipe,
    dataset: Dataset,
    device: Device,
    plan: Plan,
    model: ModelRecord,
    sampler: Sampler,
    created: datetime,
    seed: int,
    command: Sequence[str],
) -> RunRecord:
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        recipe_name=recipe.name,
        created=created.isoformat(timespec="seconds"),
        status="running",
        command=tuple(command),
        recipe=recipe.to_dict(),
        recipe_digest=recipe.digest(),
        trials=recipe.trials,
        seed=seed,
        target=recipe.target,
        device=str(device.torch),
        device_name=device.product_name,
        precision=plan.precision,
        data=DataRecord(
            source=dataset.source,
            fingerprint=dataset.fingerprint,
            train_images=len(dataset.train_labels),
            validation_images=len(dataset.test_labels),
            image_shape=dataset.image_shape,
            classes=len(dataset.classes),
        ),
        model=model,
        environment=environment(device.uuid),
        telemetry_unavailable=sampler.unavailable,
    )
