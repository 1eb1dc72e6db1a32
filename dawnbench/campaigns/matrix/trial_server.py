"""A process that runs one trial after another, each into a run folder of its own.

It reads orders from standard input, one JSON object per line, and answers each with a line. Trials that
differ only in their seeds, schedules and epochs share what the first of them loaded, built and compiled.
After an error the process ends, since it may have left the device in any state.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from dawnbench.campaigns.matrix.worker import ERRORS
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.campaigns.recording import RecordingOptions
from dawnbench.campaigns.runner import run_trials
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup
from dawnbench.engine.device import Device, open_device
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.recipes.recipe import Recipe

INTERRUPTED, FAILED, CRASHED = 130, 2, 70
"""Exit statuses of `dawnbench run` for what an order may come to."""
STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Order:
    """One trial to run."""

    recipe: str
    """A name, or the path of a file."""
    arguments: tuple[str, ...]
    """Those of `dawnbench run`, as `TrialJob.arguments` writes them."""
    out: str
    """The folder for the run folder."""

    def given(self, name: str) -> list[str]:
        """Return the values of an option, in their order."""
        words = (word.partition("=") for word in self.arguments)
        return [value for option, _, value in words if option == f"--{name}"]


class TrialServer:
    """Runs orders, and keeps the session of the last one for those after it that need the same programs."""

    def __init__(self) -> None:
        self._device: Device | None = None
        self._recipes: dict[str, Recipe] = {}
        self._session: Session | None = None

    def run(self, order: Order) -> None:
        """Run a trial and record it.

        Raises:
            DawnbenchError: the recipe, the data, the device or the disk cannot be used.
        """
        device = self._opened(order.given("device")[0])
        seed = int(order.given("seed")[0])
        options: RecordingOptions = {
            "out": Path(order.out),
            "observer": SilentObserver(),
            "command": ("dawnbench", "run", order.recipe, *order.arguments, f"--out={order.out}"),
            "startup": Startup(),
            "tags": dict(tag.split("=", 1) for tag in order.given("tag")),
            "notes": order.given("note"),
        }
        if order.recipe not in self._recipes:  # a file's parts can be registered only once
            self._recipes[order.recipe] = find_recipe(order.recipe)
        recipe = adapt(self._recipes[order.recipe], order.given("set"), trials=1)
        if self._session is not None and self._session.runs(recipe):
            session = self._session.again(recipe, seed=seed, **options)
        else:
            self._drop(device)
            session = Session(recipe, device, seed=seed, **options)
        run_trials(session, device, 1)
        self._session = session

    def _opened(self, name: str) -> Device:
        if self._device is None:
            self._device = open_device(name)
            self._device.tune()
        return self._device

    def _drop(self, device: Device) -> None:
        """Free what the last session holds, so that the next one has the device to itself."""
        if self._session is None:
            return
        compiled = self._session.compiles
        self._session = None
        if compiled:
            # Otherwise torch would count the programs of all sessions, and stop compiling at its limit.
            torch._dynamo.reset()
        gc.collect()
        device.release_cache()


def serve(
    orders: Iterator[str], answer: Callable[[dict[str, Any]], None], run: Callable[[Order], None]
) -> int:
    """Run orders until there are no more, or one fails; return the exit status."""
    for line in orders:
        content = json.loads(line)
        order = Order(content["recipe"], tuple(content["arguments"]), content["out"])
        status, reason = 0, ""
        with _errors_to(Path(order.out) / ERRORS):
            try:
                run(order)
            except KeyboardInterrupt as error:
                status, reason = INTERRUPTED, str(error)
            except DawnbenchError as error:
                status, reason = FAILED, str(error)
            except BaseException as error:
                status, reason = CRASHED, f"{type(error).__name__}: {error}"
                traceback.print_exc()
        answer({"status": status, "reason": reason})
        if status:
            return status
    return 0


@contextmanager
def _errors_to(path: Path) -> Iterator[None]:
    """Let standard error go into a file, that of libraries included."""
    before = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)


def _stop(number: int, _frame: FrameType | None) -> None:
    """Interrupt once: the records of the trial are written even if a signal comes from two senders."""
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(f"interrupted by {signal.Signals(number).name}")


def main(words: Sequence[str] = ()) -> int:
    """Serve standard input until it ends."""
    for number in STOPPING:
        signal.signal(number, _stop)
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    with suppress(KeyboardInterrupt):
        return serve(sys.stdin, answer, TrialServer().run)
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
