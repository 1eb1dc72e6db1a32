from __future__ import annotations

import math
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor

from dawnbench.engine.device.base import Footprint
from dawnbench.engine.memory import MemoryForecast, check_memory, explain_out_of_memory, forecast
from dawnbench.engine.probe import LABEL_BYTES, DataShape, Line
from dawnbench.errors import DawnbenchError
from dawnbench.models.normalization import GhostBatchNorm2d
from dawnbench.models.whitening import FittedModel
from dawnbench.recipes.part import LossPart, ModelPart
from dawnbench.recipes.parts import ExponentialAverageSpec, NesterovSGDSpec, PiecewiseLinearSpec
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe
from tests.engine.fakes import FakeDevice
from tests.engine.small import small_recipe

CLASSES = 3
SMALL = DataShape(train_images=40, validation_images=5, height=4, width=4, channels=1, classes=CLASSES)
CIFAR = DataShape(train_images=50_000, validation_images=10_000, height=32, width=32, channels=3, classes=10)


def net(channels: int = 1, side: int = 4) -> nn.Module:
    head = nn.Linear(2 * side * side, CLASSES)
    return nn.Sequential(nn.Conv2d(channels, 2, 1, bias=False), nn.ReLU(), nn.Flatten(), head)


def make(batch_size: int, build: Callable[[], nn.Module] = net, side: int = 4, **changes: Any) -> Recipe:
    """Return a recipe with plain SGD for the model that `build` makes."""

    @dataclass(frozen=True)
    class Model(ModelPart, kind="made"):
        def build(self, channels: int, classes: int) -> nn.Module:
            return build()

    settings: dict[str, Any] = {
        "name": "made",
        "summary": "made",
        "target": 0.5,
        "trials": 1,
        "dataset": DatasetSpec("made", image_size=side),
        "model": Model(),
        "epochs": 1,
        "batch_size": batch_size,
        "optimizer": NesterovSGDSpec(),
        "schedule": PiecewiseLinearSpec(epochs=(1,), rates=(0.1,)),
        "precision": "fp32",
        "evaluation": EvaluationSpec(batch_size=5),
    }
    return Recipe(**settings | changes)


class Host(FakeDevice):
    """Computes on what lies in host memory."""

    shares_host_memory = True


def told(recipe: Recipe, shape: DataShape = SMALL, device: FakeDevice | None = None) -> MemoryForecast:
    found = forecast(recipe, shape, device or FakeDevice())
    assert found is not None
    return found


def check(recipe: Recipe, free: int | None, shape: DataShape = SMALL) -> int | None:
    return check_memory(recipe, shape, FakeDevice(free))


def weights_bytes(model: nn.Module) -> int:
    return 4 * sum(p.numel() for p in model.parameters())


def test_what_is_there_before_a_trial_is_the_data_on_a_host_and_nothing_elsewhere() -> None:
    assert told(make(8), device=Host()).present == (40 + 5) * (4 * 4 + LABEL_BYTES)
    assert told(make(8)).present == 0


def test_the_data_set_counts_once_on_a_host_and_on_a_device_of_its_own_memory() -> None:
    """As it grows, so do the bytes, by an image and its label each, wherever that is kept."""
    more = replace(CIFAR, train_images=CIFAR.train_images + 100_000)
    recipe = make(16, lambda: net(3, 32), side=32)
    for device in (Host(), FakeDevice()):
        grown = told(recipe, more, device).peak_bytes(16) - told(recipe, CIFAR, device).peak_bytes(16)
        assert grown == pytest.approx(100_000 * (3 * 32 * 32 + LABEL_BYTES), rel=0.01)


def test_on_a_host_images_that_are_resized_are_there_twice() -> None:
    larger = replace(CIFAR, height=64, width=64)
    recipe = make(16, lambda: net(3, 32), side=32)
    images = CIFAR.train_images + CIFAR.validation_images
    plain, resized = (told(recipe, shape, Host()) for shape in (CIFAR, larger))
    stored = images * (3 * 64 * 64 + LABEL_BYTES)
    assert resized.present == stored
    grown = max(line.at(16) for line in resized.training) - max(line.at(16) for line in plain.training)
    assert grown == pytest.approx(stored, rel=1e-3)


def test_an_average_that_copies_the_model_can_be_told_again_and_again() -> None:
    """A copy of a tensor without values is not of what lies at its address."""
    recipe = make(16, lambda: net(3, 32), side=32, average=small_recipe("davidnet-10").average)
    assert len({told(recipe, CIFAR).peak_bytes(16) for _ in range(2)}) == 1


def test_a_wide_step_is_told_to_a_hundredth() -> None:
    """The peak of this model is plain: the images, a map, and the gradients before and after the sigmoid."""

    def wide() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 64, 1, bias=False), nn.Sigmoid(), nn.Flatten(), nn.Linear(64 * 256, 3)
        )

    batch, shape = 4096, replace(SMALL, height=16, width=16, train_images=4096)
    map_bytes = batch * 64 * 256 * 4
    expected = 3 * map_bytes + batch * 256 * 4
    assert told(make(batch, wide, side=16), shape).peak_bytes(batch) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("batch_size", [64, 512])
def test_a_probe_tells_what_one_of_another_batch_does(batch_size: int) -> None:
    recipe = small_recipe("davidnet")
    own = told(replace(recipe, batch_size=batch_size), CIFAR).peak_bytes(batch_size)
    assert told(replace(recipe, batch_size=16), CIFAR).peak_bytes(batch_size) == pytest.approx(own, rel=0.01)


def test_an_average_takes_a_copy_of_the_weights() -> None:
    bare = told(make(1)).peak_bytes(1)
    averaged = told(make(1, average=ExponentialAverageSpec())).peak_bytes(1)
    assert averaged == bare + weights_bytes(net())


def test_momentum_takes_a_copy_of_the_weights() -> None:
    def large() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 10_000), nn.Linear(10_000, CLASSES))

    bare, gaining = (
        told(make(1, large, optimizer=NesterovSGDSpec(momentum=momentum, nesterov=False))).peak_bytes(1)
        for momentum in (0.0, 0.9)
    )
    assert gaining - bare == pytest.approx(weights_bytes(large()), rel=0.1)


def test_validation_in_large_batches_may_take_the_most() -> None:
    recipe = make(1, evaluation=EvaluationSpec(batch_size=5000))
    few = told(recipe).peak_bytes(1)
    all_of_them = told(recipe, replace(SMALL, validation_images=5000)).peak_bytes(1)
    maps = 5000 * 4 * 4 * 2 * 4
    assert all_of_them > few + 2 * maps


class Fitted(FittedModel):
    """Looks at some images, with a table in hand."""

    fit_images = 4

    def __init__(self) -> None:
        super().__init__()
        self.net = net()

    def fit(self, images: Tensor) -> None:
        torch.zeros(10**6)

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)


def test_what_is_computed_from_the_data_may_take_the_most() -> None:
    assert told(make(1, Fitted)).peak_bytes(1) > 4 * 10**6


lines = st.lists(st.builds(Line, st.integers(0, 10**9), st.integers(0, 10**6)), min_size=1, max_size=5)
footprints = st.builds(Footprint, st.sampled_from([0.0, 0.1, 0.15]), st.integers(0, 10**9))


@given(st.integers(0, 10**9), lines, footprints, st.integers(0, 10**12), st.sampled_from([1, 8, 16]))
def test_the_largest_batch_fits_and_the_next_would_not(
    floor: int, training: list[Line], footprint: Footprint, room: int, step: int
) -> None:
    found = MemoryForecast(0, floor, tuple(training), footprint)
    batch = found.largest_batch(room, step)
    assert batch % step == 0
    assert batch >= 0
    if batch:
        assert found.reserved_bytes(batch) <= room * (1 + 1e-9) + 2
    if any(line.per_image for line in training):
        assert found.reserved_bytes(batch + step) > room * (1 - 1e-9) - 2


def test_a_device_needs_more_than_the_tensors_alone() -> None:
    found = MemoryForecast(0, 1000, (Line(0, 10),), Footprint(share=0.5, fixed=100))
    assert found.peak_bytes(200) == 2000
    assert found.reserved_bytes(200) == 3100
    assert found.largest_batch(3100, 1) == 200


def test_where_the_device_cannot_tell_its_memory_nothing_is_refused() -> None:
    recipe = make(40)
    assert check(recipe, None) == told(recipe).peak_bytes(40)


MANY = replace(SMALL, train_images=1_000_000)


@pytest.mark.parametrize("batch_size", [1, 16, 512, 10_000])
def test_a_batch_fits_to_the_byte(batch_size: int) -> None:
    recipe = make(batch_size)
    found = told(recipe, MANY)
    needed = found.reserved_bytes(batch_size)
    assert check(recipe, needed, MANY) == found.peak_bytes(batch_size)
    with pytest.raises(DawnbenchError):
        check(recipe, needed - 1, MANY)


def test_the_data_on_a_host_is_there_already_and_needs_no_room() -> None:
    recipe = make(16)
    found = told(recipe, device=Host())
    device = Host(found.reserved_bytes(16) - found.present)
    assert check_memory(recipe, SMALL, device) == found.peak_bytes(16)


def test_one_that_does_not_fit_is_refused_with_one_that_does_and_leaves_a_tenth() -> None:
    free, shape = 30_000_000, replace(SMALL, train_images=300_000)
    with pytest.raises(DawnbenchError, match=r"batch_size=60000 .* cpu has .* free") as refusal:
        check(make(60_000), free, shape)
    fitting = int(re.findall(r"batch_size=(\d+) would fit", str(refusal.value))[0])
    assert 0.85 * free < told(make(fitting), shape).peak_bytes(fitting) <= free / 1.1
    check(make(fitting), free, shape)
    with pytest.raises(DawnbenchError):
        check(make(fitting + fitting // 10), free, shape)


def test_a_batch_of_more_images_than_there_are_is_one_of_all_of_them() -> None:
    every = check(make(40, drop_last=False), None)
    assert check(make(10**14, drop_last=False), None) == every


@pytest.mark.parametrize(("ask", "batches"), [(check_memory, 1), (forecast, 2)])
def test_nothing_is_computed(ask: Callable[[Recipe, DataShape, FakeDevice], object], batches: int) -> None:
    """A tensor of the probe has a shape and no values; a forecast also probes twice the batch."""
    seen: list[Tensor] = []

    def watched() -> nn.Module:
        model = net()
        model.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
        return model

    assert ask(make(10**5, watched), replace(SMALL, train_images=10**5), FakeDevice()) is not None
    assert max(len(images) for images in seen) == batches * 10**5
    assert all(isinstance(images, FakeTensor) for images in seen)


def test_where_not_even_a_small_batch_fits_the_sentence_says_so() -> None:
    with pytest.raises(DawnbenchError, match="not even a batch of 16 would fit"):
        check(make(64), 1_000)


@pytest.mark.parametrize(("batch_size", "splits"), [(136, 17), (512, 16)])
def test_a_model_with_ghost_norms_of_any_number_can_be_checked(batch_size: int, splits: int) -> None:
    def ghostly() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 2, 1), GhostBatchNorm2d(2, splits), nn.Flatten(), nn.Linear(32, 3))

    recipe = make(batch_size, ghostly)
    assert check(recipe, 10**12, MANY) == told(recipe, MANY).peak_bytes(batch_size)
    with pytest.raises(DawnbenchError, match=f"batch_size={batch_size} needs"):
        check(recipe, 10**4, MANY)


def test_ghost_norms_beside_skips_are_forecast_as_they_are_probed() -> None:
    recipe = small_recipe("davidnet-10")
    peak = check(recipe, 10**12, CIFAR)
    assert told(recipe, CIFAR).peak_bytes(recipe.batch_size) == peak


@pytest.mark.parametrize("name", ["mnist-5", "davidnet-onecycle", "speedrun"])
def test_a_recipe_that_the_package_brings_can_be_told(name: str) -> None:
    channels, side = (1, 28) if name.startswith("mnist") else (3, 32)
    shape = replace(CIFAR, channels=channels, height=side, width=side)
    assert check(small_recipe(name), 10**12, shape) is not None


def looking(how: Callable[[Tensor], object]) -> LossPart:
    """Return a loss that looks at its logits, which have no values while memory is told."""

    @dataclass(frozen=True)
    class Looking(LossPart, kind="looking"):
        def build(self, model: nn.Module, label_smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
            def loss(logits: Tensor, labels: Tensor) -> Tensor:
                how(logits)
                return nn.functional.cross_entropy(logits, labels, reduction="sum")

            return loss

    return Looking()


@pytest.mark.parametrize(
    "how",
    [
        lambda logits: logits.sum().item(),
        lambda logits: bool(logits.sum() > 0),
        lambda logits: logits.detach().tolist(),
        lambda logits: logits[logits > 0],
        lambda logits: logits.detach().numpy(),
    ],
    ids=["item", "bool", "tolist", "mask", "numpy"],
)
def test_of_a_part_that_looks_at_values_nothing_is_told_and_nothing_refused(
    how: Callable[[Tensor], object],
) -> None:
    recipe = make(16, loss=looking(how))
    assert forecast(recipe, SMALL, FakeDevice()) is None
    assert check(recipe, 0) is None


def test_telling_leaves_the_process_as_it_was() -> None:
    told(make(16, average=ExponentialAverageSpec()))
    assert type(torch.ones(1)) is Tensor
    assert type(deepcopy(nn.Linear(1, 1)).weight) is nn.Parameter


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
    with explain_out_of_memory(batch_size):
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
    with explain_out_of_memory(512):
        pass


def test_a_line_of_no_slope_is_no_batch_of_infinite_size() -> None:
    assert MemoryForecast(0, 0, (Line(10, 0),), Footprint()).largest_batch(10, 16) == 0
    assert math.isinf(Line(10, 0).reaches(10))
