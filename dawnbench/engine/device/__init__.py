"""One interface to CPU, CUDA and MPS: differences are methods here, not an `if` in the loop."""

from dawnbench.engine.device.base import CaptureError, Device
from dawnbench.engine.device.open import open_device

__all__ = ["CaptureError", "Device", "open_device"]
