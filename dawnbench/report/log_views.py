"""A trial's training log in the views that are in use: DAWNBench's table, a progress log, lines an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dawnbench.records.schema import EpochRecord
from dawnbench.report.log_table import log_table
from dawnbench.report.markdown import fenced

LogView = Literal["dawn", "progress", "epochs"]
BAR = "█" * 10


def log_view(view: LogView, epochs: Sequence[EpochRecord], batch_size: int, evaluation_batch: int) -> str:
    """Return a trial's epochs as markdown, without a final newline.

    `batch_size` and `evaluation_batch` are images a batch of training and validation.
    """
    if view == "dawn":
        return log_table(epochs, "milliseconds")
    if view == "progress":
        text = "\n\n".join(progress_lines(epoch, batch_size, evaluation_batch) for epoch in epochs)
    else:
        text = "\n\n".join(epoch_lines(epoch) for epoch in epochs)
    return fenced(text, "text")


def progress_lines(epoch: EpochRecord, batch_size: int, evaluation_batch: int) -> str:
    """Return what a progress bar leaves of an epoch: the last state of training, of testing, and the rate.

    The test loss is the sum of the batches' mean losses over the images, as the published log has it: about
    the mean over the batch size.
    """
    trained = progress_bar(
        f"Batch Id/Size: {_batches(epoch.train_images, batch_size)}/{epoch.train_images}, "
        f"Training Loss: {_loss(epoch.train_loss, 8)}, "
        f"Training Accuracy: {100 * epoch.train_correct / epoch.train_images:.4f}%",
        _batches(epoch.train_images, batch_size),
        epoch.train_seconds,
    )
    batches = _batches(epoch.validation_images, evaluation_batch)
    share = batches / epoch.validation_images
    scaled = None if epoch.validation_loss is None else epoch.validation_loss * share
    tested = (
        f"Batch Id/Size: {batches}/{epoch.validation_images}, Test Loss: {_loss(scaled, 8)}, "
        f"Test Accuracy: {100 * epoch.validation_accuracy:.4f}%"
    )
    return f"Epoch: {epoch.epoch}\n{trained}\n{tested}\nLR: [{epoch.learning_rate!r}]"


def progress_bar(description: str, steps: int, seconds: float) -> str:
    """Return a bar at its end, in the form of tqdm's: done, steps, time taken and left, steps a second."""
    rate = steps / seconds if seconds > 0 else 0.0
    speed = f"{rate:.2f}it/s" if rate >= 1 or not rate else f"{1 / rate:.2f}s/it"
    return f"{description}: 100%|{BAR}| {steps}/{steps} [{_clock(seconds)}<00:00, {speed:>9}]"


def epoch_lines(epoch: EpochRecord) -> str:
    """Return an epoch as a heading, the training set's line and the test set's."""
    train = _set_line("Train", epoch.train_loss, epoch.train_correct, epoch.train_images)
    test = _set_line("Test", epoch.validation_loss, epoch.validation_correct, epoch.validation_images)
    return f"[Epoch {epoch.epoch}]\n{train}\n{test}"


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
