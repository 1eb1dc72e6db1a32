"""A step's kernels compared with the roofs of their machine, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from dawnbench.records.step_profile import KernelRow, StepProfile
from dawnbench.report.text.peaks_table import prefixed
from dawnbench.report.units import significant
from dawnbench.safe_text import plain
from dawnbench.stats.kernel_gaps import Family, Roofline, find_gap, roofline

MAX_ROWS = 12
"""Kernels shown one by one; the rest are added up."""
WIDTH = 80
"""Columns of the terminal, to which a kernel's name and shapes are truncated."""
HEADER = ("calls", "ms", "share", "FLOP", "byte", "FLOP/B", "FLOP/s", "B/s", "of roof")
CELL = 8
"""Columns that a number takes, including the space before it."""
LEGEND = (
    "FLOP and byte are per step; each kernel's inputs and outputs count once. Of roof: the share of the "
    "matrix-product peak (C) or of the memory's copy bandwidth (M), whichever is the limit. It exceeds 100 % "
    "if a cache serves the bytes, or a convolution skips its padding. A dash: the kernel computes or moves "
    "nothing, or what it does is not counted."
)


def profile_report(profile: StepProfile) -> RenderableType:
    """Return the longest kernels with their roofs, the peaks, and the gap in words; 80 columns wide."""
    peaks = profile.peaks
    rates = [f"{peak.work} {prefixed(peak.rate)}FLOP/s" for peak in peaks.products]
    steps = f"{profile.steps} step{'s' if profile.steps > 1 else ''} of {profile.batch_size} images"
    where = f"{profile.recipe_name} on {peaks.device_name} ({peaks.device}, {profile.precision})"
    return Group(
        Text(plain(f"{where}, {steps}")),
        Text(f"peaks: {', '.join(rates)}, copy {prefixed(peaks.memory.rate)}B/s", style="dim"),
        "",
        *_kernel_lines(profile),
        "",
        Text(_paragraph(LEGEND), style="dim"),
        "",
        Text(_paragraph(" ".join(gap_sentences(profile)))),
    )


def gap_sentences(profile: StepProfile) -> Iterator[str]:
    """Yield where a step's time goes, how close that is to the roofs, and how long it would take at them."""
    gap = find_gap(profile)
    parts = [_family_words(family) for family in gap.families if family.share >= 0.01]
    if gap.between >= 0.01:
        parts.append(f"in {_percent(gap.between)} no kernel runs")
    yield f"Of {_time(gap.whole_seconds)} per step, {'; '.join(parts)}."
    yield (
        f"If every kernel met its roof and none waited, the step would take {_time(gap.best_seconds)}, "
        f"{_percent(gap.best_seconds / gap.whole_seconds)} of that."
    )
    if abs(gap.whole_seconds / profile.step_seconds - 1) > 0.05:
        yield f"Without the profiler a step took {_time(profile.step_seconds)}."


def _kernel_lines(profile: StepProfile) -> Iterator[Text]:
    """Yield two lines per kernel, since its name and shapes do not fit beside nine numbers."""
    gap = find_gap(profile)
    whole = gap.whole_seconds
    yield Text(_figures(HEADER), style="bold")
    for row in profile.rows[:MAX_ROWS]:
        yield _label(row)
        yield Text(_figures(_cells(roofline(row, profile.peaks), whole)))
    others = profile.rows[MAX_ROWS:]
    sums = []
    if others:
        name = f"{len(others)} other{'s' if len(others) > 1 else ''}"
        sums.append((name, _calls(sum(row.calls for row in others)), sum(row.seconds for row in others)))
    if gap.between > 0:
        sums.append(("between kernels", "", gap.between * whole))
    for name, calls, seconds in (*sums, ("the step", "", whole)):
        yield Text(f"{_figures((calls, _milliseconds(seconds), _percent(seconds / whole)))}  {name}")


def _figures(cells: Sequence[str]) -> str:
    return "".join(f" {cell:>{CELL - 1}}" for cell in cells)


def _label(row: KernelRow) -> Text:
    text = Text(plain(row.name), style="bold")
    text.append("".join(f" {'x'.join(map(str, shape))}" for shape in row.shapes), style="not bold")
    text.truncate(WIDTH, overflow="ellipsis")
    return text


def _cells(kernel: Roofline, whole: float) -> list[str]:
    row = kernel.row
    letter = {"compute": "C ", "memory": "M ", None: ""}[kernel.bound]
    return [
        _calls(row.calls),
        _milliseconds(row.seconds),
        _percent(row.seconds / whole),
        _figure(row.flops),
        _figure(row.bytes),
        significant(kernel.intensity, 3) if kernel.intensity else "-",
        _figure(kernel.flop_rate),
        _figure(kernel.byte_rate),
        "-" if kernel.reached is None else f"{letter}{_percent(kernel.reached)}",
    ]


def _family_words(family: Family) -> str:
    share = _percent(family.share)
    product = f"{_percent(family.of_product_peak)} of the {family.precision} peak"
    memory = f"{_percent(family.of_memory_peak)} of the memory's copy bandwidth"
    return {
        "convolutions": f"{share} is in convolutions, which reach {product}",
        "matrix products": f"{share} is in matrix products, which reach {product}",
        "memory": f"{share} is in work without products, which moves its bytes at {memory}",
        "overhead": f"{share} is in views and allocations, which move nothing",
        "uncounted": f"{share} is in host work and kernels whose FLOPs and bytes are not counted",
    }[family.kind]


def _paragraph(text: str) -> str:
    """Wrap the text without separating a percent sign from its number."""
    return textwrap.fill(text.replace(" %", "\u00a0%"), WIDTH - 1).replace("\u00a0", " ")


def _figure(value: float | None) -> str:
    return prefixed(value).rstrip() if value else "-"


def _calls(number: float) -> str:
    return f"{number:.0f}" if number == round(number) else f"{number:.1f}"


def _milliseconds(seconds: float) -> str:
    return significant(1e3 * seconds, 3)


def _time(seconds: float) -> str:
    return f"{significant(seconds, 3)} s" if seconds >= 1 else f"{_milliseconds(seconds)} ms"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
