"""Peers with `setup()`, which builds once and later resets, and `train(model, extra, context)`."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.peers.data import FOLDER
from benchmarks.peers.trials import Measured, TrialClock

EVALUATION_BATCH = 2000


class ByHooks:
    """A peer's trials in this process."""

    def __init__(self, module: ModuleType, device: str) -> None:
        self._module, self._device = module, device
        # It reports to its context as it trains; the answer is not part of a trial.
        self._context = SimpleNamespace(validate=lambda *_, **__: None)

    def warm_up(self) -> None:
        """Build, compile and capture by `setup`, then go through a whole trial once."""
        _, extra = self._module.setup()
        self._loader = extra["train_loader"]
        self.trial(0)

    def trial(self, seed: int) -> Measured:
        """Train from a seed."""
        torch.manual_seed(seed)
        clock = TrialClock(self._device)
        self._place_data()
        test = self._module.CifarLoader(FOLDER, train=False, batch_size=EVALUATION_BATCH)
        placed = clock.elapsed()
        model, extra = self._module.setup()
        self._module.train(model, extra, self._context)
        trained = clock.elapsed()
        accuracy = _evaluate(model, test)
        ended = clock.elapsed()
        passes = (
            ("to_device", None, placed),
            ("train", None, trained - placed),
            ("final_evaluate", None, ended - trained),
        )
        return Measured(passes, own_seconds=trained - placed, accuracy=accuracy)

    def _place_data(self) -> None:
        """Put fresh pixels into the loader that `setup` keeps, prepared as the loader prepares them itself.

        The script does this once in its build; `strict` counts the data's way to the device in every trial.
        """
        kept, module = self._loader, self._module
        fresh = module.CifarLoader(FOLDER, train=True, batch_size=kept.batch_size, aug=kept.aug)
        kept.images, kept.labels, kept.epoch = fresh.images, fresh.labels, 0
        normal = kept.normalize(kept.images)
        flipped = module.batch_flip_lr(normal) if kept.aug.get("flip", False) else normal
        padded = F.pad(flipped, (kept.aug.get("translate", 0),) * 4, "reflect")
        kept.proc_images.update({"norm": normal, "flip": flipped, "pad": padded})


@torch.no_grad()
def _evaluate(model: Any, loader: Any) -> float:
    """Return the accuracy, 0 to 1, over six views: unshifted and shifted two ways, each mirrored too.

    The two unshifted views together weigh as much as the four shifted ones.
    """

    def mirrored(images: Tensor) -> Tensor:
        both: Tensor = model.eval_forward(images).float() + model.eval_forward(images.flip(-1)).float()
        return both / 2

    model.eval()
    correct = torch.zeros((), dtype=torch.int64, device=loader.labels.device)
    normal = loader.normalize(loader.images)
    for images, labels in zip(
        normal.split(EVALUATION_BATCH), loader.labels.split(EVALUATION_BATCH), strict=True
    ):
        padded = F.pad(images, (1, 1, 1, 1), "reflect")
        size = images.shape[-1]
        shifted = mirrored(padded[..., :size, :size]) + mirrored(padded[..., 2:, 2:])
        correct += ((mirrored(images) + shifted / 2).argmax(1) == labels).sum()
    model.train()
    return int(correct) / len(loader.labels)
