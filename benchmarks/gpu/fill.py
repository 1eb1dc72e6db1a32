"""Compile what one recipe needs, and keep it for later runs: `python -m benchmarks.gpu.fill RECIPE`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psutil

from dawnbench.cli.options import data_option, device_option, recipe_argument, resolve, set_option
from dawnbench.errors import DawnbenchError

if TYPE_CHECKING:
    from dawnbench.engine.device import Device
    from dawnbench.recipes import Recipe

COMPILE_THREADS = "2"
"""Half as many recipes as there are cores are filled at once; each would start a worker for every core."""


def fill(recipe: Recipe, device: Device) -> None:
    """Train a run's warm-up steps: all that a run compiles and captures."""
    from dawnbench.data.sources import load_dataset
    from dawnbench.engine.prepare import prepare
    from dawnbench.engine.warm_up import warm_up

    dataset = load_dataset(recipe.dataset.name, image_size=recipe.dataset.image_size)
    warm_up(prepare(recipe, dataset, device))


@click.command()
@recipe_argument
@data_option
@device_option
@set_option
def main(recipe: str, data: str | None, device: str, settings: tuple[str, ...]) -> None:
    """Fill the compile cache and print what that took, from the process's start on, as JSON."""
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", COMPILE_THREADS)
    try:
        resolved = resolve(recipe, settings, data=data)
        from dawnbench.engine.device import open_device

        opened = open_device(device)
        opened.tune()
        cache = Path(os.environ.get("TORCHINDUCTOR_CACHE_DIR", ""))
        cold = not cache.is_dir() or not any(cache.iterdir())
        fill(resolved, opened)
    except DawnbenchError as error:
        sys.exit(f"fill: {error}")
    took = time.time() - psutil.Process().create_time()
    print(json.dumps({"start_to_warm": took, "cache_was_empty": cold}))


if __name__ == "__main__":
    main()
