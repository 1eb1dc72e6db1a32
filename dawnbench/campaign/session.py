"""One recipe made ready on a device, its trials recorded into a run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import torch

from dawnbench.campaign.corners import corners
from dawnbench.campaign.observer import Observer
from dawnbench.campaign.trial import TrialRecorder
from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.build import describe_model, make_model, make_plan
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import (
    SCHEMA_VERSION,
    DataRecord,
    PairingRecord,
    RunRecord,
    RunStatus,
    Segment,
)
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler, environment
from dawnbench.telemetry.sampler import Sample
from dawnbench.train.device import Device
from dawnbench.train.ledger import Ledger
from dawnbench.train.memory import check_memory, out_of_memory_explained
from dawnbench.train.plan import Plan, Split
from dawnbench.train.trainer import Trainer
from dawnbench.version import __version__


class Session:
    """The trials of one recipe: prepared, begun with a sampler, run one by one, closed.

    Every step raises DawnbenchError where the data, the device or the disk is not as it should be. There is a
    run folder from `begin` on, so that nothing is left of a recipe that cannot be prepared.
    """

    def __init__(
        self,
        recipe: Recipe,
        device: Device,
        *,
        seed: int,
        out: Path,
        observer: Observer,
        command: Sequence[str],
        startup: tuple[Segment, ...],
        pairing: PairingRecord | None = None,
    ) -> None:
        """Load the data and build the model."""
        self._recipe, self._device, self._seed, self._out = recipe, device, seed, out
        self._writer: RunWriter | None = None
        self._observer, self._command, self._startup, self._pairing = observer, command, startup, pairing
        self.setup = Ledger(device)
        with self.setup.segment("load"):
            dataset = load_dataset(
                recipe.dataset.name, progress=observer.loading, image_size=recipe.dataset.image_size
            )
        train = Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))
        validation = Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels))
        with out_of_memory_explained(recipe.batch_size):
            with self.setup.segment("record"):
                channels, classes = dataset.image_shape[2], len(dataset.classes)
                self._described = describe_model(recipe, channels, classes, len(dataset.train_labels))
            if pairing is not None:
                # What only the first model of a process costs would be on side A's clock alone.
                make_plan(recipe, dataset, device, make_model(recipe, dataset, device))
            with self.setup.segment("build"):
                self._plan = make_plan(recipe, dataset, device, make_model(recipe, dataset, device))
                self._trainer = Trainer(self._plan, device, train, validation)
            with self.setup.segment("record"):
                self._predicted_bytes = check_memory(self._plan, train, validation, device)
        self._data = DataRecord(
            source=dataset.source,
            fingerprint=dataset.fingerprint,
            train_images=len(dataset.train_labels),
            validation_images=len(dataset.test_labels),
            image_shape=dataset.image_shape,
            classes=classes,
        )

    @property
    def writer(self) -> RunWriter:
        """The run folder's; there is none before `begin`."""
        assert self._writer is not None
        return self._writer

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.writer.folder

    def begin(self, sampler: Sampler) -> None:
        """Open the run folder with its run.json and tell the observer."""
        self._sampler = sampler
        with self.setup.segment("record"):
            self._created = datetime.now(UTC)
            self._writer = RunWriter(self._out, self._recipe.name, self._created)
            record = self._describe(sampler.unavailable)
            self._writer.write_run(record)
        self._observer.run_started(record, self.folder, self._plan.steps)

    def append_samples(self, samples: list[Sample]) -> None:
        """Record telemetry."""
        self.writer.append_samples(samples)

    def warm_up(self) -> None:
        """Compile, tune and allocate."""
        with out_of_memory_explained(self._recipe.batch_size), self.setup.segment("compile"):
            self._trainer.warm_up()

    def trial(self, number: int) -> None:
        """Run and record trial `number`, counted from 1; it goes from the run's seed plus `number` - 1."""
        with out_of_memory_explained(self._recipe.batch_size):
            TrialRecorder(
                number,
                self._seed + number - 1,
                self._plan.target,
                self._device,
                self._sampler,
                self.writer,
                self._observer,
            ).run(self._trainer, self.setup, self._startup)

    def close(self, status: RunStatus) -> None:
        """Note how the run ended, and close its files; before `begin` there is nothing to close."""
        # Where the disk is full this fails as well, and the first failure is the one to tell.
        with suppress(DawnbenchError):
            if self._writer is not None:
                self._writer.close(status)

    def _describe(self, unavailable: dict[str, str]) -> RunRecord:
        recipe, plan = self._recipe, self._plan
        return RunRecord(
            schema_version=SCHEMA_VERSION,
            dawnbench_version=__version__,
            recipe_name=recipe.name,
            created=self._created.isoformat(timespec="seconds"),
            status="running",
            command=tuple(self._command),
            recipe=recipe.to_dict(),
            recipe_digest=recipe.digest(),
            trials=recipe.trials,
            seed=self._seed,
            target=recipe.target,
            device=str(self._device.torch),
            device_name=self._device.product_name,
            precision=plan.precision,
            data=self._data,
            model=self._described,
            environment=environment(self._device.uuid, self._device.threads),
            telemetry_unavailable=unavailable,
            pairing=self._pairing,
            predicted_memory_bytes=self._predicted_bytes,
            learning_rates=_learning_rates(recipe, plan),
        )


def _learning_rates(recipe: Recipe, plan: Plan) -> tuple[tuple[int, float], ...]:
    schedule = plan.make_schedule()
    if not schedule.is_precomputable:
        return ()
    return corners([schedule(step / plan.steps_per_epoch) for step in range(plan.steps)])


def startup(process_started: float | None) -> tuple[Segment, ...]:
    """Return the segment from the process's start (seconds since 1970) to now; none of no start."""
    if process_started is None:
        return ()
    length_ns = round((time.time() - process_started) * 1e9)
    return (Segment("startup", None, -length_ns, length_ns),)
