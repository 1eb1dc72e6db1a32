"""Write a report with its plots and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from dawnbench.records.files import write
from dawnbench.records.published import read_published
from dawnbench.records.reader import Run
from dawnbench.records.rules import suiting_rule
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts.ladder import ladder
from dawnbench.report.charts.latency import latency_chart
from dawnbench.report.charts.ratios import ratio_chart
from dawnbench.report.page import render_run_page
from dawnbench.report.plots.bars import draw_ladder
from dawnbench.report.plots.dots import draw_ratios
from dawnbench.report.plots.lines import draw_chart
from dawnbench.report.plots.plot_files import draw_accuracy, run_plots
from dawnbench.report.plots.style import save, styled, svg, svg_element
from dawnbench.report.text.comparison_sections import Held, comparisons
from dawnbench.report.text.log_views import LogView
from dawnbench.report.text.run_report import Drawn, report
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.trial_summary import summarise


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a report are written."""

    markdown: Path | None
    page: Path | None
    figures: Path
    """A folder."""


def places(runs: Sequence[Run], out: Path | None) -> Places:
    """Return where to write a report: to the run folder, or to `out`; an .html file gets only the page."""
    if out is None:
        folder = runs[0].folder
        return Places(folder / "report.md", folder / "report.html", folder / "figures")
    if out.suffix.lower() in (".html", ".htm"):
        return Places(None, out, out.parent / "figures")
    return Places(out, None, out.parent / "figures")


def write_report(
    runs: Sequence[Run], rule: str, view: LogView, to: Places, prices: PriceList = UNPRICED
) -> list[Path]:
    """Write a report on runs and return the files that a reader opens.

    Raises:
        DawnbenchError: a file cannot be written, or a run's telemetry is damaged.
    """
    written = []
    drawn_here: dict[str, Path] = {}
    rule = suiting_rule(runs[0].record.kind, rule)
    if to.markdown is not None:
        held = comparisons([trial_set_of(run) for run in runs], rule)
        drawn = _draw(runs, rule, to, held)
        write(report(runs, rule, view, drawn, held, prices), to.markdown)
        written.append(to.markdown)
        drawn_here = {name: to.markdown.parent / link for name, link in drawn.runs[0].items()}
    if to.page is not None:
        run = runs[0]
        picture = _picture(run, rule, drawn_here)
        # Before the samples are read: making it takes as much memory as a day of them.
        summary = summarise(trial_set_of(run))
        samples = read_samples(run.folder)
        page = render_run_page(run, samples, rule=rule, picture=picture, summary=summary, prices=prices)
        write(page, to.page)
        written.append(to.page)
    return written


def _draw(runs: Sequence[Run], rule: str, to: Places, held: Held) -> Drawn:
    """Write all plots, and return their paths relative to the report."""
    assert to.markdown is not None
    of_runs = []
    for number, run in enumerate(runs, start=1):
        folder = to.figures if len(runs) == 1 else to.figures / str(number)
        of_runs.append({n: _save(figure, folder / n, to) for n, figure in run_plots(run, rule).items()})
    first = trial_set_of(runs[0])
    with styled():
        charts = [ratio_chart(comparison) for comparison in held[0]]
        ratios = [None if chart is None else draw_ratios(chart) for chart in charts]
        published = ladder(first, read_published(), rule)
        drawn_ladder = None if published is None else draw_ladder(published)
    return Drawn(
        runs=tuple(of_runs),
        ratios=tuple(
            None if figure is None else _save(figure, to.figures / f"ratio-{number}", to)
            for number, figure in enumerate(ratios, start=2)
        ),
        ladder=None if drawn_ladder is None else _save(drawn_ladder, to.figures / "ladder", to),
    )


def _save(figure: Figure, stem: Path, to: Places) -> str:
    """Write one plot, and return its path relative to the report."""
    assert to.markdown is not None
    return save(figure, stem)[0].relative_to(to.markdown.parent).as_posix()


def _picture(run: Run, rule: str, drawn: Mapping[str, Path]) -> str | None:
    """Return the first plot as SVG, for readers without JavaScript: accuracy, or latency by pass.

    `drawn` are the files of plots that are drawn already, by name.
    """
    chart = latency_chart(run)
    path = drawn.get("accuracy" if chart is None else "latency")
    if path is not None:
        return svg_element(path.read_text(encoding="utf-8"))
    with styled():
        figure = draw_accuracy(run, rule) if chart is None else draw_chart(chart, 3.4)
        return None if figure is None else svg(figure)
