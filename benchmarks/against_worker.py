"""Trains one recipe turn by turn, as requested: `python -P against_worker.py REQUEST`, a JSON object.

It also runs in the tree of an earlier revision, so it takes nothing of dawnbench but what the public API has
had from the start, and nothing of this folder. A turn is one epoch: each line on stdin grants one, each
line on stdout says what its steps took. The whole is one trial, so that nothing is built between the turns.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class TurnTaker:
    """Holds the trial before each epoch until it is granted, and times the epoch's steps."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say = say

    def __getattr__(self, event: str) -> Callable[..., None]:
        """Ignore every other event that some revision reports."""
        return lambda *_given, **_named: None

    def trial_started(self, *_given: object) -> None:
        self._wait()

    def step(self, *_given: object) -> None:
        # The last step of the epoch overwrites the others, so that the evaluation does not count.
        self._took = {"wall": time.perf_counter() - self._wall, "cpu": time.process_time() - self._cpu}

    def epoch_ended(self, *_given: object) -> None:
        self._say(self._took)
        self._wait()

    def _wait(self) -> None:
        if not sys.stdin.readline():
            raise KeyboardInterrupt  # nobody wants another turn
        self._wall, self._cpu = time.perf_counter(), time.process_time()


def main() -> None:
    request = json.loads(sys.argv[1])
    # What a revision prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    import torch

    import dawnbench

    home = Path(dawnbench.__file__).resolve().parents[1]
    assert home == Path.cwd().resolve(), f"dawnbench was found in {home} and not in {Path.cwd()}"
    torch.set_num_threads(request["threads"])
    observer: Any = TurnTaker(say)
    try:
        recipe = dawnbench.override(dawnbench.find_recipe(request["recipe"]), request["settings"])
        dawnbench.run(recipe, device="cpu", out=request["out"], observer=observer)
    except dawnbench.DawnbenchError as error:
        say({"refused": str(error)})


if __name__ == "__main__":
    main()
