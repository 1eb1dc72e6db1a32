"""Peers with a `main(run, model)` that trains once: airbench94_muon and its descendants.

Their `main` looks up `evaluate(model, loader, tta_level)` and `print_training_details(variables, ...)` in the
module; the hooks are placed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from types import ModuleType
from typing import Any

import torch

from benchmarks.peers.known import Peer
from benchmarks.peers.trials import Measured, TrialClock

WARM_UP_STEPS = 2
FINAL = 2
"""The `tta_level` of the evaluation that ends a trial."""


class EnoughEpochsError(Exception):
    """The requested number of epochs was timed."""


class ByMain:
    """A peer's trials in this process."""

    def __init__(self, peer: Peer, module: ModuleType, device: str, epochs: int | None) -> None:
        """Build the model as the script's `__main__` block does; `epochs` of each trial, all for None."""
        self._peer, self._module, self._device, self._epochs = peer, module, device, epochs
        self._warming = False
        self._evaluate: Callable[..., float] = module.evaluate
        vars(module).update(evaluate=self._evaluate_and_mark, print_training_details=self._note)
        if device == "cpu":
            # On CUDA a mark at an epoch's end would hold the device up.
            module.CifarLoader.__iter__ = self._timed(module.CifarLoader.__iter__)
        self._model = module.CifarNet().to(device).to(memory_format=torch.channels_last)
        if device == "cuda":
            self._model.compile(mode="max-autotune")

    def warm_up(self) -> None:
        """Compile and tune by a trial on random labels, as the scripts do; on the CPU by its first steps."""
        self._begin()
        self._warming = True
        with suppress(EnoughEpochsError):
            self._module.main("warmup", self._model)
        self._warming = False

    def trial(self, seed: int) -> Measured:
        """Train from a seed."""
        torch.manual_seed(seed)
        self._begin()
        with suppress(EnoughEpochsError):
            self._module.main(1, self._model)
        epochs, timed = self._peer.epochs, sum(self._times)
        whole = not self._cut_short or len(self._times) >= epochs
        # What is not seen as an epoch on CUDA, or was not trained on the CPU.
        rest = self._ended - self._prepared - timed - self._final
        if self._cut_short:
            rest = (epochs / len(self._times) - 1) * timed
        return Measured(
            passes=(
                ("init", None, self._prepared),
                *(("train", number, seconds) for number, seconds in enumerate(self._times, 1)),
                ("train", None, max(0.0, rest)),
                ("final_evaluate", None, self._final),
            ),
            own_seconds=self._own,
            accuracy=self._accuracy if whole else None,
            estimate=None
            if whole
            else f"its time is an estimate: {len(self._times)} of {epochs:g} epochs were trained",
        )

    def _begin(self) -> None:
        self._times: list[float] = []
        self._prepared = self._final = self._ended = 0.0
        self._cut_short = False
        self._own: float | None = None
        self._accuracy: float | None = None
        self._clock = TrialClock(self._device)

    def _evaluate_and_mark(self, model: Any, loader: Any, tta_level: int = 0) -> float:
        if tta_level == FINAL:
            return self._final_evaluation(model, loader)
        if self._epochs is not None and len(self._times) >= self._epochs:
            self._final_evaluation(model, loader)
            self._cut_short = True
            raise EnoughEpochsError
        with self._clock.off_the_clock():
            return self._evaluate(model, loader, tta_level)

    def _final_evaluation(self, model: Any, loader: Any) -> float:
        began = self._clock.now()
        self._accuracy = self._evaluate(model, loader, FINAL)
        self._final = self._clock.now() - began
        self._ended = self._clock.elapsed()
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
