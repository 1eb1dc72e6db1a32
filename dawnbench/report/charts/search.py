"""A search: what its candidates came to in their order, and which parameters matter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dawnbench.report.charts.chart import Axis, Chart, Line, Target
from dawnbench.stats.candidates import Candidate
from dawnbench.stats.search_results import SearchResults


@dataclass(frozen=True, slots=True)
class ImportanceChart:
    """A bar per parameter, the most important first, in one panel per figure that they matter for."""

    title: str
    panels: Sequence[tuple[str, Mapping[str, float]]]
    """What the parameters matter for, and the share of each in percent."""


def history_charts(results: SearchResults) -> list[Chart]:
    """Return the candidates' times and accuracies, in the order in which they were tried."""
    search = results.search
    places = list(range(1, len(results.candidates) + 1))
    accuracies = [None if one.accuracy is None else 100 * one.accuracy for one in results.candidates]
    meeting = [_seconds(one) if one.meets(search) else None for one in results.candidates]
    other = [None if one.meets(search) else _seconds(one) for one in results.candidates]
    lines = [
        Line("meets the constraint", places, meeting, "blue", True, key="meets the constraint", joined=False),
        Line("does not", places, other, "grey", True, key="does not", joined=False),
        Line("best so far", places, _best_so_far(results), "red", True, key="best so far"),
    ]
    subject = f"{results.name}: {search.recipe}, {len(places)} candidates"
    x = Axis("candidate", kind="count")
    return [
        Chart(
            "Time by candidate",
            x,
            Axis(f"time under the {search.rule} rule", "s"),
            [line for line in lines if len(line.known()[0])],
            subject=subject,
        ),
        Chart(
            "Accuracy by candidate",
            x,
            Axis("mean validation accuracy", "%"),
            [Line("mean", places, accuracies, "blue", True, joined=False)],
            targets=[Target(100 * search.accuracy, f"asked for, {100 * search.accuracy:.4g} %")],
            subject=subject,
        ),
    ]


def importance_chart(results: SearchResults) -> ImportanceChart | None:
    """Return the parameters' importances; None if they are unknown."""
    panels = [
        (f"for the time ({results.search.rule})", results.time_importances),
        ("for the accuracy", results.accuracy_importances),
    ]
    known = [
        (label, {name: 100 * share for name, share in shares.items()}) for label, shares in panels if shares
    ]
    return ImportanceChart(f"{results.name}: importance of each setting", known) if known else None


def _best_so_far(results: SearchResults) -> list[float | None]:
    best: float | None = None
    found = []
    for one in results.candidates:
        if one.meets(results.search) and one.trials >= len(results.search.seeds):
            best = one.seconds if best is None else min(best, one.seconds)
        found.append(best)
    return found


def _seconds(one: Candidate) -> float | None:
    return one.seconds if math.isfinite(one.seconds) else None
