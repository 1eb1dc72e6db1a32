"""Slims the model of a run: cut, evaluate, time, fine-tune, and train the same network from scratch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Literal, Protocol

from dawnbench.compress.slimming import narrow
from dawnbench.compress.slimming.cut import Target
from dawnbench.engine.kept_model import KeptModel
from dawnbench.engine.model_file import read_model_file
from dawnbench.recipes.overrides import adapt
from dawnbench.recipes.part import ModelPart, kind_of
from dawnbench.recipes.parts import NormScalePenaltySpec
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.records.slimming import (
    Accuracies,
    SlimmedModel,
    SlimRecord,
    SlimSettings,
    TrainedModel,
    read_slimming,
    slimming_folder,
    write_slimming,
)
from dawnbench.version import __version__

SPEED_BATCHES = (1, 64)


@dataclass(frozen=True)
class SlimRequest:
    """What to slim and how."""

    run: Path
    """The run folder whose model is slimmed."""
    values: Sequence[float]
    """How much to cut, once per network, in the units of the target."""
    settings: SlimSettings
    device: str = "auto"
    recipe: str | None = None
    """The recipe file that defines the custom parts, if the recipe has any."""


class SlimObserver(Protocol):
    """Receives what happens while a run is slimmed."""

    def noted(self, sentence: str) -> None:
        """Report the next step."""

    def saved(self, record: SlimRecord, folder: Path) -> None:
        """Report that slim.json was written with a further result."""


def slim_run(
    request: SlimRequest, train: Callable[[Recipe], Path], observer: SlimObserver
) -> tuple[SlimRecord, Path]:
    """Slim a run's model to each value; return what slim.json says, and its folder.

    All networks are cut, evaluated and timed first, then fine-tuned and controlled one after the other, each
    by `train`, which runs a recipe with --save-model and returns the run folder. slim.json is written after
    each of these, and what it says already is not done again.

    Raises:
        DawnbenchError: the run kept no model, the model cannot be cut so, or a run failed.
        KeyboardInterrupt: from `train`; what was recorded is kept.
    """
    record, folder = _cut_all(request, observer)
    for value in request.values:
        for made, recipe in _trainings(record, folder, value):
            observer.noted(f"training {recipe.name}")
            trained = _trained(train(recipe), recipe)
            model = _model(record, value)
            if made == "finetuned":
                model = replace(model, finetuned=trained)
            else:
                model = replace(model, control=trained)
            record = _saved(_with(record, model), folder, observer)
    return record, folder


def _cut_all(request: SlimRequest, observer: SlimObserver) -> tuple[SlimRecord, Path]:
    """Cut, evaluate and time what is not recorded yet; the dense model is let go at the end."""
    run = read_run(request.run)
    observer.noted(f"evaluating the model of {run.folder.name}")
    kept = narrow.open_dense(run, device=request.device, recipe=request.recipe)
    # Before the work of minutes, so that a wrong setting costs none.
    adapt(kept.recipe, request.settings.changed)
    fresh = _fresh(request, run, kept)
    folder = slimming_folder(run.folder, fresh)
    record = read_slimming(folder) if folder.exists() else fresh
    for value in request.values:
        if any(model.value == value for model in record.models):
            continue
        observer.noted(f"cutting to {request.settings.target} {value:g} and timing the result")
        made = narrow.cut_kept(kept, request.settings.rule, Target(request.settings.target, value))
        file = f"{_label(request.settings, value)}.safetensors"
        prepared = narrow.prepare_narrow(kept, made)
        before = narrow.accuracies(prepared)
        narrow.save_narrow(folder / file, prepared, kept, before.top1)
        model = SlimmedModel(
            value=value,
            predicted_ratio=made.predicted_ratio,
            true_ratio=made.true_ratio,
            size=narrow.size(prepared),
            file=file,
            before=before,
            speeds=tuple(narrow.speed(kept.prepared, prepared, batch) for batch in SPEED_BATCHES),
        )
        record = _saved(_with(record, model), folder, observer)
    return record, folder


def _fresh(request: SlimRequest, run: Run, kept: KeptModel) -> SlimRecord:
    penalty = kept.recipe.penalty
    return SlimRecord(
        kind="dawnbench slimming",
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        run=run.folder.resolve().name,
        recipe_name=run.record.recipe_name,
        recipe_digest=run.record.recipe_digest,
        architecture=_architecture(kept.recipe.model),
        data=kept.dataset.source,
        fingerprint=kept.dataset.fingerprint,
        epochs=kept.recipe.epochs,
        strength=penalty.strength if isinstance(penalty, NormScalePenaltySpec) else None,
        device_name=kept.prepared.device.product_name,
        precision=kept.prepared.precision.name,
        settings=request.settings,
        dense=narrow.size(kept.prepared),
        dense_accuracy=narrow.accuracies(kept.prepared),
        notes=run.record.notes,
    )


def _architecture(model: ModelPart) -> str:
    """Return the kind of a network, and which of its settings differ from the standard ones."""
    own = [f.name for f in fields(model) if f.default is not MISSING and getattr(model, f.name) != f.default]
    return f"{kind_of(model)} with its own {' and '.join(own)}" if own else kind_of(model)


def _trainings(
    record: SlimRecord, folder: Path, value: float
) -> Iterator[tuple[Literal["finetuned", "control"], Recipe]]:
    """Yield the recipes that are still to be run for one network, and what the record calls their results."""
    model, settings = _model(record, value), record.settings
    label = _label(settings, value)
    path = folder / model.file
    recipe = Recipe.from_dict(json.loads(read_model_file(path).metadata["settings"]))
    if settings.finetune_epochs and model.finetuned is None:
        yield "finetuned", narrow.finetuning(recipe, path, settings.finetune_epochs, label, settings.changed)
    if settings.control and model.control is None:
        yield "control", narrow.control(recipe, record.epochs + settings.finetune_epochs, label)


def _label(settings: SlimSettings, value: float) -> str:
    return f"{settings.target}-{value:.12g}"


def _trained(folder: Path, recipe: Recipe) -> TrainedModel:
    trial = next(iter(read_run(folder).trials), None)
    accuracy = Accuracies(None, None) if trial is None else Accuracies(trial.accuracy, trial.top5_accuracy)
    return TrainedModel(folder.name, recipe.epochs, accuracy)


def _model(record: SlimRecord, value: float) -> SlimmedModel:
    return next(model for model in record.models if model.value == value)


def _with(record: SlimRecord, model: SlimmedModel) -> SlimRecord:
    """Return the record with a model added, or in place of the one with the same value."""
    values = [known.value for known in record.models]
    if model.value not in values:
        return replace(record, models=(*record.models, model))
    at = values.index(model.value)
    return replace(record, models=(*record.models[:at], model, *record.models[at + 1 :]))


def _saved(record: SlimRecord, folder: Path, observer: SlimObserver) -> SlimRecord:
    write_slimming(record, folder)
    observer.saved(record, folder)
    return record
