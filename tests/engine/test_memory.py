from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from dawnbench.engine.plan import Plan, Split
from dawnbench.train import probe
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import SGD

from dawnbench.engine.memory import MemoryForecast, check_memory, forecast, out_of_memory_explained
from dawnbench.engine.probe import PROBE_IMAGES, Line
from dawnbench.errors import DawnbenchError
from dawnbench.models.davidnet import DavidNet
from tests.engine.fakes import FakeDevice, World

CLASSES = 3
VALIDATION = 5


def net(channels: int = 1, side: int = 4) -> nn.Module:
    head = nn.Linear(2 * side * side, CLASSES)
    return nn.Sequential(nn.Conv2d(channels, 2, 1, bias=False), nn.ReLU(), nn.Flatten(), head)


def make(
    batch_size: int, model: nn.Module | None = None, image: tuple[int, int, int] = (4, 4, 1), **changes: Any
) -> tuple[Plan, Split, Split]:
    """Return a plan with SGD and its two splits; `image` is (height, width, channels)."""
    model = model or net()
    plan = replace(
        World().plan(),
        model=model,
        forward=model,
        batch_size=batch_size,
        place=lambda split: split,
        make_optimizer=lambda: SGD([{"params": list(model.parameters()), "rate_scale": 1.0}], 0.0, 0.9),
        **changes,
    )
    splits = (
        Split(torch.zeros(count, *image, dtype=torch.uint8), torch.zeros(count, dtype=torch.int64))
        for count in (40, VALIDATION)
    )
    return (plan, *splits)


def told(batch_size: int, *more: Any, **changes: Any) -> MemoryForecast:
    found = forecast(*make(batch_size, *more, **changes), FakeDevice())
    assert found is not None
    return found


def check(batch_size: int, free: int | None, *more: Any, **changes: Any) -> int | None:
    return check_memory(*make(batch_size, *more, **changes), FakeDevice(free))


def probed(model: nn.Module) -> list[int]:
    """Return a list that fills with the sizes of the batches that the model is given."""
    sizes: list[int] = []
    model.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    return sizes


def test_what_is_there_before_a_trial_is_the_weights_and_on_a_host_the_data() -> None:
    weights = 4 * sum(p.numel() for p in net().parameters())
    data = (40 + VALIDATION) * (4 * 4 + 8)
    assert told(64).present == weights + data


def test_a_wide_step_is_told_to_a_hundredth() -> None:
    """The peak of this model is plain: the images, a map, and the gradients before and behind the sigmoid."""
    image, batch = (16, 16, 1), 4096
    model = nn.Sequential(nn.Conv2d(1, 64, 1, bias=False), nn.Sigmoid(), nn.Flatten(), nn.Linear(64 * 256, 3))
    map_bytes = batch * 64 * 256 * 4
    expected = 3 * map_bytes + batch * 256 * 4
    assert told(batch, model, image).peak_bytes(batch) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("batch_size", [64, 512, 4096])
def test_a_probe_tells_what_the_batch_itself_would(batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same figure from a probe of a few images as from one of the whole batch."""
    small = told(batch_size).peak_bytes(batch_size)
    monkeypatch.setattr(probe, "PROBE_IMAGES", batch_size)
    assert told(batch_size).peak_bytes(batch_size) == pytest.approx(small, rel=1e-9)


def test_momentum_and_an_average_take_their_part() -> None:
    bare = told(1).peak_bytes(1)
    model = net()
    averaged = World(make_average=lambda: _Copy(model)).plan().make_average
    weights = 4 * sum(p.numel() for p in model.parameters())
    assert told(1, model, make_average=averaged).peak_bytes(1) == bare + weights


class _Copy:
    def __init__(self, model: nn.Module) -> None:
        self.model = net()

    def update(self, step: int, steps: int) -> None:
        pass


def test_validation_in_large_batches_may_take_the_most() -> None:
    plan, train, _ = make(1, evaluation=replace(World().plan().evaluation, batch_size=5000))
    many = Split(torch.zeros(5000, 4, 4, 1, dtype=torch.uint8), torch.zeros(5000, dtype=torch.int64))
    few = forecast(plan, train, Split(many.images[:5], many.labels[:5]), FakeDevice())
    all_of_them = forecast(plan, train, many, FakeDevice())
    assert few is not None
    assert all_of_them is not None
    maps = 5000 * 4 * 4 * 2 * 4
    assert all_of_them.peak_bytes(1) > few.peak_bytes(1) + 2 * maps


def test_what_is_computed_from_the_data_may_take_the_most() -> None:
    def fit(split: Split, normalize: Any) -> None:
        torch.zeros(10**6)

    assert told(1, fit=fit).peak_bytes(1) > 4 * 10**6


lines = st.lists(st.builds(Line, st.integers(0, 10**9), st.integers(0, 10**6)), min_size=1, max_size=5)


@given(st.integers(0, 10**9), lines, st.integers(0, 10**12), st.sampled_from([1, 8, 16]))
def test_the_largest_batch_fits_and_the_next_would_not(
    floor: int, training: list[Line], room: int, step: int
) -> None:
    found = MemoryForecast(0, floor, tuple(training))
    batch = found.largest_batch(room, step)
    assert batch % step == 0
    assert batch >= 0
    if batch:
        assert found.peak_bytes(batch) <= room * (1 + 1e-9) + 1
    if any(line.per_image for line in training):
        assert found.peak_bytes(batch + step) > room * (1 - 1e-9) - 1


def test_where_the_device_cannot_tell_its_memory_nothing_is_refused() -> None:
    assert check(10_000, None) == told(10_000).peak_bytes(10_000)


@pytest.mark.parametrize("batch_size", [1, 16, 64, 512, 10_000])
def test_a_batch_fits_to_the_byte(batch_size: int) -> None:
    found = told(batch_size)
    needed = found.peak_bytes(batch_size) - found.present
    assert check(batch_size, needed) == found.peak_bytes(batch_size)
    with pytest.raises(DawnbenchError):
        check(batch_size, needed - 1)


def test_one_that_does_not_fit_is_refused_with_one_that_does_and_leaves_a_tenth() -> None:
    free = 500_000
    with pytest.raises(DawnbenchError, match=r"batch_size=100000 .* cpu has .* free") as refusal:
        check(100_000, free)
    fitting = int(re.findall(r"batch_size=(\d+) would fit", str(refusal.value))[0])
    taken = told(fitting).peak_bytes(fitting) - told(fitting).present
    assert 0.85 * free < taken <= 0.9 * free


def test_what_is_there_already_needs_no_room() -> None:
    model = net()
    model.register_buffer("table", torch.zeros(1_000_000))
    with pytest.raises(DawnbenchError) as refusal:
        check(100_000, 50_000, model)
    fitting = int(re.findall(r"batch_size=(\d+) would fit", str(refusal.value))[0])
    check(fitting, 50_000, model)
    with pytest.raises(DawnbenchError):
        check(fitting + 48, 50_000, model)


def test_a_batch_beyond_all_memory_is_refused_before_it_is_made() -> None:
    with pytest.raises(DawnbenchError, match="batch_size=100000000000000 needs"):
        check(10**14, 50_000)


@pytest.mark.parametrize("batch_size", [64, 512, 49_999, 96 * 10**9])
def test_a_few_images_are_enough_to_tell(batch_size: int) -> None:
    model = net()
    sizes = probed(model)
    check(batch_size, 10**18, model)
    assert max(sizes) == 2 * PROBE_IMAGES


def test_the_probe_leaves_no_gradients() -> None:
    model = net()
    check(64, 10**9, model)
    assert all(p.grad is None for p in model.parameters())


def test_where_not_even_a_small_batch_fits_the_sentence_says_so() -> None:
    with pytest.raises(DawnbenchError, match="not even a batch of 16 would fit"):
        check(64, 1_000)


@pytest.mark.parametrize(("batch_size", "splits", "least"), [(48, 24, 48), (34, 17, 34), (512, 16, 32)])
def test_a_model_with_ghost_norms_of_any_number_can_be_checked(
    batch_size: int, splits: int, least: int
) -> None:
    model = DavidNet(3, 4, (2, 2, 2, 2), norm_splits=splits)
    sizes = probed(model)
    check(batch_size, 10**12, model, (32, 32, 3))
    assert set(sizes[-2:]) == {2 * least}
    with pytest.raises(DawnbenchError, match=f"batch_size={batch_size} needs"):
        check(batch_size, 10**4, model, (32, 32, 3))


def test_of_a_model_that_takes_no_batch_nothing_is_told() -> None:
    model = DavidNet(3, 4, (2, 2, 2, 2), norm_splits=5)
    assert forecast(*make(4, model, (32, 32, 3)), FakeDevice()) is None


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB\nmore"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
    ],
)
def test_an_allocation_that_failed_is_explained_with_a_smaller_batch(error: Exception) -> None:
    with pytest.raises(DawnbenchError, match="batch_size=512 ran out of memory") as refusal:
        fail(error, 512)
    assert "try batch_size=256" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.__cause__ is error


def fail(error: BaseException, batch_size: int) -> None:
    with out_of_memory_explained(batch_size):
        raise error


def test_the_smallest_batch_advised_is_one() -> None:
    with pytest.raises(DawnbenchError, match="try batch_size=1,"):
        fail(MemoryError(), 1)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("shapes do not match"), DawnbenchError("a sentence"), KeyboardInterrupt(), OSError(28)],
)
def test_another_error_is_not_taken_for_one_of_memory(error: BaseException) -> None:
    with pytest.raises(type(error)) as passed_on:
        fail(error, 512)
    assert passed_on.value is error


def test_what_fits_passes_through() -> None:
    with out_of_memory_explained(512):
        pass


def test_a_line_of_no_slope_is_no_batch_of_infinite_size() -> None:
    assert MemoryForecast(0, 0, (Line(10, 0),)).largest_batch(10, 16) == 0
    assert math.isinf(Line(10, 0).reaches(10))
