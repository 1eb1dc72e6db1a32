"""One trial of a peer, by its `main(run, model)` or by its `setup()` and `train(model, extra, context)`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.peers.scripts import FOLDER

SegmentTimer = Callable[[str], AbstractContextManager[object]]
"""From a segment's name to the context in which it is timed."""
FINAL_LEVEL = 2
"""The `tta_level` of the evaluation that ends a trial."""
EVALUATION_BATCH = 2000


class ByMain:
    """Peers with a `main` that trains once: airbench94_muon and its descendants.

    Their `main` looks up `evaluate(model, loader, tta_level)` and `print_training_details(variables, ...)` in
    the module; the hooks are placed there.
    """

    def __init__(self, module: ModuleType, device: str) -> None:
        """Build the model as the script's `__main__` block does."""
        self._module, self._compiled = module, device == "cuda"
        self._evaluate: Callable[..., float] = module.evaluate
        vars(module).update(evaluate=self._evaluate_in_a_segment, print_training_details=self._note)
        self._model = module.CifarNet().to(device).to(memory_format=torch.channels_last)
        if self._compiled:
            self._model.compile(mode="max-autotune")

    def warm_up(self) -> None:
        """Compile and tune by a trial on random labels, as the scripts do; on the CPU nothing is compiled."""
        if self._compiled:
            self._run("warmup", nullcontext)

    def trial(self, seed: int, segment: SegmentTimer) -> tuple[float, float | None]:
        """Train from a seed; return the accuracy, 0 to 1, and the seconds by the script's own clock."""
        torch.manual_seed(seed)
        self._own_seconds: float | None = None
        self._run(1, segment)
        return self._accuracy, self._own_seconds

    def _run(self, run: Any, segment: SegmentTimer) -> None:
        self._segment = segment
        with ExitStack() as self._training:
            self._training.enter_context(segment("train"))
            self._module.main(run, self._model)

    def _evaluate_in_a_segment(self, model: Any, loader: Any, tta_level: int = 0) -> float:
        final = tta_level == FINAL_LEVEL
        self._training.close()
        with self._segment("final_evaluate" if final else "evaluate"):
            self._accuracy = self._evaluate(model, loader, tta_level)
        if not final:
            self._training.enter_context(self._segment("train"))
        return self._accuracy

    def _note(self, variables: dict[str, Any], is_final_entry: bool = False) -> None:
        """Take the script's own time from the row that it would print."""
        if is_final_entry:
            self._own_seconds = variables["time_seconds"]


class ByHooks:
    """Peers with a `setup` that builds once and later resets, and a `train`; they have no evaluation."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        # The script reports to its context as it trains; the answer is not part of a trial.
        self._context = SimpleNamespace(validate=lambda *_, **__: None)

    def warm_up(self) -> None:
        """Build, compile and capture by `setup`, then go through a whole trial once."""
        self._loader = self._module.setup()[1]["train_loader"]
        self.trial(0, nullcontext)

    def trial(self, seed: int, segment: SegmentTimer) -> tuple[float, float | None]:
        """Train from a seed; return the accuracy, 0 to 1, and None: the script has no clock of its own."""
        torch.manual_seed(seed)
        with segment("to_device"):
            self._place_data()
            test = self._module.CifarLoader(FOLDER, train=False, batch_size=EVALUATION_BATCH)
        with segment("train"):
            model, extra = self._module.setup()
            self._module.train(model, extra, self._context)
        with segment("final_evaluate"):
            accuracy = _six_view_accuracy(model, test)
        return accuracy, None

    def _place_data(self) -> None:
        """Put fresh pixels into the loader that `setup` keeps, prepared as the loader prepares them itself.

        The script does this once; `strict` counts the data's way to the device in every trial.
        """
        kept, module = self._loader, self._module
        fresh = module.CifarLoader(FOLDER, train=True, batch_size=kept.batch_size, aug=kept.aug)
        kept.images, kept.labels, kept.epoch = fresh.images, fresh.labels, 0
        normal = kept.normalize(kept.images)
        flipped = module.batch_flip_lr(normal) if kept.aug.get("flip", False) else normal
        padded = F.pad(flipped, (kept.aug.get("translate", 0),) * 4, "reflect")
        kept.proc_images.update({"norm": normal, "flip": flipped, "pad": padded})


@torch.no_grad()
def _six_view_accuracy(model: Any, loader: Any) -> float:
    """Return the accuracy, 0 to 1, over six views: unshifted and shifted two ways, each mirrored too.

    The two unshifted views together weigh as much as the four shifted ones.
    """

    def mirrored(images: Tensor) -> Tensor:
        both: Tensor = model.eval_forward(images).float() + model.eval_forward(images.flip(-1)).float()
        return both / 2

    model.eval()
    correct = torch.zeros((), dtype=torch.int64, device=loader.labels.device)
    batches = loader.normalize(loader.images).split(EVALUATION_BATCH)
    for images, labels in zip(batches, loader.labels.split(EVALUATION_BATCH), strict=True):
        padded, size = F.pad(images, (1, 1, 1, 1), "reflect"), images.shape[-1]
        shifted = mirrored(padded[..., :size, :size]) + mirrored(padded[..., 2:, 2:])
        correct += ((mirrored(images) + shifted / 2).argmax(1) == labels).sum()
    model.train()
    return int(correct) / len(loader.labels)
