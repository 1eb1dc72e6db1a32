"""The seconds of each training step of one variant, in a process of its own, as JSON.

`python -m benchmarks.steps VARIANT --batch 512 --steps 6 [--widths 64,128,256,512] [--device cpu]`

A process of its own because dawnbench tunes the allocator, which is a setting of the whole process: bare
loops must not profit from it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch

from benchmarks.bare import training_steps
from benchmarks.images import random_images
from benchmarks.processes import ROOT, environment
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt

VARIANTS = ("eager-fp32", "eager-bf16", "dawnbench")
WARM_UP = 1


def timed(device: Device, steps: int, step: Callable[[], Any]) -> list[float]:
    """Return the seconds of each of so many calls."""
    marks = [device.mark()]
    for _ in range(steps):
        step()
        marks.append(device.mark())
    return [device.elapsed_ns(start, end) / 1e9 for start, end in pairwise(marks)]


def bare(device: Device, batch: int, steps: int, widths: tuple[int, ...], bf16: bool) -> dict[str, Any]:
    training = training_steps(device.torch, batch, widths, bf16)
    for _ in range(WARM_UP):
        next(training)
    return {"steps": timed(device, steps, partial(next, training))}


def dawnbench(device: Device, batch: int, steps: int, widths: tuple[int, ...]) -> dict[str, Any]:
    device.tune()
    settings = [f"batch_size={batch}", "epochs=1", f"model.widths={list(widths)}"]
    # The last step of an epoch stands apart, so it is not timed.
    data = random_images(batch * (WARM_UP + steps + 1))
    prepared = prepare(adapt(find_recipe("davidnet"), settings), data, device)
    warm_up(prepared)
    trial = Trial(prepared, 0, Ledger(device))
    trial.begin_epoch()
    for _ in range(WARM_UP):
        trial.train_step()
    found = timed(device, steps, trial.train_step)

    source, size = prepared.input, prepared.recipe.dataset.image_size
    source.begin_epoch(0, prepared.generator)
    positions = iter(torch.arange(steps, device=device.torch).unbind())
    batches = timed(device, steps, lambda: source.batch(next(positions), batch, size))
    return {"steps": found, "batches": batches, "precision": prepared.precision.name}


def measure(variant: str, batch: int, steps: int, widths: Sequence[int], device: str) -> dict[str, Any]:
    """Run a variant in a new process and return what it printed."""
    arguments = ["--batch", str(batch), "--steps", str(steps), "--device", device]
    arguments += ["--widths", ",".join(map(str, widths))]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.steps", variant, *arguments],
        cwd=ROOT,
        env=environment(),
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
    device, widths = open_device(given.device), tuple(int(width) for width in given.widths.split(","))
    if given.variant == "dawnbench":
        found = dawnbench(device, given.batch, given.steps, widths)
    else:
        found = bare(device, given.batch, given.steps, widths, bf16=given.variant == "eager-bf16")
    print(json.dumps({"variant": given.variant, "batch": given.batch, "widths": widths} | found))


if __name__ == "__main__":
    main()
