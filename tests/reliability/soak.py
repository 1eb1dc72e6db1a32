"""Let a run go on for a simulated day, and check that its memory and open files stay as they were.

`python -m tests.reliability.soak [HOURS]` prints a Markdown table. Each trial trains for real, for some
milliseconds, and takes a minute of a clock that jumps from step to step, with 20 samples of 12 sensors per
second of it and a checkpoint.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import psutil

from dawnbench.campaigns import run, runner
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.recipes import find_recipe
from dawnbench.records.schema import TrialRecord
from dawnbench.telemetry import Sampler
from dawnbench.telemetry.source import Probe, Source
from tests.cli.conftest import TINY_RECIPE

TRIAL_SECONDS, HERTZ, SENSORS = 60, 20, 12
LOOKS = 12
"""Over the run."""
MAX_GROWTH = 0.03
"""Of the memory after the first third of the looks, as a fraction."""


@dataclass(frozen=True)
class Look:
    """What the process holds after a trial."""

    trial: int
    megabytes: float
    """Resident memory."""
    files: int
    threads: int


class Simulated(Sampler):
    """Samples when told to, without a thread."""

    current: Simulated | None = None

    def start(self) -> None:
        self._start_ns = self._flushed_ns = time.perf_counter_ns()
        Simulated.current = self

    def stop(self) -> None:
        self._attempt(self._flush)


class Clock(SilentObserver):
    """Moves the clock from step to step, samples meanwhile, and looks at the process now and then."""

    def __init__(self, trials: int, steps: int) -> None:
        self.now_ns, self.looks = time.perf_counter_ns(), list[Look]()
        self._ticks, self._every = TRIAL_SECONDS * HERTZ // steps, max(1, trials // LOOKS)
        self._process = psutil.Process()

    def step(self, steps: int) -> None:
        for _ in range(self._ticks):
            self.now_ns += 10**9 // HERTZ
            if Simulated.current is not None:
                Simulated.current._sample()

    def trial_ended(self, record: TrialRecord) -> None:
        if record.trial % self._every == 0:
            megabytes = self._process.memory_info().rss / 1e6
            self.looks.append(
                Look(record.trial, megabytes, self._process.num_fds(), self._process.num_threads())
            )


def soak(trials: int, out: Path) -> list[Look]:
    """Run so many trials into `out` and return what was seen."""
    (out / "tiny.py").write_text(TINY_RECIPE)
    recipe = replace(find_recipe(str(out / "tiny.py")), epochs=2, trials=trials, batch_size=256)
    clock = Clock(trials, 2 * (1437 // 256))
    with _simulated(clock):
        run(recipe, device="cpu", out=out / "runs", observer=clock, checkpoint_every=1)
    return clock.looks


@contextmanager
def _simulated(clock: Clock) -> Iterator[None]:
    source = Source([Probe({f"sensor_{n}": "W"}, lambda: (1.25,)) for n in range(SENSORS)])
    with (
        patch.object(time, "perf_counter_ns", lambda: clock.now_ns),
        patch.object(runner, "Sampler", Simulated),
        patch.object(runner, "open_sources", lambda _uuid: [source]),
    ):
        yield


def growth(looks: list[Look]) -> float:
    """Return by how much the memory grew after the first third of the looks, as a fraction."""
    settled = looks[len(looks) // 3 :]
    return max(look.megabytes for look in settled) / settled[0].megabytes - 1


def main_with(hours: float) -> int:
    """Soak, print the table, and return 1 if memory, files or threads grew."""
    with tempfile.TemporaryDirectory() as folder:
        looks = soak(round(hours * 3600 / TRIAL_SECONDS), Path(folder))
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    print("| trials | memory, MB | open files | threads |\n| ---: | ---: | ---: | ---: |")
    for look in looks:
        print(f"| {look.trial:,} | {look.megabytes:,.1f} | {look.files} | {look.threads} |")
    grew = growth(looks)
    flat = grew <= MAX_GROWTH and len({(look.files, look.threads) for look in looks}) == 1
    print(f"\n{size / 1e6:,.0f} MB written; memory grew by {grew:.1%}: {'flat' if flat else 'NOT FLAT'}")
    return not flat


if __name__ == "__main__":
    sys.exit(main_with(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0))
