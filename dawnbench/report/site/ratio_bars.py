"""The ratios of a comparison drawn, with or without JavaScript."""

from __future__ import annotations

import math

from markupsafe import Markup

from dawnbench.report.units import significant
from dawnbench.safe_text import html
from dawnbench.stats.comparison.outcome import Comparison, Ratio

MIN_SCALE = 0.02
"""Of the logarithm, to either side of 1: nearer ratios are not drawn as if they were far from it."""
_ROW = Markup(
    '<div class="ratio"><span>{}</span><div class="scale"><i style="left:{:.2f}%;right:{:.2f}%"></i>'
    '<b style="left:{:.2f}%"></b></div><span>{}</span></div>\n'
)
_ENDS = Markup(
    '<div class="ratio ends"><span></span><div><span>{}</span><span>1</span><span>{}</span></div></div>\n'
)


def ratio_bars(comparison: Comparison) -> Markup:
    """Return each ratio as a dot with its interval, on one logarithmic scale with 1 in the middle.

    They are hidden from screen readers, whose users have the figures in a table; nothing where no ratio is
    finite.
    """
    found = [(f"{time.rule}, time", time.ratio) for time in comparison.times]
    found.append(("energy", comparison.energy))
    ratios = [(name, ratio) for name, ratio in found if ratio is not None and 0 < ratio.value < math.inf]
    if not ratios:
        return Markup("")
    half = max(MIN_SCALE, *(1.1 * abs(math.log(end)) for _, ratio in ratios for end in _ends(ratio)))
    rows = []
    for name, ratio in ratios:
        low, high = (_percent(end, half) for end in _ends(ratio))
        rows.append(
            _ROW.format(html(name), low, 100 - high, _percent(ratio.value, half), significant(ratio.value))
        )
    rows.append(_ENDS.format(significant(math.exp(-half), 3), significant(math.exp(half), 3)))
    return Markup('<div class="ratios" aria-hidden="true">\n{}</div>\n').format(Markup("").join(rows))


def _percent(ratio: float, half: float) -> float:
    """Return how far from the left a ratio stands on a scale of `half` a logarithm to either side of 1."""
    return 50 + 50 * math.log(ratio) / half


def _ends(ratio: Ratio) -> tuple[float, float]:
    """Return the interval, or the ratio itself where there is none that can be drawn."""
    interval = ratio.interval
    if interval is None or not 0 < interval.low <= interval.high < math.inf:
        return ratio.value, ratio.value
    return interval.low, interval.high
