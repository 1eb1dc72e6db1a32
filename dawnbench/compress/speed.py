"""How fast a compressed network answers beside the one that it was made from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median, quantiles

import torch

from dawnbench.engine.prepare import Prepared
from dawnbench.records.slimming import SpeedRecord

ROUNDS = 15
MIN_TURN_SECONDS = 0.05
"""A turn calls the network as often as this takes, so that the clock's resolution does not matter."""


def speed_in_turns(
    dense: Prepared, slimmed: Prepared, batch_size: int, *, rounds: int = ROUNDS
) -> SpeedRecord:
    """Return how long both networks take for one batch, each round measuring both in alternating order.

    Both are prepared for the same data on the same device, and compute in their precision. The images are
    on the device and normalized; they are repeated if there are fewer than a batch takes. A machine that slows
    down slows both alike, so the ratio is steadier than the times.
    """
    sides = [_answering(prepared, batch_size) for prepared in (dense, slimmed)]
    calls = [_calls_per_turn(side) for side in sides]
    seconds: list[list[float]] = [[], []]
    for number in range(rounds):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            seconds[side].append(_per_call(sides[side], calls[side]))
    ratios = [narrow / wide for wide, narrow in zip(*seconds, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return SpeedRecord(
        batch_size=batch_size,
        rounds=rounds,
        dense_seconds=median(seconds[0]),
        slimmed_seconds=median(seconds[1]),
        latency_ratio=median(ratios),
        low=low,
        high=high,
    )


def _answering(prepared: Prepared, batch_size: int) -> Callable[[], None]:
    """Return a function that answers one batch and waits for the answer."""
    pixels = prepared.validation.images
    repeats = math.ceil(batch_size / len(pixels))
    batch = pixels.repeat(repeats, 1, 1, 1)[:batch_size] if repeats > 1 else pixels[:batch_size]
    images = prepared.normalization(batch).to(prepared.precision.dtype)
    model = prepared.precision.convert(prepared.evaluated, prepared.device).eval()

    @torch.inference_mode()
    def answer() -> None:
        model(images)
        prepared.device.synchronize()

    return answer


def _calls_per_turn(answer: Callable[[], None]) -> int:
    answer()  # the first call allocates and chooses kernels
    return max(1, math.ceil(MIN_TURN_SECONDS / _per_call(answer, 3)))


def _per_call(answer: Callable[[], None], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        answer()
    return (time.perf_counter() - started) / calls
