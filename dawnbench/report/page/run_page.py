"""The page of one run."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.records.reader import Run
from dawnbench.records.rules import known_rule, suiting_rule
from dawnbench.records.samples import Samples
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.report.charts.accuracy import accuracy_chart
from dawnbench.report.charts.epochs import (
    epoch_accuracy_chart,
    learning_rate_chart,
    loss_chart,
    median_number,
)
from dawnbench.report.charts.latency import latency_chart, throughput_chart
from dawnbench.report.charts.segments import SEGMENT_COLORS, segment_chart
from dawnbench.report.page import run_tables
from dawnbench.report.page.facts import facts, software, tiles
from dawnbench.report.page.layout import render_page, render_template, script_json
from dawnbench.report.page.tables import Table
from dawnbench.report.page.telemetry_data import page_telemetry
from dawnbench.report.text.costs import cost_sentences
from dawnbench.report.text.dashes import untimed_sentences
from dawnbench.report.text.headline import headline
from dawnbench.report.text.run_summary import sentences
from dawnbench.report.text.sections import reproducing_command
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.run_warnings import find_warnings
from dawnbench.stats.spending import Spending, spending
from dawnbench.stats.trial_summary import Summary, summarise


def render_run_page(
    run: Run,
    samples: Samples | None,
    *,
    rule: str = "dawnbench",
    assets: str | None = None,
    picture: str | None = None,
    trail: Sequence[tuple[str, str]] = (),
    summary: Summary | None = None,
    prices: PriceList = UNPRICED,
) -> str:
    """Return the HTML document about a run.

    `samples` are its telemetry. `picture` is an SVG picture for readers without JavaScript; `assets` and
    `trail` are as in `render_page`. `summary` is the run's, if the caller has it: it takes longer to make
    than the page.

    Raises:
        DawnbenchError: there is no such rule, or the run holds numbers that no run can have produced.
    """
    known_rule(rule)
    rule = suiting_rule(run.record.kind, rule)
    series = trial_set_of(run)
    summary = summary or summarise(series)
    spent = spending(series, rule, prices.prices_of(series))
    median = median_number(run, rule)
    by_epoch = (make(run, median) for make in (loss_chart, epoch_accuracy_chart, learning_rate_chart))
    telemetry = page_telemetry(run, samples)
    answers = [chart for chart in (latency_chart(run), throughput_chart(run)) if chart is not None]
    body = render_template(
        "run.html",
        run=run,
        answers=answers,
        rule=known_rule(rule),
        headline=headline(series, summary, rule),
        tiles=tiles(summary, series.target, spent),
        said=[
            *sentences(summary, series.target),
            *untimed_sentences(series),
            *cost_sentences(spent, summary),
        ],
        warnings=_warnings(run, samples, series, rule),
        picture=picture,
        median=median,
        accuracy=accuracy_chart(run, rule, median),
        charts=[chart for chart in by_epoch if chart is not None],
        numbers=sorted({epoch.trial for epoch in run.epochs}),
        telemetry=telemetry,
        telemetry_json=script_json(telemetry),
        unavailable=list(dict.fromkeys(run.record.telemetry_unavailable.values())),
        ledger=segment_chart(run, rule),
        known_segments=SEGMENT_COLORS,
        trials=_trials(run, median, spent),
        figures=run_tables.summary_table(summary),
        segments=run_tables.segments_table(run, rule),
        readings=run_tables.readings_table(run),
        log=run_tables.epochs_table(run, median),
        facts=facts(run),
        software=software(run),
        environment=run_tables.settings_table("Environment", run.record.environment),
        recipe=run_tables.settings_table("The recipe as resolved", run.record.recipe),
        command=reproducing_command(run.record),
    )
    return render_page(run.record.identity.recipe, body, assets=assets, trail=trail)


def _trials(run: Run, median: int, spent: Spending) -> Table:
    made = run_tables.trials_table if run.record.inference is None else run_tables.passes_table
    return made(run, median, spent)


def _warnings(run: Run, samples: Samples | None, series: TrialSet, rule: str) -> list[str]:
    of_trials = (f"trial {trial.trial}: {warning}" for trial in run.trials for warning in trial.warnings)
    of_samples = samples.warnings if samples is not None else ()
    of_run = (*run.warnings, *run.record.notes)
    return [*(str(warning) for warning in find_warnings(series, rule)), *of_trials, *of_run, *of_samples]
