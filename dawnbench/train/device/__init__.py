"""The CPU, CUDA and MPS behind one face: what a device lacks is a method here, not an `if` in the loop."""

from dawnbench.train.device.common import Device
from dawnbench.train.device.open import open_device

__all__ = ["Device", "open_device"]
