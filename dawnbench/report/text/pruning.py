"""A magnitude sweep as a table and as a page."""

from __future__ import annotations

from rich.table import Table

from dawnbench.records.pruning import PrunedModel, PruningSweep
from dawnbench.report.text.dashes import joined
from dawnbench.report.text.markdown import table
from dawnbench.report.units import flops, percent
from dawnbench.safe_text import markdown, plain

HEADER = ("Model Name", "Model Parameter", "Accuracy", "Recalibrated", "Fine-tuned")
"""The first three as in the write-up of 2020."""
FURTHER = ("Sparsity", "Dense FLOPs", "Effective FLOPs", "Seconds")


def pruning_table(sweep: PruningSweep) -> Table:
    """Return the models for a terminal of 80 columns."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("model", no_wrap=True)
    for column in ("parameters", "FLOPs", "pruned", "recalib.", "tuned", "seconds"):
        shown.add_column(column, justify="right")
    for model in sweep.models:
        seconds = f"{model.seconds:.0f}"
        shown.add_row(
            model.name, f"{model.parameters:,}", flops(model.effective_flops), *_accuracies(model), seconds
        )
    return shown


def pruning_page(sweep: PruningSweep, figure: str | None) -> str:
    """Return the text of pruned.md, which shows the picture `figure` by its path from there, if any."""
    rows = [
        [
            model.name,
            str(model.parameters),
            *_accuracies(model),
            percent(model.sparsity),
            flops(sweep.dense_flops),
            flops(model.effective_flops),
            f"{model.seconds:.1f}",
        ]
        for model in sweep.models
    ]
    title = f"# {markdown(sweep.recipe_name)} pruned by magnitude"
    picture = [f"![Accuracy by parameters]({figure})"] if figure else []
    words = " ".join(markdown(sentence) for sentence in pruning_sentences(sweep))
    return "\n\n".join([title, table((*HEADER, *FURTHER), rows), words, *picture]) + "\n"


def pruning_sentences(sweep: PruningSweep) -> list[str]:
    """Return how the sweep was made, and what a reader must know about it."""
    chosen = "of all layers together" if sweep.scope == "global" else "of each layer"
    mode = "in evaluation mode"
    if sweep.protocol == "train-mode":
        mode = (
            "with batch norm in training mode on the validation batches, so an image's result depends on the "
            "others of its batch"
        )
    found = [
        f"The smallest of the {sweep.prunable_weights:,} weights {chosen} were set to zero, each time from "
        f"the dense model of {plain(sweep.run)}.",
        f"Accuracy on {sweep.images:,} images of {plain(sweep.data)} {mode}, {sweep.precision} on "
        f"{plain(sweep.device_name)}.",
    ]
    if sweep.recalibration_images:
        found.append(
            "Recalibrated: after the batch norms' statistics were re-estimated on "
            f"{sweep.recalibration_images:,} training images."
        )
    if sweep.finetune_epochs:
        epochs = f"{sweep.finetune_epochs} epoch{'s' * (sweep.finetune_epochs > 1)}"
        found.append(
            f"Fine-tuned: after {epochs} under the mask, at a learning rate of up to "
            f"{sweep.finetune_rate:.3g}, with seed {sweep.seed}."
        )
    found.append(
        "FLOPs are those of a forward pass of one image, a multiply-add counted as two; the effective ones "
        "leave out the pruned weights, which saves no time unless the hardware skips zeros."
    )
    for model in sweep.models:
        if model.empty_layers:
            found.append(f"{model.name} has no weight left in {joined(model.empty_layers)}.")
    found += [f"{plain(note)}." for note in sweep.notes]
    if not sweep.complete:
        found.append("The sweep is incomplete.")
    return found


def _accuracies(model: PrunedModel) -> tuple[str, ...]:
    return tuple(map(percent, (model.accuracy, model.recalibrated_accuracy, model.finetuned_accuracy)))
