"""writeup.md: models one by one, and as a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dawnbench.records.files import write
from dawnbench.records.reader import Run
from dawnbench.report.charts.models import series_chart
from dawnbench.report.plots.model_panels import draw_series
from dawnbench.report.plots.style import save, styled
from dawnbench.report.text.log_views import LogView
from dawnbench.report.write_up.analysis import NOTE
from dawnbench.report.write_up.model_section import model_section
from dawnbench.report.write_up.notes import Notes
from dawnbench.report.write_up.series_table import series_table
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.price_list import UNPRICED, PriceList

CAPTION = "Test accuracy of each model by epoch, and its target"


def write_up(
    runs: Sequence[Run],
    rule: str,
    view: LogView,
    notes: Notes | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    picture: str | None = None,
    prices: PriceList = UNPRICED,
) -> str:
    """Return the text of a write-up of one or more runs, in their order.

    `notes` give the author's conclusions. Of several, `title` heads it, `note` is the paragraph below, and
    `picture` is the address of the figure of their curves.
    """
    if len(runs) == 1 and title is None:
        return _joined(model_section(runs[0], rule, view, 1, "", prices, notes))
    names = model_names(runs)
    parts = [f"# {markdown(title or f'{len(runs)} models')}", *([markdown_block(note)] if note else []), NOTE]
    for run, name in zip(runs, names, strict=True):
        parts += model_section(run, rule, view, 2, markdown(name), prices, notes)
    parts += ["## The series", series_table(runs, names)]
    parts += [f"![{CAPTION}]({picture})"] if picture else []
    return _joined(parts)


def model_names(runs: Sequence[Run]) -> list[str]:
    """Return each run's recipe's name, with the run folder's where several runs are of one recipe."""
    names = [run.record.recipe_name for run in runs]
    often = Counter(names)
    return [
        name if often[name] == 1 else f"{name}, {run.folder.resolve().name}"
        for name, run in zip(names, runs, strict=True)
    ]


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def write_write_up(
    runs: Sequence[Run],
    rule: str,
    view: LogView,
    path: Path,
    notes: Notes | None = None,
    *,
    title: str | None = None,
    note: str | None = None,
    prices: PriceList = UNPRICED,
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
    text = write_up(runs, rule, view, notes, title=title, note=note, picture=picture, prices=prices)
    write(text, path)
