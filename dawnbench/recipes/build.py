"""From a recipe, a data set and a device to the plan that the trainer carries out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from dawnbench.data.batches import TrainingBatches
from dawnbench.data.dataset import Dataset
from dawnbench.data.normalization import Normalization
from dawnbench.data.placement import place
from dawnbench.errors import DawnbenchError
from dawnbench.models.summary import describe
from dawnbench.recipes.recipe import Recipe
from dawnbench.recipes.registry import build
from dawnbench.recipes.stretched import StretchedSchedule
from dawnbench.records.schema import ModelRecord
from dawnbench.train.device import Device
from dawnbench.train.device.common import DTYPES
from dawnbench.train.plan import Evaluation, Plan, Split


def resolve_precision(recipe: Recipe, device: Device) -> str:
    """Return fp32, bf16 or fp16."""
    return device.preferred_precision() if recipe.precision == "auto" else recipe.precision


def steps_per_epoch(recipe: Recipe, images: int) -> int:
    """Return the steps of one epoch over `images` training images.

    Raises:
        DawnbenchError: there is not one full batch.
    """
    if recipe.batch_size > images and recipe.drop_last:
        raise DawnbenchError(
            f"batch_size={recipe.batch_size} is more than the {images} training images; choose a smaller one"
        )
    return images // recipe.batch_size if recipe.drop_last else -(-images // recipe.batch_size)


def describe_model(recipe: Recipe, channels: int, classes: int, images: int) -> ModelRecord:
    """Return layers, parameters and FLOPs of the recipe's model; nothing is computed."""
    size = recipe.dataset.image_size
    last = 0 if recipe.drop_last else images % recipe.batch_size
    per_epoch = steps_per_epoch(recipe, images)
    steps = Counter(recipe.resolution(epoch) for epoch in range(recipe.epochs) for _ in range(per_epoch))
    try:
        return describe(
            lambda: build(recipe.model, channels=channels, classes=classes),
            (channels, size, size),
            recipe.batch_size,
            steps,
            last,
        )
    except (RuntimeError, ValueError, TypeError) as error:
        raise DawnbenchError(
            f"the model does not take batches of {recipe.batch_size}"
            + (f" and a last one of {last}" if last else "")
            + f" images of {size}x{size}: {' '.join(str(error).split())}"
        ) from error


def make_model(recipe: Recipe, dataset: Dataset, device: Device) -> nn.Module:
    """Return the recipe's model on the device, in `channels_last`."""
    channels = dataset.train_images.shape[3]
    model: nn.Module = build(recipe.model, channels=channels, classes=len(dataset.classes))
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)) and not hasattr(module, "reset_parameters"):
            raise DawnbenchError(
                f"{name or 'the model'} ({type(module).__name__}) has weights but no reset_parameters(), so "
                "a second trial would go on from the first one's; give it one"
            )
    return model.to(device.torch, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def make_plan(recipe: Recipe, dataset: Dataset, device: Device, model: nn.Module) -> Plan:
    """Return the plan that trains `model`, which `make_model` built, by the recipe."""
    images, channels = dataset.train_images.shape[0], dataset.train_images.shape[3]
    precision = resolve_precision(recipe, device)
    dtype = DTYPES[precision]
    augmentations = [build(part) for part in recipe.augmentation]
    for augmentation in augmentations:
        augmentation.check((recipe.dataset.image_size,) * 2)
    mean, deviation = recipe.dataset.mean, recipe.dataset.deviation
    if mean is not None and len(mean) != channels:
        raise DawnbenchError(
            f"dataset.mean is of {len(mean)} channels and the images have {channels}; set dataset.mean=null "
            "and dataset.deviation=null to measure them"
        )
    average = recipe.average
    compiles = device.compiling_pays if recipe.compile == "auto" else recipe.compile

    def place_split(split: Split) -> Split:
        return Split(*place(split.images, split.labels, recipe.dataset.image_size, device.torch))

    def make_normalization(split: Split) -> Normalization:
        if mean is None or deviation is None:
            return Normalization.measured(split.images, dtype)
        return Normalization.given(mean, deviation, device.torch, dtype)

    def fit(split: Split, normalize: Callable[[Any], Any]) -> None:
        wanted = getattr(model, "fit_images", 0)
        if wanted:
            model.fit(normalize(split.images[:wanted]))  # type: ignore[operator]

    def make_batches(split: Split, normalize: Any, generator: torch.Generator) -> TrainingBatches:
        return TrainingBatches(
            split.images,
            split.labels,
            normalize,
            augmentations,
            recipe.batch_size,
            recipe.drop_last,
            generator,
            recipe.shuffle,
        )

    return Plan(
        model=model,
        # A program of its own for each size of image; one for all sizes would be slower.
        forward=torch.compile(model, dynamic=False) if compiles else model,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        steps_per_epoch=steps_per_epoch(recipe, images),
        label_smoothing=recipe.label_smoothing,
        precision=precision,
        target=recipe.target,
        evaluation=Evaluation(**asdict(recipe.evaluation)),
        make_schedule=lambda: StretchedSchedule(recipe),
        resolution=recipe.resolution,
        place=place_split,
        make_normalization=make_normalization,
        fit=fit,
        make_batches=make_batches,
        make_optimizer=lambda: build(
            recipe.optimizer, model, batch_size=recipe.batch_size, fused=device.fused_optimizers
        ),
        make_average=None if average is None else lambda: build(average, model),
        capture=recipe.capture,
    )
