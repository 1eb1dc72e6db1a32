"""Layers of SpeedNet as single operations: Triton kernels for an NVIDIA GPU."""

import os
from importlib.util import find_spec

import torch
from torch import Tensor

HAS_TRITON = find_spec("triton") is not None
IS_INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
"""Whether Triton runs its kernels on the CPU, as tests do."""


def kernels_available() -> bool:
    """Return whether this machine can run the kernels on some device."""
    return HAS_TRITON and (torch.cuda.is_available() or IS_INTERPRETED)


def kernels_accept(x: Tensor) -> bool:
    """Return whether the kernels can run where the tensor is."""
    return HAS_TRITON and (x.is_cuda or IS_INTERPRETED)
