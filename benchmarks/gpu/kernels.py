"""Part (e): how much of an epoch the GPU computes, and whether the host ever waits for it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.clock import Marks
from benchmarks.engine import Made, make_trainer, one_epoch, synthetic
from benchmarks.gpu.settings import Settings

WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")
TOP = 10
ROUNDS = 5


def measure(settings: Settings) -> list[str]:
    sizes: dict[str, tuple[int, tuple[int, ...]]] = {
        "davidnet": (settings.batch, settings.widths),
        "davidnet-10": (settings.batch, settings.widths),
        "speedrun": (settings.speedrun_batch, settings.speedrun_widths),
    }
    lines = []
    for recipe, (batch, widths) in sizes.items():
        made = make_trainer(
            synthetic(settings.steps * batch, batch),
            device=settings.device,
            batch=batch,
            widths=widths,
            epochs=1,
            recipe=recipe,
        )
        made.trainer.warm_up()
        lines += [f"### {recipe}, {settings.steps} steps of batch {batch}", "", *_one(made), ""]
    return lines


def _one(made: Made) -> list[str]:
    epoch = one_epoch(made)
    epoch()
    steps = made.plan.steps_per_epoch
    seconds = _seconds(made, epoch)
    events = _profiled(made, epoch)
    on = torch.autograd.DeviceType.CUDA if made.device.torch.type == "cuda" else torch.autograd.DeviceType.CPU
    kernels = [event for event in events if event.device_type == on]
    busy = union((event.time_range.start, event.time_range.end) for event in kernels) / 1e6
    calls = Counter(event.name for event in events if event.name in WAITS)
    return [
        f"- a step takes {1e3 * seconds / steps:.3f} ms, unprofiled (the median of {ROUNDS} epochs)",
        f"- kernels run {1e3 * busy / steps:.3f} ms of it: {busy / seconds:.1%} of the epoch's time",
        f"- {len(kernels) / steps:.0f} kernels a step",
        f"- synchronisations that torch warns of inside an epoch: {_synchronisations(made, epoch)}",
        "- waiting calls that the profiler saw, its own at the end included: "
        + (", ".join(f"{name} {count}" for name, count in calls.items()) or "none"),
        "",
        *_table(kernels, busy),
    ]


def union(intervals: Iterable[tuple[float, float]]) -> float:
    """Return the length that intervals, which may overlap, cover together."""
    covered, reach = 0.0, float("-inf")
    for start, end in sorted(intervals):
        covered += max(0.0, end - max(start, reach))
        reach = max(reach, end)
    return covered


def _seconds(made: Made, epoch: Callable[[], None]) -> float:
    marks = Marks(made.device.torch)
    marks.add()
    for _ in range(ROUNDS):
        epoch()
        marks.add()
    return sorted(marks.seconds())[ROUNDS // 2]


def _profiled(made: Made, epoch: Callable[[], None]) -> list[Any]:
    activities = [ProfilerActivity.CPU]
    if made.device.torch.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as profiler:
        epoch()
        made.device.synchronize()
    return list(profiler.events() or ())


def _synchronisations(made: Made, epoch: Callable[[], None]) -> int:
    if made.device.torch.type != "cuda":
        return 0
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            epoch()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(warning.message) for warning in caught)


def _table(kernels: list[Any], busy: float) -> list[str]:
    spent: Counter[str] = Counter()
    for event in kernels:
        spent[event.name[:80].replace("|", " ")] += event.time_range.elapsed_us() / 1e6
    rows = [f"| `{name}` | {seconds / busy:.1%} |" for name, seconds in spent.most_common(TOP)]
    return ["| kernel | share of the busy time |", "| --- | ---: |", *rows]
