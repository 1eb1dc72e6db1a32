"""The run folder of trials that are run one by one: its start, its telemetry and its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from dawnbench.campaigns.observer import Observer
from dawnbench.campaigns.recorder import Continued
from dawnbench.campaigns.silent_writer import SilentWriter
from dawnbench.campaigns.startup import Startup
from dawnbench.data.dataset import Dataset
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import SINGLE, Ranks
from dawnbench.engine.ledger import Ledger
from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.process import this_process
from dawnbench.records.reader import Run, read_record
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


@dataclass(frozen=True)
class Resumed:
    """A run that another process began."""

    folder: Path
    record: RunRecord
    """With this resumption in it."""
    done: frozenset[int]
    """The numbers of the trials that are complete."""
    unfinished: Mapping[int, Continued]
    """By number, the trials whose times will not count."""


class RecordingOptions(TypedDict, total=False):
    """How trials are recorded, whatever they do."""

    out: Required[Path]
    """The folder for run folders."""
    observer: Required[Observer]
    command: Required[Sequence[str]]
    startup: Required[Startup]
    pairing: PairingRecord | None
    stopping: StoppingRecord | None
    """The rule by which the trials end, if their number depends on their results."""
    tags: Mapping[str, str] | None
    prices: Prices
    """Recorded with the run."""
    ranks: Ranks
    """The processes that train each trial together; rank 0 records."""
    resumed: Resumed | None
    """The run to go on with, instead of one of its own."""
    notes: Sequence[str]
    """Sentences about the run to record with it."""


class Recording(ABC):
    """Trials and their run folder: begin with a sampler, warm up, run trials one by one, close.

    A subclass prepares what its trials run on when it is created. Every method raises DawnbenchError if the
    data, the device or the disk cannot be used. The run folder is created by `begin`, so what cannot be
    prepared leaves nothing behind.
    """

    def __init__(self, device: Device, **options: Unpack[RecordingOptions]) -> None:
        """Check the options before anything is prepared."""
        self._device, self._options = device, options
        self._observer = options["observer"]
        self._startup = options["startup"]
        self._pairing = options.get("pairing")
        self._ranks = options.get("ranks", SINGLE)
        self._tags = checked_tags(options.get("tags") or {})
        self._resumed = options.get("resumed")
        self._writer: RunWriter | None = None
        self._trials: list[TrialRecord] = []
        self.setup = Ledger(device)

    @abstractmethod
    def warm_up(self) -> None:
        """Compile, tune, capture and allocate."""

    @abstractmethod
    def trial(self, number: int) -> None:
        """Run and record trial `number`, counted from 1."""

    @abstractmethod
    def _described(self) -> dict[str, Any]:
        """Return the fields of run.json that say what is run, on which data and in which precision."""

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
            self._writer, self._record = self._open(sampler.unavailable)
        record = self._record
        self._observer.run_started(record, self.folder, self._steps)
        for note in record.notes:
            self._observer.noted(note)

    def _open(self, unavailable: dict[str, str]) -> tuple[RunWriter, RunRecord]:
        """Return the writer of the run folder, with its run.json written, and what that says."""
        created = datetime.now(UTC)
        record = self._describe(created, unavailable) if self._resumed is None else self._resumed.record
        if self._ranks.rank:
            return SilentWriter(self._ranks.from_first(None)), record
        if self._resumed is not None:
            writer = RunWriter.reopen(self._resumed.folder)
            if read_record(writer.folder)[0].resumptions != record.resumptions[:-1]:
                raise DawnbenchError(
                    f"another process has resumed {writer.folder} meanwhile; look at it again"
                )
        else:
            writer = RunWriter(self._options["out"], record.recipe_name, created)
        writer.write_run(record)
        self._ranks.from_first(writer.folder)
        return writer, record

    @property
    @abstractmethod
    def _steps(self) -> int:
        """How many steps a trial reports to the observer."""

    def append_samples(self, samples: list[Sample]) -> None:
        """Record telemetry."""
        self.writer.append_samples(samples)

    def trial_set(self) -> TrialSet:
        """Return the trials so far, as a reader of the run folder would."""
        return trial_set_of(Run(self.folder, self._record, tuple(self._trials), (), ()))

    def note(self, sentences: Sequence[str]) -> None:
        """Record what was requested and could not be done, and tell the observer."""
        self.writer.add_notes(sentences)
        for sentence in sentences:
            self._observer.noted(sentence)

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

    def _describe(self, created: datetime, unavailable: dict[str, str]) -> RunRecord:
        described = self._described()
        inference = described.get("inference")
        packages = ("onnxruntime",) if inference is not None and inference.runtime == "onnx" else ()
        return RunRecord(
            schema_version=SCHEMA_VERSION,
            dawnbench_version=__version__,
            created=created.isoformat(timespec="seconds"),
            status="running",
            command=tuple(self._options["command"]),
            device=str(self._device.torch),
            device_name=self._device.product_name,
            environment=environment(self._device.uuid, self._device.threads, packages),
            telemetry_unavailable=unavailable,
            pairing=self._pairing,
            notes=(*self._startup.notes, *self._options.get("notes", ())),
            process=this_process(),
            stopping=self._options.get("stopping"),
            tags=self._tags,
            prices=self._options.get("prices", NO_PRICES),
            devices=self._ranks.size,
            nodes=self._ranks.place.nodes,
            **described,
        )


def data_record(dataset: Dataset) -> DataRecord:
    """Return what run.json says about a data set."""
    return DataRecord(
        source=dataset.source,
        fingerprint=dataset.fingerprint,
        train_images=len(dataset.train_labels),
        validation_images=len(dataset.test_labels),
        image_shape=dataset.image_shape,
        classes=len(dataset.classes),
    )
