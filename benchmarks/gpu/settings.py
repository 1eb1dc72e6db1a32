"""How large the GPU check's measurements are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Sizes of one check; it travels to the parts' processes as JSON."""

    device: str
    data: str
    """The data set of the trials."""
    uuid: str | None
    """By which NVML knows the GPU."""
    trials: int
    pairs: int
    """Of recorded and bare trials, at least."""
    batch: int
    widths: tuple[int, int, int, int]
    steps: int
    """Of the profiled epoch."""
    images: int
    """Of the epochs on which the harness's cost is measured."""
    validation: int
    overrides: tuple[str, ...]
    """Further `--set`s of the trials."""


REAL = Settings(
    device="cuda",
    data="cifar10",
    uuid=None,
    trials=3,
    pairs=6,
    batch=512,
    widths=(64, 128, 256, 512),
    steps=8,
    images=50_000,
    validation=10_000,
    overrides=(),
)

DRY = Settings(
    device="cpu",
    data="digits",
    uuid=None,
    trials=1,
    pairs=2,
    batch=32,
    widths=(4, 4, 4, 4),
    steps=2,
    images=64,
    validation=32,
    # The schedule stretches to the two epochs; 256 is 5 steps an epoch of the shipped digits.
    overrides=("epochs=2", "batch_size=256", "model.widths=[4,4,4,4]", "precision=fp32"),
)
