"""Prunes a run's model to one sparsity after another, and measures what each costs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from dawnbench.compress.magnitude import (
    MaskHook,
    correct_in_training_mode,
    count_flops,
    magnitude_masks,
    prunable,
    recalibrate,
)
from dawnbench.engine.kept_model import KeptModel, open_kept_model
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.memory import explain_out_of_memory
from dawnbench.engine.model_file import save_model
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import DivergedError, Trial
from dawnbench.engine.warm_up import warm_up, with_compile_fallback
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Stretched
from dawnbench.recipes.parts import PiecewiseLinearSpec
from dawnbench.recipes.recipe import Recipe
from dawnbench.records import pruning
from dawnbench.records.pruning import DENSE, KIND, PrunedModel, PruningSweep, new_folder, write_sweep
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.version import __version__

MAX_RATES = 10_000
"""Steps of the training at which its learning rate is computed to find the peak."""
RATE_FACTOR = 0.3
"""The peak of the fine-tuning's learning rate over that of the training."""
WARM_UP = 0.2
"""The share of the fine-tuning in which the rate rises to its peak; it then falls to 0."""


@dataclass(frozen=True)
class SweepSettings:
    """What to prune, and what to do with it afterwards."""

    sparsities: tuple[float, ...]
    """Fractions of the weights to set to zero, between 0 and 1."""
    scope: pruning.Scope = "global"
    finetune: int = 0
    """Epochs of fine-tuning under the mask."""
    recalibrate: int = 0
    """Training images on which to estimate the batch norms' statistics anew."""
    protocol: pruning.Protocol = "eval"


class SweepObserver(Protocol):
    """Receives a sweep's events as they happen."""

    def doing(self, what: str) -> None:
        """Report what begins now."""

    def measured(self, sweep: PruningSweep, folder: Path) -> None:
        """Report the models so far, of which the last is new."""


def run_sweep(
    run: Path,
    settings: SweepSettings,
    observer: SweepObserver,
    *,
    data: str | None = None,
    device: str = "auto",
    recipe: str | None = None,
) -> PruningSweep:
    """Prune the model of a run folder to each sparsity, and write what comes of it below that folder.

    Every sparsity starts from the dense model. `data`, `device` and `recipe` are as for `open_kept_model`.

    Raises:
        DawnbenchError: it is not a folder or holds no model of its run, or the data, the device or the disk
            cannot be used.
    """
    if run.is_file():
        raise DawnbenchError(f"{run} is a file; give the run folder, into which the sweep is written")
    observer.doing("opening the dense model")
    kept = open_kept_model(run, data=data, device=device, recipe=recipe)
    with explain_out_of_memory(kept.recipe.batch_size):
        return _Sweep(kept, settings, observer, run).run()


class _Sweep:
    def __init__(self, kept: KeptModel, settings: SweepSettings, observer: SweepObserver, run: Path) -> None:
        self._settings, self._observer = settings, observer
        self._recipe, self._facts = kept.recipe, kept.facts
        self._seed = int(seed) if (seed := kept.facts.get("seed", "")).isdecimal() else 0
        self._dense = _copied(kept.prepared)
        # Counted before anything is trained, since that may freeze parameters.
        self._trained = sum(p.numel() for p in kept.prepared.evaluated.parameters() if p.requires_grad)
        self._prepared, rate = kept.prepared, None
        if settings.finetune:
            self._prepared, rate = _for_finetuning(kept, settings.finetune)
        prepared = self._prepared
        self._weights = prunable(prepared.evaluated)
        channels, size = kept.dataset.image_shape[2], kept.recipe.dataset.image_size
        self._flops = count_flops(prepared.evaluated, channels, size)
        prepared.train.load()
        prepared.validation.load()
        self._run = run
        self._sweep = PruningSweep(
            kind=KIND,
            schema_version=SCHEMA_VERSION,
            dawnbench_version=__version__,
            recipe_name=kept.recipe.name,
            recipe_digest=kept.facts["recipe_digest"],
            run=run.resolve().name,
            data=kept.dataset.source,
            fingerprint=kept.dataset.fingerprint,
            images=len(prepared.validation),
            device_name=prepared.device.product_name,
            precision=prepared.precision.name,
            protocol=settings.protocol,
            scope=settings.scope,
            finetune_epochs=settings.finetune,
            finetune_rate=rate,
            recalibration_images=0,
            seed=self._seed,
            prunable_weights=sum(weight.numel() for weight in self._weights.values()),
            dense_flops=self._flops.dense,
        )

    def run(self) -> PruningSweep:
        dense = self._measure_dense()
        self._folder = new_folder(self._run)
        self._add(dense)
        for number, sparsity in enumerate(self._settings.sparsities, start=1):
            what = f"{number} of {len(self._settings.sparsities)}, {100 * sparsity:g} %"
            self._add(self._measure(sparsity, what))
        self._sweep = replace(self._sweep, complete=True)
        write_sweep(self._sweep, self._folder)
        return self._sweep

    def _add(self, model: PrunedModel) -> None:
        self._sweep = replace(self._sweep, models=(*self._sweep.models, model))
        write_sweep(self._sweep, self._folder)
        self._observer.measured(self._sweep, self._folder)

    def _measure_dense(self) -> PrunedModel:
        began = time.perf_counter()
        self._observer.doing("evaluating the dense model")
        self._load(self._dense)
        return PrunedModel(
            name=DENSE,
            sparsity=0.0,
            parameters=self._trained,
            effective_flops=self._flops.dense,
            accuracy=self._accuracy(),
            recalibrated_accuracy=None,
            finetuned_accuracy=None,
            seconds=time.perf_counter() - began,
            file=None,
        )

    def _measure(self, sparsity: float, what: str) -> PrunedModel:
        began, settings, percent = time.perf_counter(), self._settings, f"{100 * sparsity:g}"
        self._observer.doing(f"{what}: pruning")
        self._load(self._dense)
        masks = magnitude_masks(self._weights, sparsity, settings.scope)
        for name, mask in masks.items():
            self._weights[name].detach().mul_(mask)
        accuracy, recalibrated, finetuned = self._accuracy(), None, None
        images = recalibrate(self._prepared, settings.recalibrate, self._seed) if settings.recalibrate else 0
        if images:
            self._sweep = replace(self._sweep, recalibration_images=images)
            recalibrated = self._accuracy()
        if settings.finetune:
            finetuned = self._finetune(masks, what)
        model = PrunedModel(
            name=f"pruned_savemodel_{percent}",
            sparsity=sparsity,
            parameters=self._trained - sum(int((mask == 0).sum()) for mask in masks.values()),
            effective_flops=self._flops.effective(masks),
            accuracy=accuracy,
            recalibrated_accuracy=recalibrated,
            finetuned_accuracy=finetuned,
            seconds=time.perf_counter() - began,
            file=f"pruned_{percent}.safetensors",
            empty_layers=tuple(name for name, mask in masks.items() if not bool(mask.any())),
        )
        self._save(model)
        return model

    def _finetune(self, masks: Mapping[str, Tensor], what: str) -> float | None:
        """Train the pruned model under its masks; if that diverges, restore it."""
        prepared, start, epochs = self._prepared, _copied(self._prepared), self._settings.finetune
        trial = Trial(prepared, self._seed, Ledger(prepared.device), (MaskHook(prepared, start, masks),))
        try:
            while not trial.is_last_epoch:
                self._observer.doing(f"{what}: fine-tuning, epoch {trial.epoch + 1} of {epochs}")
                trial.train_epoch()
                trial.end_epoch()  # without an evaluation, since nothing depends on the accuracy
        except DivergedError as error:
            self._load(start)
            note = f"{what}: the fine-tuning diverged, since {error}; prune less, or fine-tune longer"
            self._sweep = replace(self._sweep, notes=(*self._sweep.notes, note))
            return None
        return self._accuracy()

    def _accuracy(self) -> float:
        """Return the evaluated model's accuracy by the protocol."""
        prepared = self._prepared
        if self._settings.protocol == "train-mode":
            return correct_in_training_mode(prepared) / len(prepared.validation)
        with_compile_fallback(prepared, prepared.evaluation)
        return int(prepared.evaluation.correct) / len(prepared.validation)

    def _load(self, state: Mapping[str, Tensor]) -> None:
        self._prepared.evaluated.load_state_dict(state)

    def _save(self, model: PrunedModel) -> None:
        assert model.file is not None
        # As a model of the recipe that trained the dense one, which decides how it is evaluated. What else
        # the dense one's file says, such as its accuracy after an export, is not true of this model.
        known = ("recipe_digest", "trial", "seed")
        training = {name: self._facts[name] for name in known if name in self._facts}
        own: dict[str, Any] = {
            "settings": json.dumps(self._recipe.to_dict()),
            "data_fingerprint": self._sweep.fingerprint,
            "sparsity": model.sparsity,
            "scope": self._settings.scope,
            "finetune_epochs": self._settings.finetune,
            "recalibrate": self._settings.recalibrate,
        }
        if self._settings.protocol == "eval":
            own["accuracy"] = model.final_accuracy
        save_model(self._folder / model.file, self._prepared, training | own)


def _copied(prepared: Prepared) -> dict[str, Tensor]:
    """Return a copy of the evaluated model's weights and buffers."""
    return {name: value.clone() for name, value in prepared.evaluated.state_dict().items()}


def finetuning(recipe: Recipe, epochs: int, steps_per_epoch: int) -> tuple[Recipe, float]:
    """Return the recipe that fine-tunes a model of `recipe`, and the peak of its learning rate.

    It differs in its epochs, its schedule, and in that all images have their full size.
    """
    schedule = Stretched(recipe.schedule.build(), recipe.epochs)
    steps = recipe.epochs * steps_per_epoch
    every = max(1, steps // MAX_RATES)
    peak = RATE_FACTOR * max(schedule(step / steps_per_epoch) for step in range(0, steps, every))
    triangle = PiecewiseLinearSpec(epochs=(0, WARM_UP, 1), rates=(0, peak, 0))
    return replace(recipe, epochs=epochs, schedule=triangle, resolutions=()), peak


def _for_finetuning(kept: KeptModel, epochs: int) -> tuple[Prepared, float]:
    """Return what trains further epochs, warmed up, and the peak of the learning rate."""
    recipe = replace(kept.recipe, precision=kept.prepared.recipe.precision)
    tuning, peak = finetuning(recipe, epochs, kept.prepared.steps_per_epoch)
    prepared = prepare(tuning, kept.dataset, kept.prepared.device)
    warm_up(prepared)
    prepared.normalization.set(kept.prepared.normalization.mean, kept.prepared.normalization.std)
    return prepared, peak
