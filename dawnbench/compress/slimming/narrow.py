"""Narrower networks cut from the model that a run kept: their recipes, files, sizes and accuracies."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Literal, cast

from torch import Tensor, nn

from dawnbench.compress.counting import count
from dawnbench.compress.slimming.cut import Cut, Target, cut
from dawnbench.compress.slimming.latency import Latency, compare_latency
from dawnbench.engine.kept_model import KeptModel, open_kept_model
from dawnbench.engine.model_file import save_model
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.warm_up import with_compile_fallback
from dawnbench.recipes.overrides import adapt
from dawnbench.recipes.parts import FileWeightsSpec, SlimmedSpec
from dawnbench.recipes.recipe import Precision, Recipe
from dawnbench.records.reader import Run
from dawnbench.records.slimming import Accuracies, Size, SpeedRecord

EXAMPLES = 64
"""Images of the batch for which a measured speed-up is to be reached."""


def open_dense(run: Run, *, device: str, recipe: str | None) -> KeptModel:
    """Open the model that a run kept, with an evaluation that counts the top five and loaded images.

    Raises:
        DawnbenchError: as for `open_kept_model`.
    """
    evaluation = {**run.record.recipe["evaluation"], "top5": True}
    settings = {"drop_last": False, "evaluation": evaluation}
    kept = open_kept_model(run.folder, device=device, recipe=recipe, settings=settings)
    kept.prepared.validation.load()
    return kept


def cut_kept(kept: KeptModel, rule: Literal["graph", "zcls"], target: Target) -> Cut:
    """Cut a model that `open_dense` returned.

    Raises:
        DawnbenchError: the model has no batch norm, the rule does not know it, or the target cannot be met.
    """
    prepared = kept.prepared

    def compare(dense: nn.Module, narrow: nn.Module, batch: Tensor) -> Latency:
        """Compare in the precision of the run."""
        precision, device = prepared.precision, prepared.device
        images = batch.to(precision.dtype)
        return compare_latency(precision.convert(dense, device), precision.convert(narrow, device), images)

    return cut(prepared.evaluated.eval(), _images(prepared, EXAMPLES), rule, target, compare)


def prepare_narrow(kept: KeptModel, made: Cut) -> Prepared:
    """Return the narrower network prepared for the same data and device."""
    recipe = replace(
        kept.recipe,
        model=SlimmedSpec.of(kept.recipe.model, made.widths),
        weights=None,
        penalty=None,
        evaluation=replace(kept.recipe.evaluation, top5=True),
        precision=cast(Precision, kept.prepared.precision.name),
    )
    prepared = prepare(recipe, kept.dataset, kept.prepared.device)
    prepared.evaluated.load_state_dict(made.state)
    prepared.normalization.set(kept.prepared.normalization.mean, kept.prepared.normalization.std)
    prepared.validation.load()
    return prepared


def save_narrow(path: Path, prepared: Prepared, kept: KeptModel, accuracy: float | None) -> None:
    """Write a narrower network to a file that `open_kept_model` opens.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {name: kept.facts[name] for name in ("trial", "seed") if name in kept.facts}
    found = {"accuracy": accuracy, "data_fingerprint": kept.dataset.fingerprint}
    save_model(path, prepared, known | found)


def accuracies(prepared: Prepared) -> Accuracies:
    """Return what the evaluated model classifies correctly of the loaded validation images."""
    with_compile_fallback(prepared, prepared.evaluation)
    top1, *top5 = (int(count) / len(prepared.validation) for count in prepared.evaluation.counts())
    return Accuracies(top1, top5[0] if top5 else None)


def size(prepared: Prepared) -> Size:
    """Return what a network costs per image."""
    side, channels = prepared.recipe.dataset.image_size, prepared.validation.images.shape[3]
    counts = count(prepared.evaluated, (channels, side, side))
    return Size(macs=counts.macs, flops=counts.flops, parameters=counts.parameters)


def speed(dense: Prepared, narrow: Prepared, batch_size: int) -> SpeedRecord:
    """Return how long both networks take for one batch, measured in turns, in the precision of the run."""
    first, second = (side.precision.convert(side.evaluated, side.device) for side in (dense, narrow))
    latency = compare_latency(first, second, _images(dense, batch_size).to(dense.precision.dtype))
    low, _, high = quantiles(latency.ratios, n=4)
    return SpeedRecord(
        batch_size=batch_size,
        rounds=len(latency.ratios),
        dense_seconds=latency.dense,
        slimmed_seconds=latency.narrow,
        latency_ratio=median(latency.ratios),
        low=low,
        high=high,
    )


def _images(prepared: Prepared, number: int) -> Tensor:
    """Return normalized validation images (N, C, H, W) in float32, repeated if there are fewer."""
    pixels = prepared.validation.images[:number]
    return prepared.normalization(pixels.repeat(math.ceil(number / len(pixels)), 1, 1, 1)[:number]).float()


def finetuning(narrow: Recipe, path: Path, epochs: int, label: str, changed: Sequence[str] = ()) -> Recipe:
    """Return the recipe that trains a narrower network on from the weights in its file.

    The settings are those of the run that was slimmed, except for what is `changed`, as `path=value`.

    Raises:
        DawnbenchError: there is no such setting, or the value is wrong.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    tuned = replace(
        narrow,
        name=f"{narrow.name}-{label}",
        summary=f"{narrow.name} slimmed ({label}), fine-tuned",
        weights=FileWeightsSpec(str(path.resolve()), digest),
        epochs=epochs,
        trials=1,
        changed=(),
    )
    return adapt(tuned, changed)


def control(narrow: Recipe, epochs: int, label: str) -> Recipe:
    """Return the recipe that trains a narrower network from scratch."""
    return replace(
        narrow,
        name=f"{narrow.name}-{label}-control",
        summary=f"{narrow.name} slimmed ({label}), from scratch",
        epochs=epochs,
        trials=1,
        changed=(),
    )
