"""A tiny recipe profiled on the CPU."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.engine.device import open_device
from dawnbench.errors import DawnbenchError
from dawnbench.profiling import profile_recipe
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.records.step_profile import StepProfile
from dawnbench.stats.kernel_gaps import find_gap
from tests.engine.fakes import FakeDevice
from tests.records.rooflines import PEAKS

STEPS = 2


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    settings = ("model.widths=[4,4,4,4]", "batch_size=32", "precision=fp32")
    return adapt(find_recipe("quickstart"), settings)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trace") / "folder" / "trace.json"


@pytest.fixture(scope="module")
def found(recipe: Recipe, trace: Path) -> StepProfile:
    return profile_recipe(recipe, open_device("cpu"), PEAKS, steps=STEPS, trace=trace)


def test_the_convolutions_of_both_passes_are_all_there(found: StepProfile) -> None:
    forward = [row for row in found.rows if row.name == "convolution"]
    backward = [row for row in found.rows if row.name == "convolution_backward"]
    assert sum(row.calls for row in forward) == sum(row.calls for row in backward) == 8
    (first,) = (row for row in forward if row.shapes == ((32, 1, 32, 32), (4, 1, 3, 3)))
    assert first.flops == 2 * 32 * 32 * 32 * 4 * 9
    assert first.bytes == 4 * (32 * 32 * 32 * (1 + 4) + 4 * 9)
    assert first.precision == "fp32"


def test_the_optimizer_and_the_batches_are_rows_too(found: StepProfile) -> None:
    rows = {row.name: row for row in found.rows}
    assert rows["_fused_sgd_"].calls >= 1
    assert rows["_fused_sgd_"].bytes
    assert rows["index_select"].calls == 1


def test_the_rows_account_for_the_profiled_step(found: StepProfile) -> None:
    assert found.steps == STEPS
    assert found.step_seconds > 0
    assert 0.5 * found.profiled_seconds < found.kernel_seconds < 1.02 * found.profiled_seconds
    assert [row.seconds for row in found.rows] == sorted((row.seconds for row in found.rows), reverse=True)
    uncounted = sum(row.seconds for row in found.rows if row.flops is None)
    assert uncounted < 0.5 * found.kernel_seconds
    assert find_gap(found).best_seconds < found.profiled_seconds


def test_the_trace_opens_in_a_browser(found: StepProfile, trace: Path) -> None:
    names = {event.get("name") for event in json.loads(trace.read_text())["traceEvents"]}
    assert {"aten::convolution", "aten::convolution_backward"} <= names


def test_more_steps_than_an_epoch_has_are_refused(recipe: Recipe) -> None:
    large = replace(recipe, batch_size=512)
    with pytest.raises(
        DawnbenchError, match=r"--steps 2 is too many: an epoch of quickstart has 2, .* --steps up to 1 or"
    ):
        profile_recipe(large, open_device("cpu"), PEAKS, steps=2)


def test_an_epoch_of_one_step_has_a_way_out(recipe: Recipe) -> None:
    with pytest.raises(DawnbenchError, match="choose a smaller batch with --set batch_size="):
        profile_recipe(replace(recipe, batch_size=1024), open_device("cpu"), PEAKS, steps=1)


def test_a_device_that_the_profiler_does_not_see_is_refused(recipe: Recipe) -> None:
    device = FakeDevice()
    device.torch = type("Mps", (), {"type": "mps"})()  # type: ignore[assignment]
    with pytest.raises(DawnbenchError, match="does not record the kernels of mps; profile with --device cpu"):
        profile_recipe(recipe, device, PEAKS, steps=1)
