from __future__ import annotations

import pytest
import torch

from dawnbench.engine.device.base import Device
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.resident import ResidentSplit, Split, resize

COUNT, SIDE = 7, 6


class Apart(Device):
    """A device whose memory is not the host's, though it is the host that computes."""

    def __init__(self) -> None:
        super().__init__("cpu")


DEVICES = {"the host": lambda: CpuDevice("cpu"), "a device of its own memory": Apart}


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Device:
    return DEVICES[request.param]()  # type: ignore[no-any-return]


def host() -> Split:
    draws = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (COUNT, SIDE, SIDE, 3), dtype=torch.uint8, generator=draws)
    return Split(pixels, torch.arange(COUNT))


def at_size(size: int) -> torch.Tensor:
    target = torch.empty(COUNT, size, size, 3, dtype=torch.uint8)
    resize(host().images, target)
    return target


@pytest.mark.parametrize("size", [SIDE, 4, 9])
def test_once_loaded_it_holds_the_split_in_the_models_size(device: Device, size: int) -> None:
    split = ResidentSplit(host(), size, device)
    split.load()
    assert len(split) == COUNT
    assert torch.equal(split.images, at_size(size))
    assert torch.equal(split.labels, torch.arange(COUNT))
    assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
    assert split.images.is_contiguous()


@pytest.mark.parametrize("size", [SIDE, 4])
def test_random_pixels_take_the_images_place_until_these_are_loaded_again(device: Device, size: int) -> None:
    split = ResidentSplit(host(), size, device)
    split.load()
    split.fill_randomly(5)
    assert split.images.shape == (COUNT, size, size, 3)
    assert (split.images != at_size(size)).float().mean() > 0.9
    assert torch.equal(split.labels, torch.arange(COUNT))
    split.load()
    assert torch.equal(split.images, at_size(size))


@pytest.mark.parametrize("size", [SIDE, 4])
def test_what_lies_in_host_memory_is_never_written_to(device: Device, size: int) -> None:
    mine = host()
    split = ResidentSplit(mine, size, device)
    for _ in range(2):
        split.load()
        split.fill_randomly(1)
    assert torch.equal(mine.images, host().images)
    assert torch.equal(mine.labels, host().labels)


def test_a_device_that_shares_host_memory_computes_on_the_hosts_own_tensors() -> None:
    mine = host()
    split = ResidentSplit(mine, SIDE, CpuDevice("cpu"))
    split.fill_randomly(0)
    split.load()
    assert split.images.data_ptr() == mine.images.data_ptr()
    assert split.labels.data_ptr() == mine.labels.data_ptr()


@pytest.mark.parametrize("size", [SIDE, 4])
def test_a_device_with_memory_of_its_own_keeps_its_tensors_where_they_are(size: int) -> None:
    mine = host()
    split = ResidentSplit(mine, size, Apart())
    first = (split.images.data_ptr(), split.labels.data_ptr())
    assert first != (mine.images.data_ptr(), mine.labels.data_ptr())
    for act in (split.load, lambda: split.fill_randomly(0), split.load):
        act()
        assert (split.images.data_ptr(), split.labels.data_ptr()) == first


def test_random_pixels_follow_from_their_seed_and_meet_the_whole_range(device: Device) -> None:
    def filled(seed: int) -> torch.Tensor:
        split = ResidentSplit(host(), 40, device)
        split.fill_randomly(seed)
        return split.images

    before = torch.get_rng_state()
    assert torch.equal(filled(3), filled(3))
    assert not torch.equal(filled(3), filled(4))
    assert (int(filled(3).min()), int(filled(3).max())) == (0, 255)
    assert torch.equal(torch.get_rng_state(), before)
