"""dawnbench's training step beside a bare loop, and what recording and display add to it.

A machine may be noisier than what is to be shown. So the overhead is measured in pairs of trials, by wall
time and by processor time, and the figure with the narrower 95 % interval decides. A test that fails has
shown that the bar is broken, not that the machine had a bad minute; if the interval is too wide, it skips.
"""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from rich.console import Console
from scipy.stats import binom

from benchmarks.bare import PARAMETERS, DavidNet
from benchmarks.processes import ROOT, environment
from dawnbench.campaigns import run
from dawnbench.campaigns.turns import in_order
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.records.schema import TrialRecord
from dawnbench.report.display import TerminalDisplay

pytestmark = pytest.mark.timeout(1800)
BATCH, STEPS, ROUNDS, WIDTHS = 512, 4, 3, (64, 128, 256, 512)
MAX_OVERHEAD = 0.02
"""On epochs of a second."""
NARROW, TOO_WIDE = 0.01, 0.04
"""Widths of an interval: narrow enough to stop at, and too wide to tell."""
PAIRS, SECONDS = (8, 40), 150


class Median(NamedTuple):
    """The median of the pairs' ratios, with the 95 % interval that their order alone gives: it takes six."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def __str__(self) -> str:
        known = math.isfinite(self.width)
        return f"{self.value:.4f}" + (f" ({self.low:.4f} to {self.high:.4f})" if known else "")


def median_of(ratios: Sequence[float]) -> Median:
    ordered, outside = sorted(ratios), int(binom.ppf(0.025, len(ratios), 0.5))
    low, high = (ordered[outside - 1], ordered[-outside]) if outside else (-math.inf, math.inf)
    return Median(median(ordered), low, high)


def output_of(words: Sequence[str]) -> Any:
    command, path = [sys.executable, "-m", *words], environment()
    done = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def test_a_step_is_no_slower_than_a_bare_one(benchmark: BenchmarkFixture, share: float) -> None:
    """Each in a process of its own: dawnbench tunes the allocator, from which bare loops must not profit."""
    assert sum(p.numel() for p in DavidNet().parameters()) == PARAMETERS
    batch, widths = max(8, round(BATCH * share)), [max(2, round(width * share)) for width in WIDTHS]
    sizes = [f"--batch={batch}", f"--widths={','.join(map(str, widths))}", f"--steps={STEPS}"]
    settings = [f"--set=batch_size={batch}", f"--set=model.widths={widths}", f"--steps={STEPS}"]
    profile = ["dawnbench", "profile", "davidnet", "--device=cpu", "--data=synthetic", "--json", *settings]
    variants: dict[str, Callable[[], float]] = {
        "fp32": lambda: median(output_of(["benchmarks.bare", "fp32", *sizes])),
        "bf16": lambda: median(output_of(["benchmarks.bare", "bf16", *sizes])),
        "dawnbench": lambda: output_of(profile)["step_seconds"],
    }
    found: dict[str, list[float]] = {name: [] for name in variants}

    def alternate() -> None:
        for name, measured in variants.items():
            found[name].append(measured())

    benchmark.pedantic(alternate, rounds=ROUNDS)
    faster = {
        name: median_of([bare / ours for bare, ours in zip(found[name], found["dawnbench"], strict=True)])
        for name in ("fp32", "bf16")
    }
    has = torch.cpu.get_capabilities()
    bar = ("fp32", 3.0) if has.get("amx_bf16") else ("bf16" if has.get("avx512_bf16") else "fp32", 1.0)
    benchmark.extra_info |= {"seconds a step": {name: median(seconds) for name, seconds in found.items()}}
    benchmark.extra_info |= {f"times as fast as {name}": str(ratio) for name, ratio in faster.items()}
    print(benchmark.extra_info)
    if share == 1:
        assert faster[bar[0]].value >= bar[1]


def clocks() -> dict[str, float]:
    return {"wall": time.perf_counter(), "cpu": time.process_time()}


def since(began: dict[str, float]) -> dict[str, float]:
    return {name: now - began[name] for name, now in clocks().items()}


class TimedDisplay(TerminalDisplay):
    """Shows a run as in a terminal, and times its last trial."""

    def __init__(self) -> None:
        variables = {"TERM": "xterm-256color"}
        console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ=variables)
        super().__init__(console, "milliseconds")

    def trial_started(self, trial: int, seed: int) -> None:
        self._began = clocks()
        super().trial_started(trial, seed)

    def trial_ended(self, record: TrialRecord) -> None:
        super().trial_ended(record)
        self.cost = since(self._began)


class SilentLedger(Ledger):
    """Times nothing."""

    def __init__(self) -> None:
        pass

    @contextmanager
    def segment(self, name: str, epoch: int | None = None) -> Iterator[None]:
        yield


def bare_trials(recipe: Recipe) -> Callable[[int], dict[str, float]]:
    """Return what trains from a seed with neither a ledger nor a record."""
    device = open_device("cpu")
    device.tune()
    prepared = prepare(recipe, load_dataset(recipe.dataset.name), device)
    warm_up(prepared)

    def trial(seed: int) -> dict[str, float]:
        began = clocks()
        Trial(prepared, seed, SilentLedger()).run()
        return since(began)

    return trial


def test_recording_timing_telemetry_and_display_cost_at_most_2_percent(
    benchmark: BenchmarkFixture, tmp_path: Path, share: float
) -> None:
    widths = [max(2, round(width * share)) for width in (32, 64, 128, 256)]
    recipe = adapt(find_recipe("quickstart"), [f"model.widths={widths}", "epochs=3", "trials=1"])
    bare = bare_trials(recipe)
    costs: dict[str, list[dict[str, float]]] = {"recorded": [], "bare": []}

    def record(seed: int) -> None:
        display = TimedDisplay()
        run(recipe, device="cpu", seed=seed, out=tmp_path, observer=display)
        display.close()
        costs["recorded"].append(display.cost)

    def ratio(clock: str) -> Median:
        both = zip(costs["recorded"], costs["bare"], strict=True)
        return median_of([recorded[clock] / plain[clock] for recorded, plain in both])

    def alternate() -> None:
        began = time.monotonic()
        for pair in range(PAIRS[1]):
            for turn in in_order((record, lambda seed: costs["bare"].append(bare(seed))), pair):
                turn(pair)
            late = time.monotonic() - began >= SECONDS * share
            if pair + 1 >= max(2, PAIRS[0] * share) and (
                late or min(ratio("wall").width, ratio("cpu").width) <= NARROW
            ):
                break

    benchmark.pedantic(alternate)
    # A busy neighbor stretches wall time, idle threads that spin stretch processor time.
    found = {clock: ratio(clock) for clock in ("wall", "cpu")}
    deciding = min(found.values(), key=lambda one: one.width)
    benchmark.extra_info |= {clock: str(one) for clock, one in found.items()}
    benchmark.extra_info["seconds an epoch"] = median(cost["wall"] for cost in costs["bare"]) / recipe.epochs
    print(benchmark.extra_info)
    if deciding.width > TOO_WIDE:
        pytest.skip(f"too noisy to tell: the ratio is {deciding}; measure when it is quiet")
    assert deciding.low <= 1 + MAX_OVERHEAD
