"""dawnbench's own training steps, held against committed ratios to a calibration step.

Both run turn by turn in one process and on one thread, an epoch of the one and some steps of the other, so
that a slow minute slows both and the number of cores says nothing. A ratio in fp32 hardly hangs on the kind
of processor; one in bf16 does, and is skipped where the instructions are others than were recorded: on one
machine, with oneDNN held to fewer and fewer of them (ONEDNN_MAX_CPU_ISA; AMX, AVX-512 with bf16, AVX-512,
AVX2), the ratios in fp32 stayed between 2.1 and 2.3 and those in bf16 went from 1.4 over 2.6 and 5.2 to 19.

`python -m benchmarks.record_step_times` writes the committed ratios anew. Their margins are wide,
since one process differs by some percent from the next: for a slowdown of 3 % take
`python -m benchmarks.against REVISION`, and tests/engine/test_step_work.py for what needs no clock.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch

from benchmarks.calibration import VERSION, Calibration
from benchmarks.ratios import Ratio, paired_ratio
from dawnbench.campaigns import SilentObserver
from dawnbench.integrations.pytest_plugin.runner import RecipeRunner
from dawnbench.records.schema import EpochRecord
from dawnbench.telemetry import environment

BASELINE = Path(__file__).parent / "baselines" / "step_times.json"
BATCH, STEPS, EPOCHS = 128, 2, 48
CALIBRATION_STEPS = 2
WIDTHS = [8, 16, 32, 64]
RENEW = "`python -m benchmarks.record_step_times` measures it anew"


@dataclass(frozen=True)
class Case:
    """A step to be timed."""

    name: str
    recipe: str
    settings: tuple[str, ...]
    any_processor: bool
    """Whether the ratio is the same on processors with other instructions."""


CASES = (
    Case("davidnet-fp32", "davidnet", ("precision=fp32",), True),
    Case("davidnet-10-fp32", "davidnet-10", ("precision=fp32", "model.norm_splits=4"), True),
    Case("davidnet-bf16", "davidnet", ("precision=bf16",), False),
)


class Alternating(SilentObserver):
    """Calibrates at each epoch's end, where the trial's clock stands still."""

    def __init__(self) -> None:
        self._calibration = Calibration()
        self.seconds: list[float] = []
        """Of a calibration step, behind each epoch."""

    def epoch_ended(self, record: EpochRecord) -> None:
        self.seconds.append(self._calibration.seconds(CALIBRATION_STEPS))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Random ones in CIFAR-10's shape: what they show does not change a step's time."""
    random, path = np.random.default_rng(0), tmp_path / "random.npz"
    count = {"train": BATCH * STEPS, "test": 20}
    pixels = {f"x_{k}": random.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8) for k, n in count.items()}
    np.savez(path, **pixels, **{f"y_{k}": np.arange(n) % 10 for k, n in count.items()})
    return path


def committed() -> dict[str, dict[str, object]]:
    return json.loads(BASELINE.read_text()) if BASELINE.exists() else {}


def instructions(described: dict[str, object]) -> list[str]:
    return described["cpu"]["flags"]  # type: ignore[index]


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:.*missed the target")  # random images have nothing to reach
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_step_takes_no_longer_than_it_did(
    case: Case,
    dawnbench_run: RecipeRunner,
    images: Path,
    record_property: Callable[[str, object], None],
) -> None:
    baseline = committed()
    here = environment(None)
    if baseline and not case.any_processor and instructions(here) != instructions(baseline["environment"]):
        pytest.skip(
            f"{case.name}: the committed ratio is of a processor with "
            f"{instructions(baseline['environment'])} and this one has {instructions(here)}; ratios in bf16 "
            "differ in kind between them"
        )

    alternating = Alternating()
    measured = dawnbench_run(
        case.recipe,
        trials=1,
        epochs=EPOCHS,
        device="cpu",
        data=images,
        settings=(*case.settings, f"batch_size={BATCH}", f"model.widths={WIDTHS}"),
        observer=alternating,
    )
    found = ratio(measured.step_seconds, alternating.seconds)
    record_property("ratio", found.median)
    record_property("step_ms", 1e3 * median(measured.step_seconds))
    record_property("calibration_ms", 1e3 * median(alternating.seconds))
    print(f"{case.name}: {found} calibration steps a step")

    if not baseline or baseline["calibration_version"] != VERSION:
        pytest.fail(f"{BASELINE.name} has no ratio to this calibration step; {RENEW}", pytrace=False)
    hold(case, found, baseline, str(here["packages"]["torch"]))


def ratio(steps: tuple[float, ...], calibrations: list[float]) -> Ratio:
    """Return a step's time over that of the calibration steps just before and behind its epoch."""
    around = [(before + after) / 2 for before, after in pairwise(calibrations)]
    return paired_ratio(steps, around)


def hold(case: Case, found: Ratio, baseline: dict[str, dict[str, object]], torch_version: str) -> None:
    kept: dict[str, float] = baseline["ratios"][case.name]  # type: ignore[assignment]
    change, margin = found.median / kept["ratio"] - 1, kept["margin"]
    told = (
        f"{case.name}: a step is {found} calibration steps long, {change:+.1%} against the committed "
        f"{kept['ratio']:.4f} (margin {margin:.0%}; torch {torch_version}, committed with "
        f"{baseline['environment']['packages']['torch']})"  # type: ignore[index]
    )
    if change > margin:
        pytest.fail(told, pytrace=False)
    if change < -margin:
        warnings.warn(f"{told}: it became faster, so keep that; {RENEW}", stacklevel=2)
