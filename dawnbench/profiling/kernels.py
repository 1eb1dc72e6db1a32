"""Converts the profiler's events to one row per kernel."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dawnbench.profiling.counts import Count, Key, key_of
from dawnbench.records.step_profile import KernelRow


class _Time:
    """Calls and microseconds of one key."""

    def __init__(self) -> None:
        self.calls = 0
        self.microseconds = 0.0


def kernel_rows(
    events: Iterable[Any], counts: Mapping[Key, Count], steps: int, on_host: bool, float32: str
) -> tuple[KernelRow, ...]:
    """Return the rows of an average step, longest first.

    `events` are `torch.profiler.profile.events()` over `steps` steps. An event whose name and shapes were
    counted includes everything below it; any other event gets a row of its own name, without counts.
    `on_host` means that the host computes; otherwise the times are those of the device's kernels. `float32`
    is the precision of float32 matrix products.
    """
    events = list(events)
    names = {name for name, _ in counts} | {f"{name}_" for name, _ in counts}
    roots = [e for e in events if _is_on_host(e) and e.cpu_parent is None and not e.is_async]
    spent: defaultdict[Key, _Time] = defaultdict(_Time)
    matched: Counter[str] = Counter()
    for event, whole in _pieces(roots, names):
        key = key_of(event.name, event.input_shapes or ()) if whole else (event.name, ())
        if on_host:
            time = event.cpu_time_total if whole else event.self_cpu_time_total
        elif whole:
            kernels = list(_kernels(event))
            time = sum(kernel.duration for kernel in kernels)
            for kernel in kernels:
                matched[kernel.name] += kernel.duration
        else:
            continue
        spent[key].calls += 1
        spent[key].microseconds += time
    if not on_host:
        _add_unmatched(spent, events, matched)
    rows = [
        _row(key, one, _count(counts, key), steps, float32) for key, one in spent.items() if one.microseconds
    ]
    return tuple(sorted(rows, key=lambda row: -row.seconds))


def _pieces(events: Iterable[Any], names: set[str]) -> Iterator[tuple[Any, bool]]:
    """Yield the outermost events of counted operations with True, and those around them with False."""
    waiting = list(events)
    while waiting:
        event = waiting.pop()
        whole = event.name in names
        yield event, whole
        if not whole:
            waiting.extend(event.cpu_children)


def _is_on_host(event: Any) -> bool:
    return bool(event.device_type.name == "CPU")


def _kernels(event: Any) -> Iterator[Any]:
    yield from event.kernels
    for child in event.cpu_children:
        yield from _kernels(child)


def _add_unmatched(spent: defaultdict[Key, _Time], events: Iterable[Any], matched: Counter[str]) -> None:
    """Add the kernels that no counted operation launched: those of a captured graph or compiled code."""
    total: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for event in events:
        if not _is_on_host(event) and not event.is_user_annotation:
            total[event.name] += event.time_range.elapsed_us()
            calls[event.name] += 1
    for name, microseconds in total.items():
        rest = microseconds - matched[name]
        # A rounding error is not a kernel.
        if rest > 0.001 * microseconds:
            spent[name, ()].calls = max(1, round(calls[name] * rest / microseconds))
            spent[name, ()].microseconds = rest


def _count(counts: Mapping[Key, Count], key: Key) -> Count | None:
    # autograd normally sums gradients in place, but creates a new tensor under a dispatch mode.
    name, shapes = key
    return counts.get(key) or counts.get((name.removesuffix("_"), shapes))


def _row(key: Key, spent: _Time, count: Count | None, steps: int, float32: str) -> KernelRow:
    name, shapes = key
    calls = spent.calls / steps
    precision = None if count is None else count.precision
    return KernelRow(
        name=name.removeprefix("aten::"),
        shapes=shapes,
        precision=float32 if precision == "fp32" else precision,
        calls=calls,
        seconds=spent.microseconds / 1e6 / steps,
        flops=None if count is None else count.flops / count.calls * calls,
        bytes=None if count is None else count.bytes / count.calls * calls,
    )
