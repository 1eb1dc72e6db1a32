"""Write a write-up with the plot of its series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dawnbench.records.files import write
from dawnbench.records.reader import Run
from dawnbench.report.charts.models import series_chart
from dawnbench.report.plots.model_panels import draw_series
from dawnbench.report.plots.style import save, styled
from dawnbench.report.text.log_views import LogView
from dawnbench.report.write_up.document import model_names, write_up
from dawnbench.report.write_up.notes import Notes


def write_write_up(
    runs: Sequence[Run],
    rule: str,
    view: LogView,
    path: Path,
    notes: Notes | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
) -> None:
    """Write the text to `path`, and the curves of several runs into figures/ beside it.

    Raises:
        DawnbenchError: a file cannot be written.
    """
    picture = None
    if len(runs) > 1:
        chart = series_chart(runs, model_names(runs), rule)
        if chart is not None:
            with styled():
                figure = draw_series(chart)
            picture = save(figure, path.parent / "figures" / "series")[0].relative_to(path.parent).as_posix()
    write(write_up(runs, rule, view, notes, title=title, note=note, picture=picture), path)
