from __future__ import annotations

import pytest
import torch

from dawnbench.engine.device import open_device
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.errors import DawnbenchError

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
without_mps = pytest.mark.skipif(torch.backends.mps.is_available(), reason="MPS is here")


def test_the_cpu_is_always_there() -> None:
    device = open_device("cpu")
    assert isinstance(device, CpuDevice)
    assert device.torch == torch.device("cpu")


@without_cuda
@without_mps
def test_auto_falls_back_to_the_cpu() -> None:
    assert isinstance(open_device("auto"), CpuDevice)


@pytest.mark.parametrize(
    "name", ["gpu", "", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:0:1", "cpu:0", "mps:0"]
)
def test_an_unknown_name_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(
        DawnbenchError, match=f"device '{name}' is unknown; use auto, cpu, cuda, cuda:N or mps"
    ):
        open_device(name)


@without_cuda
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(
        DawnbenchError, match=f"device {name} is not available: .* 0 CUDA devices; use --device auto"
    ):
        open_device(name)


def test_a_gpu_beyond_the_last_one_is_refused_with_how_many_there_are() -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    with pytest.raises(DawnbenchError, match=f"cuda:4096 is not available: this machine has {count} CUDA"):
        open_device("cuda:4096")


@without_mps
def test_mps_elsewhere_than_on_a_mac_is_refused_with_a_way_out() -> None:
    with pytest.raises(DawnbenchError, match=r"mps is not available: .*use --device cpu"):
        open_device("mps")
