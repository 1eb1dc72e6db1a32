"""Prepares one recipe on a device and records its trials in a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, Unpack

from dawnbench.campaigns.learning_rates import learning_rates
from dawnbench.campaigns.recording import Recording, RecordingOptions, data_record
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.checkpoint import CHECKPOINT_NAME, Checkpoint, CheckpointFacts
from dawnbench.engine.describe import describe_model
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import leader_first
from dawnbench.engine.memory import check_memory, explain_out_of_memory
from dawnbench.engine.model_file import FILE_NAME, SaveModel
from dawnbench.engine.prepare import prepare
from dawnbench.engine.probe import DataShape
from dawnbench.engine.warm_up import kinds_of_steps, warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.grace import Grace
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import RunRecord


class Session(Recording):
    """The trials of one recipe."""

    def __init__(
        self,
        recipe: Recipe,
        device: Device,
        *,
        seed: int,
        save_model: bool = False,
        checkpoint_every: int | None = None,
        **options: Unpack[RecordingOptions],
    ) -> None:
        """Load the data and build the model; `save_model` keeps the model of the last finished trial.

        `checkpoint_every` is the number of epochs from one checkpoint of a trial's state to the next.
        """
        super().__init__(device, **options)
        self._checkpoint_every = checkpoint_every
        self._recipe, self._seed, self._save_model = recipe, seed, save_model
        self._warm: set[tuple[object, ...]] = set()
        """The kinds of steps that have been warmed up."""
        observer = self._observer
        observer.preparing(f"reading {recipe.dataset.name}")
        with self.setup.segment("load"):
            with leader_first(self._ranks):
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
                self._shape = channels, classes, shape.train_images
                self._model = describe_model(recipe, *self._shape)
                part = replace(recipe, batch_size=max(1, recipe.batch_size // self._ranks.size))
                self._predicted_bytes = check_memory(part, shape, device)
            if self._pairing is not None:
                # Otherwise side A alone would pay for what only the first model of a process costs.
                prepare(recipe, dataset, device)
            with self.setup.segment("build"):
                self._prepared = prepare(recipe, dataset, device, self._ranks)
        self._recipe = recipe = self._prepared.recipe
        with self.setup.segment("record"):
            self._learning_rates = self._rates(recipe)
        self._data = data_record(dataset)

    def runs(self, recipe: Recipe) -> bool:
        """Return whether what is warm runs another recipe: it differs in schedule, epochs or target only."""
        return self._prepared.runs(recipe) and self._warm >= kinds_of_steps(self._prepared, recipe).keys()

    def again(self, recipe: Recipe, *, seed: int, **options: Unpack[RecordingOptions]) -> Session:
        """Return a session for a recipe that this one `runs`, with what it has loaded, built and compiled.

        Its trials have a run folder of their own. Their ledgers begin with the same set-up, as those of all
        trials of one run do. This session is over.
        """
        other = copy(self)
        Recording.__init__(other, self._device, **options)
        self._prepared.change_to(recipe)
        other.setup, other._seed, other._recipe = self.setup, seed, recipe
        other._learning_rates = self._rates(recipe)
        if recipe.epochs != self._recipe.epochs:
            other._model = describe_model(recipe, *self._shape)
        return other

    def _rates(self, recipe: Recipe) -> tuple[tuple[int, float], ...]:
        prepared = self._prepared
        return learning_rates(prepared.make_schedule(), recipe.epochs, prepared.steps_per_epoch)

    @property
    def compiles(self) -> bool:
        """Whether the session compiles functions."""
        return self._prepared.programs.compiles

    @property
    def _steps(self) -> int:
        return self._prepared.steps

    def check_continues(self, record: RunRecord) -> None:
        """Check that trials from here belong to the run of this record.

        Raises:
            DawnbenchError: the data or the precision is another one.
        """
        if self._data.fingerprint != record.data.fingerprint:
            raise DawnbenchError(
                f"{self._data.source} is not the data that the run began with (its fingerprint is "
                f"{self._data.fingerprint[:12]}, the run's {record.data.fingerprint[:12]}); restore that data"
            )
        if self._prepared.precision.name != record.precision:
            raise DawnbenchError(
                f"the run began in {record.precision} and {self._device.product_name} trains in "
                f"{self._prepared.precision.name}; resume it on the device it began on, {record.device_name}"
            )

    def warm_up(self) -> None:
        """Compile, tune, capture and allocate, unless that has been done."""
        if not self._warm:
            if self.compiles:
                self._observer.preparing("compiling, which may take a minute", slow=True)
            with explain_out_of_memory(self._recipe.batch_size), self.setup.segment("compile"):
                warm_up(self._prepared)
            self._warm = set(kinds_of_steps(self._prepared, self._recipe))
        self.note(self._prepared.notes)

    def trial(self, number: int) -> None:
        """Run and record trial `number`, counted from 1; its seed is the run's seed plus `number` - 1."""
        seed = self._seed + number - 1
        save = SaveModel(self.folder / FILE_NAME, self._prepared, number, seed)
        hooks = (save,) if self._save_model and self._ranks.rank == 0 else ()
        continued = None if self._resumed is None else self._resumed.unfinished.get(number)
        with explain_out_of_memory(self._recipe.batch_size), self._checkpoint(number, seed) as checkpoint:
            recorder = TrialRecorder(
                number,
                seed,
                self._recipe.target,
                self._device,
                self._sampler,
                self.writer,
                self._observer,
                self._ranks,
            )
            startup = self._startup.segments
            recorder.run(self._prepared, self.setup, startup, hooks, checkpoint, continued)
        # Only a stopping rule looks back; a run of days would otherwise keep every ledger in memory.
        if recorder.record is not None and self._options.get("stopping") is not None:
            self._trials.append(recorder.record)

    @contextmanager
    def _checkpoint(self, number: int, seed: int) -> Iterator[Checkpoint | None]:
        """Provide what saves a trial's state, if that was asked for; a signal then waits for it."""
        if self._checkpoint_every is None:
            yield None
            return
        facts = CheckpointFacts(number, seed, self._recipe.digest(), self._data.fingerprint)
        with Grace() as grace:
            path = self.folder / CHECKPOINT_NAME
            yield Checkpoint(path, self._checkpoint_every, facts, grace, self._ranks)

    def _described(self) -> dict[str, Any]:
        recipe = self._recipe
        return {
            "recipe_name": recipe.name,
            "recipe": recipe.to_dict(),
            "recipe_digest": recipe.digest(),
            "trials": recipe.trials,
            "seed": self._seed,
            "target": recipe.target,
            "precision": self._prepared.precision.name,
            "data": self._data,
            "model": self._model,
            "predicted_memory_bytes": self._predicted_bytes,
            "learning_rates": self._learning_rates,
            "save_model": self._save_model,
            "checkpoint_every": self._checkpoint_every,
        }


def _in_host_memory(dataset: Dataset, device: Device) -> Dataset:
    """Return the data set with its images in the host memory that the device reads fastest."""
    return replace(
        dataset,
        train_images=device.to_host_memory(dataset.train_images),
        test_images=device.to_host_memory(dataset.test_images),
    )
