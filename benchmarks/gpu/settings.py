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
    speedrun_batch: int
    speedrun_widths: tuple[int, int, int]
    steps: int
    """Of the profiled epoch."""
    images: int
    """Of the epochs on which the harness's cost is measured."""
    validation: int
    overrides: tuple[str, ...]
    """Further `--set`s of the trials."""
    peers_ours: str
    """The recipe to hold against the peers."""
    peers_data: str | None
    """For the peers, which take nothing but 32 x 32 in colour; None for `data`."""
    peers_trials: int
    """Of each side."""
    peers_block: int
    """Trials in a turn: each turn compiles first."""


REAL = Settings(
    device="cuda",
    data="cifar10",
    uuid=None,
    trials=3,
    pairs=6,
    batch=512,
    widths=(64, 128, 256, 512),
    speedrun_batch=1536,
    speedrun_widths=(64, 256, 256),
    steps=8,
    images=50_000,
    validation=10_000,
    overrides=(),
    peers_ours="speedrun",
    peers_data=None,
    peers_trials=40,
    peers_block=20,
)

DRY = Settings(
    device="cpu",
    data="digits",
    uuid=None,
    trials=1,
    pairs=2,
    batch=32,
    widths=(4, 4, 4, 4),
    speedrun_batch=32,
    speedrun_widths=(4, 4, 4),
    steps=2,
    images=64,
    validation=32,
    # The schedule stretches to the two epochs; 256 is 5 steps an epoch of the shipped digits.
    overrides=("epochs=2", "batch_size=256", "model.widths=[4,4,4,4]", "precision=fp32"),
    peers_ours="davidnet",
    peers_data="synthetic",
    peers_trials=1,
    peers_block=1,
)
