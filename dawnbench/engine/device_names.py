"""Names of devices, known without torch."""

from __future__ import annotations

import re

from dawnbench.errors import DawnbenchError

DEVICE_NAMES = ("auto", "cpu", "cuda", "mps")
"""What `open_device` takes, besides `cuda:N`."""


def check_device_name(name: str) -> None:
    """Check that a name can be a device's; whether this machine has it, only torch knows.

    Raises:
        DawnbenchError: it is unknown.
    """
    if name not in DEVICE_NAMES and cuda_index(name) is None:
        raise DawnbenchError(f"device {name!r} is unknown; use auto, cpu, cuda, cuda:N or mps")


def cuda_index(name: str) -> int | None:
    """Return N of `cuda:N`, which is 0 for `cuda`; None for another name."""
    cuda = re.fullmatch(r"cuda(?::(\d+))?", name)
    return None if cuda is None else int(cuda[1] or 0)
