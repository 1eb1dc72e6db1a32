from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dawnbench.data.batches import TrainingBatches
from dawnbench.errors import DawnbenchError
from dawnbench.models.davidnet import DavidNet
from dawnbench.train.memory import (
    TRANSIENT,
    check_memory,
    explain_out_of_memory,
    largest_batch,
    saved_bytes_per_image,
)
from dawnbench.train.plan import Split
from tests.train.fakes import FakeDevice, World

SHAPE = (4, 4, 1)
FIXED = 4 * 2 * 4  # two weights of four bytes, in four copies
SAVED = 4 * 4 * 4 + 2 * 4 * 4 * 4  # by image: its 16 pixels and 32 activations in fp32


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.ReLU())


def check(
    batch_size: int,
    free: int | None,
    images: int = 0,
    model: nn.Module | None = None,
    shape: tuple[int, int, int] = SHAPE,
) -> None:
    model = model or net()

    def make_batches(split: Split, normalize: Any, draws: torch.Generator) -> TrainingBatches:
        return TrainingBatches(split.images, split.labels, normalize, (), batch_size, True, draws)

    plan = replace(
        World().plan(), model=model, forward=model, batch_size=batch_size, make_batches=make_batches
    )
    check_memory(plan, images, shape, FakeDevice(free))


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


SLICED = pytest.mark.xfail(strict=True, reason="a slice of the batch is counted as the whole batch's storage")


@pytest.mark.parametrize(
    "batch_size", [1, 16, pytest.param(64, marks=SLICED), pytest.param(512, marks=SLICED)]
)
def test_a_batch_fits_to_the_byte_that_its_images_weights_and_activations_take(batch_size: int) -> None:
    needed = FIXED + 100 * 16 + SAVED * TRANSIENT * batch_size
    check(batch_size, math.ceil(needed), images=100)
    with pytest.raises(DawnbenchError):
        check(batch_size, math.floor(needed) - 1, images=100)


@SLICED
def test_one_that_does_not_fit_is_refused_with_one_that_does() -> None:
    free = 50_000
    with pytest.raises(DawnbenchError, match=r"batch_size=100000 .* cpu has .* free") as refusal:
        check(100_000, free)
    fitting = int(re.findall(r"batch_size=(\d+) would fit", str(refusal.value))[0])
    check(fitting, free)
    with pytest.raises(DawnbenchError):
        check(fitting + 16, free)


@pytest.mark.xfail(strict=True, reason="the check itself allocates the batch")
def test_a_batch_beyond_all_memory_is_refused_before_it_is_made() -> None:
    with pytest.raises(DawnbenchError, match="batch_size=100000000000000 needs"):
        check(10**14, free=50_000)


def test_the_data_set_on_the_device_counts() -> None:
    check(64, free=50_000, images=1000)
    with pytest.raises(DawnbenchError):
        check(64, free=50_000, images=45_000 // 16)


def test_where_not_even_a_small_batch_fits_the_sentence_says_so() -> None:
    with pytest.raises(DawnbenchError, match="not even a batch of 16 would fit"):
        check(64, free=1_000)


@pytest.mark.xfail(strict=True, reason="the probe of 32 images does not split")
@pytest.mark.parametrize(("batch_size", "splits"), [(48, 24), (64, 64), (34, 17)])
def test_a_model_with_ghost_norms_of_any_number_can_be_checked(batch_size: int, splits: int) -> None:
    check(batch_size, 10**12, model=DavidNet(3, 4, (2, 2, 2, 2), norm_splits=splits), shape=(32, 32, 3))


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
    sentence = str(explain_out_of_memory(error, 512))
    assert "batch_size=512 ran out of memory" in sentence
    assert "try batch_size=256" in sentence
    assert "\n" not in sentence


def test_the_smallest_batch_advised_is_one() -> None:
    assert "try batch_size=1," in str(explain_out_of_memory(MemoryError(), 1))


def test_another_error_is_not_taken_for_one_of_memory() -> None:
    assert explain_out_of_memory(RuntimeError("shapes do not match"), 512) is None
