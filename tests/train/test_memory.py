from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dawnbench.errors import DawnbenchError
from dawnbench.models.davidnet import DavidNet
from dawnbench.train.memory import (
    PROBE_IMAGES,
    TRANSIENT,
    check_memory,
    largest_batch,
    out_of_memory_explained,
    saved_bytes_per_image,
)
from tests.train.fakes import FakeDevice, World

IMAGE = (1, 4, 4)
FIXED = 4 * 2 * 4  # two weights of four bytes, in four copies
SAVED = 4 * 4 * 4 + 2 * 4 * 4 * 4  # by image: its 16 pixels and 32 activations in fp32


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.ReLU())


def check(
    batch_size: int,
    free: int | None,
    data_bytes: int = 0,
    model: nn.Module | None = None,
    image: tuple[int, int, int] = IMAGE,
) -> None:
    model = model or net()
    plan = replace(World().plan(), model=model, forward=model, batch_size=batch_size)
    check_memory(plan, image, data_bytes, FakeDevice(free))


def probed(model: nn.Module) -> list[int]:
    """Return a list that fills with the sizes of the batches that the model is given."""
    sizes: list[int] = []
    model.register_forward_pre_hook(lambda _module, inputs: sizes.append(len(inputs[0])))
    return sizes


def test_what_a_forward_pass_keeps_is_counted_to_the_byte() -> None:
    images = torch.zeros(8, 1, 4, 4)
    assert saved_bytes_per_image(net(), images, FakeDevice(), "fp32") == SAVED


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.floats(1, 1e9), st.sampled_from([1, 8, 16]))
def test_the_largest_batch_fits_and_the_next_would_not(
    free: int, fixed: int, per_image: float, step: int
) -> None:
    batch = largest_batch(free, fixed, per_image, step)
    assert batch % step == 0
    assert batch >= 0
    if batch:
        assert fixed + batch * per_image * TRANSIENT <= free * (1 + 1e-9)
    assert fixed + (batch + step) * per_image * TRANSIENT > free * (1 - 1e-9)


def test_where_the_device_cannot_tell_its_memory_nothing_is_refused() -> None:
    check(10_000, free=None)


@pytest.mark.parametrize("batch_size", [1, 16, 64, 512, 10_000])
def test_a_batch_fits_to_the_byte_that_its_images_weights_and_activations_take(batch_size: int) -> None:
    needed = FIXED + 1600 + SAVED * TRANSIENT * batch_size
    check(batch_size, math.ceil(needed), data_bytes=1600)
    with pytest.raises(DawnbenchError):
        check(batch_size, math.floor(needed) - 1, data_bytes=1600)


def test_one_that_does_not_fit_is_refused_with_one_that_does() -> None:
    free = 50_000
    with pytest.raises(DawnbenchError, match=r"batch_size=100000 .* cpu has .* free") as refusal:
        check(100_000, free)
    fitting = int(re.findall(r"batch_size=(\d+) would fit", str(refusal.value))[0])
    check(fitting, free)
    with pytest.raises(DawnbenchError):
        check(fitting + 16, free)


def test_a_batch_beyond_all_memory_is_refused_before_it_is_made() -> None:
    with pytest.raises(DawnbenchError, match="batch_size=100000000000000 needs"):
        check(10**14, free=50_000)


@pytest.mark.parametrize("batch_size", [64, 512, 49_999, 96 * 10**9])
def test_a_few_images_are_enough_to_tell(batch_size: int) -> None:
    model = net()
    sizes = probed(model)
    check(batch_size, 10**18, model=model)
    assert len(sizes) == 1
    assert sizes[0] <= 2 * PROBE_IMAGES


@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_a_small_batch_is_its_own_probe(batch_size: int) -> None:
    model = net()
    sizes = probed(model)
    check(batch_size, 10**18, model=model)
    assert sizes == [batch_size]


def test_an_image_larger_or_of_more_channels_takes_more() -> None:
    free = round(FIXED + SAVED * TRANSIENT * 64) + 1
    check(64, free)
    with pytest.raises(DawnbenchError):
        check(64, free, image=(1, 5, 5))
    with pytest.raises(DawnbenchError):
        check(64, free, model=nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU()), image=(3, 4, 4))


def test_the_data_set_on_the_device_counts() -> None:
    check(64, free=50_000, data_bytes=16_000)
    with pytest.raises(DawnbenchError):
        check(64, free=50_000, data_bytes=45_000)


def test_the_check_leaves_no_gradients() -> None:
    model = net()
    check(64, 10**9, model=model)
    assert all(p.grad is None for p in model.parameters())


def test_where_not_even_a_small_batch_fits_the_sentence_says_so() -> None:
    with pytest.raises(DawnbenchError, match="not even a batch of 16 would fit"):
        check(64, free=1_000)


@pytest.mark.parametrize(
    ("batch_size", "splits", "probe"), [(48, 24, 48), (64, 64, 64), (34, 17, 34), (512, 16, 32)]
)
def test_a_model_with_ghost_norms_of_any_number_can_be_checked(
    batch_size: int, splits: int, probe: int
) -> None:
    model = DavidNet(3, 4, (2, 2, 2, 2), norm_splits=splits)
    sizes = probed(model)
    check(batch_size, 10**12, model=model, image=(3, 32, 32))
    assert sizes[-1] == probe
    with pytest.raises(DawnbenchError, match=f"batch_size={batch_size} needs"):
        check(batch_size, 10**4, model=model, image=(3, 32, 32))


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
