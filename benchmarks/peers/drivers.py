"""One trial of a peer, by its `main(run, model)` or by its `setup()` and `train(model, extra, context)`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.peers.known import Peer
from benchmarks.peers.script import FOLDER

WARM_UP_STEPS = 2
FINAL_LEVEL = 2
"""The `tta_level` of the evaluation that ends a trial."""
EVALUATION_BATCH = 2000


@dataclass(frozen=True)
class Measured:
    """What a script did in one trial."""

    passes: tuple[tuple[str, int | None, float], ...]
    """Segment, epoch and seconds, in order; together they are the trial's time under `strict`."""
    own_seconds: float | None
    """By the script's own clock."""
    accuracy: float | None
    """On all test images, 0 to 1; None if the trial was not trained to its end."""
    estimate: str | None = None
    """How the time was estimated; None if it was measured."""


class TrialClock:
    """Counts everything between two synchronized marks, except what `strict` does not count."""

    def __init__(self, device: str) -> None:
        self._synchronize = torch.cuda.synchronize if device == "cuda" else lambda: None
        self._uncounted = 0.0
        self._began = self.now()

    def now(self) -> float:
        """Return the host's seconds once the device has done all that it was given."""
        self._synchronize()
        return time.perf_counter()

    def elapsed(self) -> float:
        """Return the counted seconds since the trial began."""
        return self.now() - self._began - self._uncounted

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the block out, as `strict` leaves out the evaluations between epochs."""
        began = self.now()
        try:
            yield
        finally:
            self._uncounted += self.now() - began


class EnoughEpochsError(Exception):
    """The requested number of epochs was timed."""


class ByMain:
    """Peers with a `main` that trains once: airbench94_muon and its descendants.

    Their `main` looks up `evaluate(model, loader, tta_level)` and `print_training_details(variables, ...)` in
    the module; the hooks are placed there.
    """

    def __init__(self, peer: Peer, module: ModuleType, device: str, epochs: int | None) -> None:
        """Build the model as the script's `__main__` block does; `epochs` of each trial, None for all."""
        self._peer, self._module, self._device, self._epochs = peer, module, device, epochs
        self._warming = False
        self._evaluate: Callable[..., float] = module.evaluate
        vars(module).update(evaluate=self._evaluate_and_mark, print_training_details=self._note)
        if device == "cpu":  # on CUDA a mark at the end of an epoch would hold the device up
            module.CifarLoader.__iter__ = self._timed(module.CifarLoader.__iter__)
        self._model = module.CifarNet().to(device).to(memory_format=torch.channels_last)
        if device == "cuda":
            self._model.compile(mode="max-autotune")

    def warm_up(self) -> None:
        """Compile and tune by a trial on random labels, as the scripts do; on the CPU by its first steps."""
        self._warming = True
        self._run("warmup")
        self._warming = False

    def trial(self, seed: int) -> Measured:
        """Train from a seed."""
        torch.manual_seed(seed)
        self._run(1)
        epochs, timed = self._peer.epochs, sum(self._times)
        whole = not self._cut_short or len(self._times) >= epochs
        # What was not seen as an epoch (CUDA), or not trained (CPU).
        rest = self._ended - self._prepared - timed - self._final
        if self._cut_short:
            rest = (epochs / len(self._times) - 1) * timed
        trained = f"its time is an estimate: {len(self._times)} of {epochs:g} epochs were trained"
        return Measured(
            passes=(
                ("init", None, self._prepared),
                *(("train", number, seconds) for number, seconds in enumerate(self._times, 1)),
                ("train", None, max(0.0, rest)),
                ("final_evaluate", None, self._final),
            ),
            own_seconds=self._own,
            accuracy=self._accuracy if whole else None,
            estimate=None if whole else trained,
        )

    def _run(self, run: Any) -> None:
        self._times: list[float] = []
        self._prepared = self._final = self._ended = 0.0
        self._cut_short = False
        self._own: float | None = None
        self._clock = TrialClock(self._device)
        with suppress(EnoughEpochsError):
            self._module.main(run, self._model)

    def _evaluate_and_mark(self, model: Any, loader: Any, tta_level: int = 0) -> float:
        if tta_level != FINAL_LEVEL:
            self._cut_short = self._epochs is not None and len(self._times) >= self._epochs
            if not self._cut_short:
                with self._clock.paused():
                    return self._evaluate(model, loader, tta_level)
        began = self._clock.now()
        self._accuracy = self._evaluate(model, loader, FINAL_LEVEL)
        self._final = self._clock.now() - began
        self._ended = self._clock.elapsed()
        if self._cut_short:
            raise EnoughEpochsError
        return self._accuracy

    def _note(self, variables: dict[str, Any], is_final_entry: bool = False) -> None:
        """Take the script's own time from the row that it would print."""
        if is_final_entry:
            self._own = variables["time_seconds"]

    def _timed(self, iterate: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
        def epoch(loader: Any) -> Iterator[Any]:
            if not self._times:
                self._prepared = self._clock.elapsed()
            began = self._clock.now()
            if self._warming:
                yield from islice(iterate(loader), WARM_UP_STEPS)
                raise EnoughEpochsError
            try:
                yield from iterate(loader)
            finally:  # the last epoch's loop is left before its loader is empty
                self._times.append(self._clock.now() - began)

        return epoch


class ByHooks:
    """Peers with a `setup` that builds once and later resets, and a `train`; they have no evaluation."""

    def __init__(self, module: ModuleType, device: str) -> None:
        self._module, self._device = module, device
        # The script reports to its context as it trains; the answer is not part of a trial.
        self._context = SimpleNamespace(validate=lambda *_, **__: None)

    def warm_up(self) -> None:
        """Build, compile and capture by `setup`, then go through a whole trial once."""
        self._loader = self._module.setup()[1]["train_loader"]
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
        training = clock.elapsed() - placed
        accuracy = _six_view_accuracy(model, test)
        evaluating = clock.elapsed() - placed - training
        passes = (
            ("to_device", None, placed),
            ("train", None, training),
            ("final_evaluate", None, evaluating),
        )
        return Measured(passes, training, accuracy)

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
