"""Prepares one recipe on a device and records its trials in a run folder."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from dawnbench.campaigns.learning_rates import learning_rates
from dawnbench.campaigns.recording import Recording, RecordingOptions, data_record
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import leader_first
from dawnbench.engine.memory import check_memory, explain_out_of_memory
from dawnbench.engine.model_file import FILE_NAME, SaveModel
from dawnbench.engine.prepare import describe_model, prepare
from dawnbench.engine.probe import DataShape
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes.recipe import Recipe


class Session(Recording):
    """The trials of one recipe."""

    def __init__(
        self,
        recipe: Recipe,
        device: Device,
        *,
        seed: int,
        save_model: bool = False,
        **options: Unpack[RecordingOptions],
    ) -> None:
        """Load the data and build the model; `save_model` keeps the model of the last finished trial."""
        super().__init__(device, **options)
        self._recipe, self._seed, self._save_model = recipe, seed, save_model
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
                self._model = describe_model(recipe, channels, classes, shape.train_images)
                part = replace(recipe, batch_size=max(1, recipe.batch_size // self._ranks.size))
                self._predicted_bytes = check_memory(part, shape, device)
            if self._pairing is not None:
                # Otherwise side A alone would pay for what only the first model of a process costs.
                prepare(recipe, dataset, device)
            with self.setup.segment("build"):
                self._prepared = prepare(recipe, dataset, device, self._ranks)
        self._recipe = recipe = self._prepared.recipe
        with self.setup.segment("record"):
            self._learning_rates = learning_rates(
                self._prepared.make_schedule(), recipe.epochs, self._prepared.steps_per_epoch
            )
        self._data = data_record(dataset)

    @property
    def _steps(self) -> int:
        return self._prepared.steps

    def warm_up(self) -> None:
        """Compile, tune, capture and allocate."""
        if self._prepared.programs.compiles:
            self._observer.preparing("compiling, which may take a minute", slow=True)
        with explain_out_of_memory(self._recipe.batch_size), self.setup.segment("compile"):
            warm_up(self._prepared)
        self.note(self._prepared.notes)

    def trial(self, number: int) -> None:
        """Run and record trial `number`, counted from 1; its seed is the run's seed plus `number` - 1."""
        seed = self._seed + number - 1
        save = SaveModel(self.folder / FILE_NAME, self._prepared, number, seed)
        hooks = (save,) if self._save_model and self._ranks.rank == 0 else ()
        with explain_out_of_memory(self._recipe.batch_size):
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
            recorder.run(self._prepared, self.setup, self._startup.segments, hooks)
        if recorder.record is not None:
            self._trials.append(recorder.record)

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
        }


def _in_host_memory(dataset: Dataset, device: Device) -> Dataset:
    """Return the data set with its images in the host memory that the device reads fastest."""
    return replace(
        dataset,
        train_images=device.to_host_memory(dataset.train_images),
        test_images=device.to_host_memory(dataset.test_images),
    )
