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
    from dawnbench.data.batches import TrainingBatches

    from benchmarks.engine import SilentLedger, make_trainer, synthetic
    from dawnbench.data.normalization import Normalization
    from dawnbench.engine.device.common import DTYPES

    made = make_trainer(
        synthetic(batch * (steps + WARM_UP)), device=str(device), batch=batch, widths=widths, epochs=1
    )
    made.trainer.warm_up()
    marks = Marks(device)
    # Called behind each step: the first of an epoch counts as warm-up, its begin is not seen.
    made.trainer.trial(0, SilentLedger(), lambda _result: None, lambda _step: marks.add())

    images = torch.from_numpy(made.dataset.train_images).to(device)
    labels = torch.from_numpy(made.dataset.train_labels).to(device)
    batches = TrainingBatches(
        images,
        labels,
        Normalization.measured(images, DTYPES[made.plan.precision]),
        [part.build() for part in made.recipe.augmentation],
        batch,
        True,
        made.device.generator(0),
    )
    alone = Marks(device)
    alone.add()
    for _ in batches.epoch():
        alone.add()
    return {"steps": marks.seconds(), "batches": alone.seconds(), "precision": made.plan.precision}


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
