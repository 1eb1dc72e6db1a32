"""Compile what one recipe needs and keep it for later runs: `python -m benchmarks.gpu.fill RECIPE`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click
import psutil

from dawnbench.cli.options import data_option, device_option, recipe_argument, resolve, set_option
from dawnbench.errors import DawnbenchError

COMPILE_THREADS = "2"
"""Half as many recipes as there are cores are filled at once; each would start a worker for every core."""


@click.command()
@recipe_argument
@data_option
@device_option
@set_option
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(recipe: str, data: str | None, device: str, settings: tuple[str, ...], out: Path) -> None:
    """Warm up as a run does, and write what that took, from the start of the process, as JSON."""
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", COMPILE_THREADS)
    resolved = resolve(recipe, settings, data=data)
    from dawnbench.campaigns import SilentObserver, run

    class UntilTheFirstTrial(SilentObserver):
        empty: bool | None = None

        def preparing(self, what: str, slow: bool = False) -> None:
            if self.empty is None:  # the device has named its cache, and nothing is compiled yet
                cache = Path(os.environ.get("TORCHINDUCTOR_CACHE_DIR", ""))
                self.empty = not cache.is_dir() or not any(cache.iterdir())

        def trial_started(self, trial: int, seed: int) -> None:
            took = time.time() - psutil.Process().create_time()
            out.write_text(json.dumps({"start_to_warm": took, "cache_was_empty": self.empty}))
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as runs, suppress(KeyboardInterrupt):
        run(resolved, device=device, out=runs, observer=UntilTheFirstTrial())


if __name__ == "__main__":
    try:
        main()
    except DawnbenchError as error:
        sys.exit(f"fill: {error}")
