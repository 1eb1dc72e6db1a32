"""The measured peaks of a device, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dawnbench.records.step_profile import Peak, Peaks
from dawnbench.report.units import significant
from dawnbench.safe_text import plain


def peaks_report(peaks: Peaks) -> RenderableType:
    """Return the measured peaks and what was left out."""
    threads = "" if peaks.threads is None else f", {peaks.threads} thread{'s' if peaks.threads > 1 else ''}"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("peak")
    table.add_column("rate", justify="right")
    table.add_column("measured with")
    for peak in peaks.products:
        rate = f"{prefixed(peak.rate)}FLOP/s"
        table.add_row(f"matrix product, {peak.work}", rate, _fastest(peak, f"{peak.size} x {peak.size}"))
    for peak in (peaks.memory, peaks.cache):
        size = f"{significant(peak.size / 2**20, 3)} MiB"
        table.add_row(f"copy, {peak.work}", f"{prefixed(peak.rate)}B/s", _fastest(peak, size))
    notes = (*peaks.skipped, "A copy's rate counts each byte as one read and one write.")
    title = f"{peaks.device_name} ({peaks.device}{threads})"
    return Group(Text(plain(title)), "", table, "", *(Text(plain(note)) for note in notes))


def prefixed(value: float) -> str:
    """Return a number with three digits and the prefix of its unit: 1.23 T."""
    for size, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{significant(value / size, 3)} {prefix}"
    return f"{significant(value, 3)} "


def _fastest(peak: Peak, size: str) -> str:
    return f"{size}, fastest of {peak.calls}"
