"""A trial's training log in the views that are in use: DAWNBench's table, a progress log, lines an epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dawnbench.records.schema import EpochRecord
from dawnbench.report.text.log_table import log_table
from dawnbench.report.text.markdown import fenced

LogView = Literal["dawn", "progress", "epochs"]
BAR = "█" * 10


def log_view(view: LogView, epochs: Sequence[EpochRecord], recipe: Mapping[str, Any]) -> str:
    """Return a trial's epochs as markdown, without a final newline; `recipe` is that of its run.json."""
    if view == "dawn":
        return log_table(epochs, "milliseconds")
    if view == "progress":
        text = "\n\n".join(progress_lines(epoch, recipe) for epoch in epochs)
    else:
        text = "\n\n".join(epoch_lines(epoch) for epoch in epochs)
    return fenced(text, "text")


def progress_lines(epoch: EpochRecord, recipe: Mapping[str, Any]) -> str:
    """Return what a progress bar leaves of an epoch: the last state of training, of testing, and the rate.

    As in the published log, the training loss is that of the last batch, where it was recorded, and the test
    loss the sum of the batches' mean losses over the images: about the mean over the batch size.
    """
    batch_size, evaluation_batch = batch_sizes(recipe)
    last_loss = epoch.train_loss if epoch.last_batch_loss is None else epoch.last_batch_loss
    trained = progress_bar(
        f"Batch Id/Size: {_batches(epoch.train_images, batch_size)}/{epoch.train_images}, "
        f"Training Loss: {_loss(last_loss, 8)}, "
        f"Training Accuracy: {100 * epoch.train_correct / epoch.train_images:.4f}%",
        _batches(epoch.train_images, batch_size),
        epoch.train_seconds or 0,
    )
    batches = _batches(epoch.validation_images, evaluation_batch)
    share = batches / epoch.validation_images
    scaled = None if epoch.validation_loss is None else epoch.validation_loss * share
    tested = (
        f"Batch Id/Size: {batches}/{epoch.validation_images}, Test Loss: {_loss(scaled, 8)}, "
        f"Test Accuracy: {100 * epoch.validation_accuracy:.4f}%"
    )
    return f"Epoch: {epoch.epoch}\n{trained}\n{tested}\nLR: [{_scheduler_rate(epoch, recipe)}]"


def batch_sizes(recipe: Mapping[str, Any]) -> tuple[int, int]:
    """Return the images of a training and of a validation batch, as far as the recipe says."""
    evaluation = recipe.get("evaluation")
    found = (recipe.get("batch_size"), evaluation.get("batch_size") if isinstance(evaluation, dict) else None)
    training, validation = (b if isinstance(b, int) and b > 0 else 1000 for b in found)
    return training, validation


def _scheduler_rate(epoch: EpochRecord, recipe: Mapping[str, Any]) -> str:
    """Format the rate as the published log does, where a step counts twice in the epoch after it."""
    rate = math.nan if epoch.learning_rate is None else epoch.learning_rate
    match recipe.get("schedule"):
        case {"kind": "steps", "every": int(every), "factor": int() | float() as factor}:
            if every > 0 and epoch.epoch > 1 and (epoch.epoch - 1) % every == 0:
                rate *= factor
    return repr(rate)


def progress_bar(description: str, steps: int, seconds: float) -> str:
    """Return a bar at its end, in the form of tqdm's: done, steps, time taken and left, steps a second."""
    rate = steps / seconds if seconds > 0 else 0.0
    speed = f"{rate:.2f}it/s" if rate >= 1 or not rate else f"{1 / rate:.2f}s/it"
    return f"{description}: 100%|{BAR}| {steps}/{steps} [{_clock(seconds)}<00:00, {speed:>9}]"


def epoch_lines(epoch: EpochRecord) -> str:
    """Return an epoch as a heading, the training set's line and the test set's.

    The published logs of this form count epochs from 0.
    """
    train = _set_line("Train", epoch.train_loss, epoch.train_correct, epoch.train_images)
    test = _set_line("Test", epoch.validation_loss, epoch.validation_correct, epoch.validation_images)
    return f"[Epoch {epoch.epoch - 1}]\n{train}\n{test}"


def _set_line(name: str, loss: float | None, correct: int, images: int) -> str:
    accuracy = f"{correct}/{images} ({100 * correct / images:.2f}%)"
    return f"{name} set: Average loss: {_loss(loss, 4)}, Accuracy: {accuracy}"


def _loss(loss: float | None, decimals: int) -> str:
    return "nan" if loss is None else f"{loss:.{decimals}f}"


def _batches(images: int, batch_size: int) -> int:
    return -(-images // batch_size)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
