"""The same training with the whole harness around it and with none of it, pair by pair."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.described import describe
from benchmarks.engine import Made, SilentLedger
from benchmarks.ratios import Ratio, paired_ratio
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.records.store import RunWriter
from dawnbench.report.display import TerminalDisplay
from dawnbench.telemetry import Sampler, open_sources

COLUMNS = 80


@dataclass(frozen=True)
class Cost:
    """What one trial took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of processor time, user and system, of all threads of the process."""


@dataclass(frozen=True)
class Overhead:
    """The harness's time over the bare loop's."""

    wall: Ratio
    cpu: Ratio
    epoch_seconds: float
    """Of the bare loop, the evaluation included; the median over the trials."""

    @property
    def deciding(self) -> tuple[str, Ratio]:
        """The figure with the narrower interval, by its name.

        A busy neighbour stretches wall time, idle threads that spin stretch processor time: whichever was
        disturbed less in this run says more.
        """
        return ("wall", self.wall) if self.wall.width <= self.cpu.width else ("cpu", self.cpu)


@dataclass(frozen=True)
class Harness:
    """A run as the command line opens it in a terminal."""

    writer: RunWriter
    display: TerminalDisplay
    trial: Callable[[int], None]
    """Runs one recorded trial from a seed."""


@contextmanager
def full_harness(made: Made, folder: Path) -> Iterator[Harness]:
    """Open a run folder, the sampler and the display, and close them behind the block."""
    created, prepared = datetime.now(UTC), made.prepared
    recipe, device = prepared.recipe, prepared.device
    writer = RunWriter(folder, recipe.name, created)
    sampler = Sampler(open_sources(device.uuid), writer.append_samples)
    record = describe(made, created, sampler.unavailable)
    with ExitStack() as stack:
        display = TerminalDisplay(_terminal(stack, writer.folder), "milliseconds")
        writer.write_run(record)
        stack.callback(writer.close, "finished")
        display.run_started(record, writer.folder, prepared.steps)
        stack.callback(display.close)
        stack.enter_context(sampler)
        setup = Ledger(device)

        def trial(seed: int) -> None:
            recorder = TrialRecorder(1, seed, recipe.target, device, sampler, writer, display)
            recorder.run(prepared, setup, ())

        yield Harness(writer, display, trial)


def _terminal(stack: ExitStack, folder: Path) -> Console:
    """Return a console that takes a file for a terminal, whatever the variables of the shell say."""
    screen = stack.enter_context((folder / "screen").open("w", encoding="utf-8"))
    return Console(
        file=screen,
        width=COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        _environ={"TERM": "xterm-256color"},
    )


def bare_trial(made: Made, seed: int) -> None:
    Trial(made.prepared, seed, SilentLedger()).run()


def cost(made: Made, trial: Callable[[int], None], seed: int) -> Cost:
    made.prepared.device.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    trial(seed)
    made.prepared.device.synchronize()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def measure_overhead(
    made: Made, folder: Path, *, at_least: int, at_most: int, seconds: float, width: float
) -> Overhead:
    """Alternate recorded and bare trials, the order turned with each pair.

    At least so many pairs; then on, until the narrower interval is as narrow as `width`, the time is up or
    there are `at_most`.
    """
    began = time.monotonic()
    warm_up(made.prepared)
    full: list[Cost] = []
    bare: list[Cost] = []
    for pair in range(at_most):
        for recorded in (pair % 2 == 0, pair % 2 == 1):
            if recorded:
                with full_harness(made, folder) as harness:
                    full.append(cost(made, harness.trial, pair))
            else:
                bare.append(cost(made, lambda seed: bare_trial(made, seed), pair))
        if pair + 1 < at_least:
            continue
        found = _overhead(made, full, bare)
        if found.deciding[1].width <= width or time.monotonic() - began >= seconds:
            break
    return _overhead(made, full, bare)


def _overhead(made: Made, full: list[Cost], bare: list[Cost]) -> Overhead:
    walls = sorted(trial.wall for trial in bare)
    return Overhead(
        wall=paired_ratio([trial.wall for trial in full], [trial.wall for trial in bare]),
        cpu=paired_ratio([trial.cpu for trial in full], [trial.cpu for trial in bare]),
        epoch_seconds=walls[len(walls) // 2] / made.prepared.recipe.epochs,
    )
