"""Builds what trials run on from a recipe, a data set and a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from dawnbench.data.dataset import Dataset
from dawnbench.data.normalization import Normalization
from dawnbench.data.pipeline import InputPipeline
from dawnbench.engine.batches import check_batches, steps_per_epoch
from dawnbench.engine.device import Device
from dawnbench.engine.device.base import DTYPES
from dawnbench.engine.distributed import SINGLE, Ranks
from dawnbench.engine.epoch_input import EpochInput
from dawnbench.engine.evaluate import Evaluation
from dawnbench.engine.gradient_sum import GradientSum
from dawnbench.engine.initial_weights import fitting_weights
from dawnbench.engine.precision import open_precision
from dawnbench.engine.programs import Programs
from dawnbench.engine.rates import make_rates, reset_optimizer
from dawnbench.engine.resident import ResidentSplit, Split
from dawnbench.engine.step import TrainingStep
from dawnbench.errors import DawnbenchError
from dawnbench.models.whitening import FittedModel
from dawnbench.optim.contracts import Penalty
from dawnbench.optim.schedules import Schedule, Stretched
from dawnbench.recipes.recipe import Recipe


def prepare(recipe: Recipe, dataset: Dataset, device: Device, ranks: Ranks = SINGLE) -> Prepared:
    """Return what the trials of `recipe` on `dataset` run on, without training anything.

    Raises:
        DawnbenchError: the recipe cannot be trained with this data on this device.
    """
    train = Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))
    validation = Split(torch.from_numpy(dataset.test_images), torch.from_numpy(dataset.test_labels))
    return Prepared(recipe, train, validation, len(dataset.classes), device, ranks)


class Prepared:
    """One recipe built for one device and one data set: everything that all trials of a run share.

    Its tensors keep their addresses between trials, so that a captured step is valid for every trial.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Split,
        validation: Split,
        classes: int,
        device: Device,
        ranks: Ranks = SINGLE,
    ) -> None:
        """Build from two splits in host memory, which are the same on all ranks."""
        self.ranks = ranks
        self.notes: list[str] = []
        """Sentences about what was requested but could not be done."""
        self.recipe, self.device, self._given = self._with_found_weights(recipe), device, recipe
        """The recipe with its initial weights identified, or without them if they are missing."""
        self._weights: dict[str, Tensor] | None = None
        size, channels = recipe.dataset.image_size, train.images.shape[3]
        self.train = ResidentSplit(train, size, device)
        self.validation = ResidentSplit(validation, size, device)
        self.precision = open_precision(recipe.precision, device)
        self.programs = Programs(device.compiling_pays if recipe.compile == "auto" else recipe.compile)
        self.model = make_model(recipe, channels, classes, device)
        if recipe.model.sync_bn and ranks.size > 1:
            # Loads torch's compiler, which one device may not need.
            from dawnbench.models.synchronized import synchronize_norms

            synchronize_norms(self.model)
        # Before anything else takes references to the parameters, which a converter may change.
        converted = self.precision.convert(self.model, device)
        self.normalization = _normalization(recipe, channels, device)
        self.input = self._make_input()
        self.steps_per_epoch = len(self.input.counts)
        self.optimizer = recipe.optimizer.build(
            self.model,
            batch_size=recipe.batch_size,
            fused=device.fused_optimizers,
            dtype=self.precision.dtype,
        )
        self.rates = make_rates(self.optimizer, self.make_schedule(), self.steps_per_epoch, device)
        self.step = self._make_step(converted)
        self.average = None if recipe.average is None else recipe.average.build(self.model)
        self.evaluated = self.model if self.average is None else self.average.model
        """The model whose accuracy counts."""
        self.evaluation = Evaluation(
            converted if self.average is None else self.precision.convert(self.evaluated, device),
            self.validation,
            self.normalization,
            self.precision.dtype,
            recipe.evaluation,
            self.programs,
            device,
            ranks,
        )
        self.generator = device.generator(0)

    @property
    def steps(self) -> int:
        """Number of steps of one trial."""
        return self.recipe.epochs * self.steps_per_epoch

    def runs(self, recipe: Recipe) -> bool:
        """Return whether `change_to` may change to a recipe: it differs in schedule, epochs or target only.

        Steps read their rates as data, so such a recipe has the same programs, as far as its image sizes are
        the same.
        """
        given = self._given
        if given.weights != self.recipe.weights:
            return False
        cycled = [one.schedule.build().momentum(0.0) is not None for one in (given, recipe)]
        kept = {name: getattr(given, name) for name in ("schedule", "epochs", "target", "changed")}
        return replace(recipe, **kept) == given and cycled[0] == cycled[1]

    def change_to(self, recipe: Recipe) -> None:
        """Let the trials that follow be those of another recipe, which `runs` has accepted.

        Raises:
            DawnbenchError: its trials would take forever.
        """
        steps_per_epoch(recipe, len(self.train))
        self.recipe = self._given = recipe

    def make_schedule(self) -> Schedule:
        """Return a new schedule, stretched to the recipe's epochs; it may adapt to observed losses."""
        return Stretched(self.recipe.schedule.build(), self.recipe.epochs)

    def reset(self, seed: int) -> None:
        """Give the model fresh weights and restart every random number generator from `seed`."""
        reset_parameters(self.model, seed)
        self.generator.manual_seed(seed)
        if self.ranks.rank:
            # Layers such as dropout must not draw the same for each part of a batch.
            torch.manual_seed((seed + self.ranks.rank * 1_000_003) % 2**63)

    def load_weights(self) -> None:
        """Replace the weights by those from which the recipe starts a trial, if it names any.

        Raises:
            DawnbenchError: their file cannot be read, or does not fit the model.
        """
        if self.recipe.weights is None:
            return
        if self._weights is None:
            self._weights = fitting_weights(self.recipe, self.model)
        self.model.load_state_dict(self._weights, strict=False)

    def share_weights(self) -> None:
        """Give all ranks the weights and buffers of rank 0."""
        self.ranks.copy_from_first_([*self.model.parameters(), *self.model.buffers()])

    def fit(self) -> None:
        """Compute what depends on the training images before the first step; discard earlier steps."""
        self.model.train()
        reset_optimizer(self.optimizer)
        self.normalization.fit(self.train.images)
        if isinstance(self.model, FittedModel) and self.model.fit_images:
            images = self.train.images[: self.model.fit_images]
            self.model.fit(self.normalization(images).to(self.precision.dtype))

    def release_captures(self) -> None:
        """Drop all captured steps and evaluations."""
        self.step.release()
        self.evaluation.release()

    def _with_found_weights(self, recipe: Recipe) -> Recipe:
        if recipe.weights is None:
            return recipe
        weights, missing = recipe.weights.found(recipe.model)
        if missing is not None:
            self.notes.append(missing)
        changed = () if weights is not None else ("weights=null",)
        return replace(recipe, weights=weights, changed=(*recipe.changed, *changed))

    def _make_input(self) -> EpochInput:
        recipe = self.recipe
        steps_per_epoch(recipe, len(self.train))
        check_batches(recipe, len(self.train), self.ranks.size)
        augmentations = [part.build() for part in recipe.augmentation]
        pipeline = InputPipeline(augmentations, self.normalization, self.precision.dtype)
        for augmentation in augmentations:
            augmentation.check((recipe.dataset.image_size,) * 2)
        return EpochInput(
            self.train,
            pipeline,
            self.programs,
            batch_size=recipe.batch_size,
            drop_last=recipe.drop_last,
            shuffle=recipe.shuffle,
            place=self.ranks.place,
        )

    def _make_step(self, converted: nn.Module) -> TrainingStep:
        optimizer: Any = self.optimizer
        penalty = self._make_penalty()

        def penalize_and_step() -> None:
            if penalty is not None:
                penalty.add_gradient()
            optimizer.step()

        # If the rates are Python numbers, a compiled step would be recompiled for each value.
        take_step: Callable[[], Any] = optimizer.step if penalty is None else penalize_and_step
        take_step = self.programs(take_step) if self.device.captures else take_step
        if self.ranks.size > 1:
            parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            summed = GradientSum(parameters, DTYPES[self.recipe.gradient_reduction])
            take_step = summed.before(take_step)
        return TrainingStep(
            self.input,
            converted,
            self.recipe.loss.build(self.model, self.recipe.label_smoothing),
            optimizer,
            take_step,
            self.rates,
            self.programs,
            self.device,
        )

    def _make_penalty(self) -> Penalty | None:
        if self.recipe.penalty is None:
            return None
        return self.recipe.penalty.build(self.model, batch_size=self.recipe.batch_size)


def make_model(recipe: Recipe, channels: int, classes: int, device: Device) -> nn.Module:
    """Return the recipe's model on the device, in `channels_last`.

    Raises:
        DawnbenchError: a layer has weights that a second trial could not reset.
    """
    with torch.device(device.torch):
        model: nn.Module = recipe.model.build(channels, classes)
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)) and not hasattr(module, "reset_parameters"):
            raise DawnbenchError(
                f"{name or 'the model'} ({type(module).__name__}) has weights but no reset_parameters(), so "
                "a second trial would continue from the weights of the first; add that method"
            )
    for tensor in (*model.parameters(), *model.buffers()):
        layout = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
        tensor.data = tensor.data.to(device.torch).contiguous(memory_format=layout)
    return model


def reset_parameters(model: nn.Module, seed: int) -> None:
    """Give every module fresh weights, drawn from `seed`."""
    torch.manual_seed(seed)
    for module in model.modules():
        reset = getattr(module, "reset_parameters", None)
        if reset is not None:
            reset()


def _normalization(recipe: Recipe, channels: int, device: Device) -> Normalization:
    mean, std = recipe.dataset.mean, recipe.dataset.std
    if mean is not None and len(mean) != channels:
        raise DawnbenchError(
            f"dataset.mean has {len(mean)} channels but the images have {channels}; set dataset.mean=null "
            "and dataset.std=null to measure them"
        )
    return Normalization(channels, device.torch, mean, std)
