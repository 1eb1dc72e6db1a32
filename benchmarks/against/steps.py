"""The recipes whose steps are compared, made small."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

BATCH = 128
TEST_IMAGES = 20
"""The evaluation lies between the turns and is not timed."""


@dataclass(frozen=True)
class Small:
    """A recipe at a size of which a step takes about 50 ms on one core."""

    steps: int
    """Of a turn; as many as lie between two updates of the recipe's average."""
    settings: tuple[str, ...]
    """KEY=VALUE each."""


DAVIDNET = "model.widths=[8,16,32,64]"
SMALL = {
    "davidnet": Small(5, (DAVIDNET,)),
    "davidnet-10": Small(5, (DAVIDNET, "model.norm_splits=4")),
    # Its average is one of the last steps only; so every turn has it.
    "speedrun": Small(
        4, ("model.widths=[16,32,32]", f"model.whitening_images={BATCH}", "average.last_steps=1000000")
    ),
}


def write_images(folder: Path, steps: int) -> Path:
    """Write random images in CIFAR-10's shape, one epoch of `steps` batches, and return the file's path.

    What they show does not change a step's time.
    """
    random, path = np.random.default_rng(0), folder / f"random-{steps}.npz"
    count = {"train": BATCH * steps, "test": TEST_IMAGES}
    pixels = {f"x_{k}": random.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8) for k, n in count.items()}
    labels = {f"y_{k}": np.arange(n) % 10 for k, n in count.items()}
    np.savez(path, **pixels, **labels)  # type: ignore[arg-type]
    return path


def settings_of(recipe: str, images: Path, turns: int) -> list[str]:
    """Return what makes the recipe small and as long as there are turns."""
    return [*SMALL[recipe].settings, f"batch_size={BATCH}", f"dataset.name={images}", f"epochs={turns}"]
