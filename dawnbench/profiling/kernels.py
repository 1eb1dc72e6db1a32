"""From the profiler's events to one row a kernel."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dawnbench.profiling.counts import Count, Key, key_of
from dawnbench.records.roofline import KernelRow


class _Spent:
    """Calls and microseconds of one key."""

    def __init__(self) -> None:
        self.calls = 0
        self.microseconds = 0.0


def kernel_rows(
    events: Iterable[Any], counts: Mapping[Key, Count], steps: int, on_host: bool, float32: str
) -> tuple[KernelRow, ...]:
    """Return the rows of an average step, the longest first.

    `events` are `torch.profiler.profile.events()` over `steps` steps. An event whose name and shapes were
    counted takes all that happened below it; what is in no such event has a row by its own name, without
    counts. `on_host` tells that the host computes; otherwise the time is that of the device's kernels.
    `float32` is the precision in which products of float32 are computed.
    """
    events = list(events)
    names = {name for name, _ in counts} | {f"{name}_" for name, _ in counts}
    roots = [e for e in events if _is_on_host(e) and e.cpu_parent is None and not e.is_async]
    spent: defaultdict[Key, _Spent] = defaultdict(_Spent)
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
    """Yield the outermost events of counted operations, and with False those around them."""
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


def _add_unmatched(spent: defaultdict[Key, _Spent], events: Iterable[Any], matched: Counter[str]) -> None:
    """Add the kernels that no counted operation launched: those of a captured graph or of a compiler."""
    total: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for event in events:
        if not _is_on_host(event) and not event.is_user_annotation:
            total[event.name] += event.time_range.elapsed_us()
            calls[event.name] += 1
    for name, microseconds in total.items():
        rest = microseconds - matched[name]
        # What is left by rounding is no kernel.
        if rest > 0.001 * microseconds:
            spent[name, ()].calls = max(1, round(calls[name] * rest / microseconds))
            spent[name, ()].microseconds = rest


def _count(counts: Mapping[Key, Count], key: Key) -> Count | None:
    # Where nobody watches, autograd sums gradients in place; before a counter it makes a new tensor.
    name, shapes = key
    return counts.get(key) or counts.get((name.removesuffix("_"), shapes))


def _row(key: Key, spent: _Spent, count: Count | None, steps: int, float32: str) -> KernelRow:
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
