"""The seconds of each training step of one variant, in a process of its own, as JSON.

`python -m benchmarks.steps VARIANT --batch 512 --steps 6 [--widths 64,128,256,512] [--device cpu]`

A process of its own because dawnbench tunes the allocator, which is a setting of the whole process: bare
loops must not profit by it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.clock import Marks
from dawnbench.engine.warm_up import warm_up

VARIANTS = ("eager-fp32", "eager-bf16", "dawnbench")
WARM_UP = 1


def bare(device: torch.device, batch: int, steps: int, widths: tuple[int, ...], bf16: bool) -> dict[str, Any]:
    from benchmarks.bare import training_steps

    training = training_steps(device, batch, widths, bf16)
    for _ in range(WARM_UP):
        next(training)
    marks = Marks(device)
    marks.add()
    for _ in range(steps):
        next(training)
        marks.add()
    return {"steps": marks.seconds()}


def dawnbench(device: torch.device, batch: int, steps: int, widths: tuple[int, ...]) -> dict[str, Any]:
    from benchmarks.engine import SilentLedger, make_prepared, synthetic
    from dawnbench.engine.hooks import Hook
    from dawnbench.engine.trial import Trial

    class MarkSteps(Hook):
        """Marks the end of each step: the first one counts as warm-up, as the epoch's start is not seen."""

        def after_step(self, trial: Trial, step: int) -> None:
            marks.add()

    images = synthetic(batch * (steps + WARM_UP))
    prepared = make_prepared(images, device=str(device), batch=batch, widths=widths, epochs=1).prepared
    warm_up(prepared)
    marks = Marks(device)
    Trial(prepared, 0, SilentLedger(), (MarkSteps(),)).run()

    source, alone = prepared.input, Marks(device)
    positions = torch.arange(len(source.counts), device=device).unbind()
    alone.add()
    source.begin_epoch(0, prepared.generator)
    for position, count in zip(positions, source.counts, strict=True):
        source.batch(position, count, prepared.recipe.dataset.image_size)
        alone.add()
    return {"steps": marks.seconds(), "batches": alone.seconds(), "precision": prepared.precision.name}


def measure(variant: str, batch: int, steps: int, widths: Sequence[int], device: str) -> dict[str, Any]:
    """Run a variant in a new process and return what it printed."""
    arguments = ["--batch", str(batch), "--steps", str(steps), "--device", device]
    arguments += ["--widths", ",".join(map(str, widths))]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.steps", variant, *arguments],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{variant} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def main() -> None:
    parser = argparse.ArgumentParser(description="The seconds of each training step of one variant.")
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--widths", default="64,128,256,512")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    given = parser.parse_args()
    device, widths = torch.device(given.device), tuple(int(width) for width in given.widths.split(","))
    if given.variant == "dawnbench":
        found = dawnbench(device, given.batch, given.steps, widths)
    else:
        found = bare(device, given.batch, given.steps, widths, bf16=given.variant == "eager-bf16")
    print(json.dumps({"variant": given.variant, "batch": given.batch, "widths": widths} | found))


if __name__ == "__main__":
    main()
