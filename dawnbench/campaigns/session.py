"""Prepares one recipe on a device and records its trials in a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dawnbench.campaigns.learning_rates import learning_rates
from dawnbench.campaigns.observer import Observer
from dawnbench.campaigns.startup import Startup
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.memory import check_memory, explain_out_of_memory
from dawnbench.engine.model_file import FILE_NAME, SaveModel
from dawnbench.engine.prepare import describe_model, prepare
from dawnbench.engine.probe import DataShape
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.process import this_process
from dawnbench.records.reader import Run
from dawnbench.records.schema import (
    SCHEMA_VERSION,
    DataRecord,
    PairingRecord,
    RunRecord,
    RunStatus,
    StoppingRecord,
    TrialRecord,
)
from dawnbench.records.store import RunWriter
from dawnbench.records.tags import checked_tags
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.telemetry import Sampler, environment
from dawnbench.telemetry.sampler import Sample
from dawnbench.version import __version__


class Session:
    """The trials of one recipe: prepare, begin with a sampler, run them one by one, close.

    Every method raises DawnbenchError if the data, the device or the disk cannot be used. The run folder is
    created by `begin`, so a recipe that cannot be prepared leaves nothing behind.
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
        startup: Startup,
        pairing: PairingRecord | None = None,
        save_model: bool = False,
        stopping: StoppingRecord | None = None,
        tags: Mapping[str, str] | None = None,
        prices: Prices = NO_PRICES,
    ) -> None:
        """Load the data and build the model; `save_model` keeps the model of the last finished trial.

        `stopping` is the rule by which the trials end, if their number depends on their results. `prices` are
        recorded with the run.
        """
        self._recipe, self._device, self._seed, self._out = recipe, device, seed, out
        self._writer: RunWriter | None = None
        self._observer, self._command, self._startup, self._pairing = observer, command, startup, pairing
        self._save_model, self._stopping = save_model, stopping
        self._tags, self._prices = checked_tags(tags or {}), prices
        self._trials: list[TrialRecord] = []
        self.setup = Ledger(device)
        observer.preparing(f"reading {recipe.dataset.name}")
        with self.setup.segment("load"):
            dataset = load_dataset(
                recipe.dataset.name, progress=observer.loading, image_size=recipe.dataset.image_size
            )
            dataset = _in_host_memory(dataset, device)
        height, width, channels = dataset.image_shape
        classes = len(dataset.classes)
        counts = len(dataset.train_labels), len(dataset.test_labels)
        shape = DataShape(*counts, height, width, channels, classes)
        observer.preparing(f"building {recipe.name}")
        with explain_out_of_memory(recipe.batch_size):
            with self.setup.segment("record"):
                self._described = describe_model(recipe, channels, classes, shape.train_images)
                self._predicted_bytes = check_memory(recipe, shape, device)
            if pairing is not None:
                # Otherwise side A alone would pay for what only the first model of a process costs.
                prepare(recipe, dataset, device)
            with self.setup.segment("build"):
                self._prepared = prepare(recipe, dataset, device)
        self._recipe = recipe = self._prepared.recipe
        with self.setup.segment("record"):
            self._learning_rates = learning_rates(
                self._prepared.make_schedule(), recipe.epochs, self._prepared.steps_per_epoch
            )
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
        """The writer of the run folder, which does not exist before `begin`."""
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
            self._record = record = self._describe(sampler.unavailable)
            self._writer.write_run(record)
        self._observer.run_started(record, self.folder, self._prepared.steps)
        for note in record.notes:
            self._observer.noted(note)

    def append_samples(self, samples: list[Sample]) -> None:
        """Record telemetry."""
        self.writer.append_samples(samples)

    def warm_up(self) -> None:
        """Compile, tune, capture and allocate."""
        if self._prepared.programs.compiles:
            self._observer.preparing("compiling, which may take a minute", slow=True)
        with explain_out_of_memory(self._recipe.batch_size), self.setup.segment("compile"):
            warm_up(self._prepared)
        self.writer.add_notes(self._prepared.notes)
        for note in self._prepared.notes:
            self._observer.noted(note)

    def trial(self, number: int) -> None:
        """Run and record trial `number`, counted from 1; its seed is the run's seed plus `number` - 1."""
        seed = self._seed + number - 1
        save = SaveModel(self.folder / FILE_NAME, self._prepared, number, seed)
        hooks = (save,) if self._save_model else ()
        with explain_out_of_memory(self._recipe.batch_size):
            recorder = TrialRecorder(
                number,
                seed,
                self._recipe.target,
                self._device,
                self._sampler,
                self.writer,
                self._observer,
            )
            recorder.run(self._prepared, self.setup, self._startup.segments, hooks)
        if recorder.record is not None:
            self._trials.append(recorder.record)

    def trial_set(self) -> TrialSet:
        """Return the trials so far, as a reader of the run folder would."""
        return trial_set_of(Run(self.folder, self._record, tuple(self._trials), (), ()))

    def note_stopping(self, stopping: StoppingRecord, done: int) -> None:
        """Record what the stopping rule saw after `done` trials, and tell the observer."""
        trials = self._record.trials if stopping.ended is None else done
        self._record = replace(self._record, stopping=stopping, trials=trials)
        self.writer.note_stopping(stopping, trials)
        self._observer.looked(stopping)

    def close(self, status: RunStatus) -> None:
        """Record how the run ended and close its files; does nothing before `begin`.

        An interrupt in the meantime is re-raised when that is done.
        """
        if self._writer is None:
            return
        # If the disk is full this fails too, and the first failure is the one to report.
        with suppress(DawnbenchError):
            try:
                self._writer.close(status)
            except KeyboardInterrupt:
                self._writer.close(status)
                raise

    def _describe(self, unavailable: dict[str, str]) -> RunRecord:
        recipe, prepared = self._recipe, self._prepared
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
            precision=prepared.precision.name,
            data=self._data,
            model=self._described,
            environment=environment(self._device.uuid, self._device.threads),
            telemetry_unavailable=unavailable,
            pairing=self._pairing,
            predicted_memory_bytes=self._predicted_bytes,
            learning_rates=self._learning_rates,
            notes=self._startup.notes,
            process=this_process(),
            stopping=self._stopping,
            tags=self._tags,
            prices=self._prices,
        )


def _in_host_memory(dataset: Dataset, device: Device) -> Dataset:
    """Return the data set with its images in the host memory that the device reads fastest."""
    return replace(
        dataset,
        train_images=device.to_host_memory(dataset.train_images),
        test_images=device.to_host_memory(dataset.test_images),
    )
