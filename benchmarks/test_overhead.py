"""What recording, timing, telemetry and display together cost, against the same loop without them.

Both kinds of trial run in one process, turn by turn, on one prepared recipe. A machine may be noisier than
what is to be shown, so both the wall time and the processor time of all threads are compared, pair by pair,
and of the two the figure with the narrower 95 % interval decides. Compared with the limit is the interval's
lower end: a test that fails has shown that the bar is broken, not that the machine had a bad minute. Where
the interval is too wide to tell, the test says so and skips.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bare import WIDTHS
from benchmarks.engine import Made, make_prepared, synthetic
from benchmarks.harness import Overhead, bare_trial, cost, measure_overhead
from benchmarks.parts import measure_parts
from benchmarks.steps import measure
from dawnbench.engine.warm_up import warm_up

MAX_ON_SHORT_EPOCHS = 0.02
MAX_ON_DAVIDNET = 0.01
NARROW = 0.01
"""An interval of this width is narrow enough to stop at."""
TOO_WIDE = 0.04
STEPS, BATCH, VALIDATION = 97, 512, 10_000
"""Of davidnet's epoch: 50,000 images in whole batches."""
SHORT_WIDTHS, SHORT_BATCH, SHORT_EPOCHS = (8, 16, 32, 64), 64, 3


def a_second_long() -> Made:
    """Return a narrow model with as many images as give epochs of about 1 s."""
    probe = make_prepared(
        synthetic(SHORT_BATCH * 20), device="cpu", batch=SHORT_BATCH, widths=SHORT_WIDTHS, epochs=2
    )
    warm_up(probe.prepared)
    epoch = cost(probe, lambda seed: bare_trial(probe, seed), 0).wall / 2
    images = SHORT_BATCH * max(1, round(20 / epoch))
    return make_prepared(
        synthetic(images), device="cpu", batch=SHORT_BATCH, widths=SHORT_WIDTHS, epochs=SHORT_EPOCHS
    )


def judge(found: Overhead, most: float) -> None:
    by, ratio = found.deciding
    if ratio.width > TOO_WIDE:
        pytest.skip(f"too noisy to tell: the overhead by {by} time is {ratio}; measure on a quieter machine")
    assert ratio.low <= 1 + most, f"the overhead by {by} time is {ratio}"


def info(found: Overhead) -> dict[str, str | float]:
    return {
        "wall": str(found.wall),
        "cpu": str(found.cpu),
        "decided by": found.deciding[0],
        "bare epoch, s": found.epoch_seconds,
    }


@pytest.mark.timeout(600)
def test_on_epochs_of_a_second(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    made = a_second_long()
    found = benchmark.pedantic(
        lambda: measure_overhead(made, tmp_path, at_least=8, at_most=40, seconds=150, width=NARROW),
        rounds=1,
        iterations=1,
    )
    benchmark.extra_info |= info(found)
    print(benchmark.extra_info)
    judge(found, MAX_ON_SHORT_EPOCHS)


@pytest.mark.timeout(600)
def test_on_davidnet_added_up_from_its_parts(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    made = make_prepared(
        synthetic(SHORT_BATCH), device="cpu", batch=SHORT_BATCH, widths=SHORT_WIDTHS, epochs=24
    )
    parts = benchmark.pedantic(lambda: measure_parts(made, tmp_path), rounds=1, iterations=1)
    epoch = STEPS * median(measure("dawnbench", BATCH, 3, WIDTHS, "cpu")["steps"])
    share = parts.share(epoch, STEPS)
    benchmark.extra_info |= {
        "threads, share of a core": parts.threads,
        "a step, ms": 1e3 * parts.step,
        "an epoch, ms": 1e3 * parts.epoch,
        "davidnet's epoch, s": epoch,
        "share of davidnet's epoch": share,
    }
    print(benchmark.extra_info)
    assert share <= MAX_ON_DAVIDNET


@pytest.mark.timeout(7200)
def test_on_davidnet_itself(
    benchmark: BenchmarkFixture, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not request.config.getoption("--full"):
        pytest.skip("most of an hour on two cores; give --full to run it")
    made = make_prepared(
        synthetic(STEPS * BATCH, VALIDATION), device="auto", batch=BATCH, widths=WIDTHS, epochs=1
    )
    found = benchmark.pedantic(
        lambda: measure_overhead(made, tmp_path, at_least=4, at_most=20, seconds=2400, width=NARROW),
        rounds=1,
        iterations=1,
    )
    benchmark.extra_info |= info(found)
    print(benchmark.extra_info)
    judge(found, MAX_ON_DAVIDNET)
