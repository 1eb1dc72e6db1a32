"""The page with the history of one series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from markupsafe import Markup

from dawnbench.records.rules import is_per_image, stops_at_target
from dawnbench.report.page import Cell, render_chart
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.planned_comparisons import Compared
from dawnbench.report.site.series_history import SeriesHistory, history_chart
from dawnbench.report.site.site_folder import HOME, INDEX
from dawnbench.report.units import percent, time_label, time_unit
from dawnbench.stats.entries import RuleTime
from dawnbench.stats.step_changes import MIN_RUNS, Step

NONE = Cell("-")
DRIFT = "The newest run compared with the first: slow drift"
STEPS_NOTE = (
    "Levels are found by PELT on the logarithm of the runs' means, and each step is confirmed by a "
    "Mann-Whitney test of the runs on both sides, with p below 0.01. The page of the comparison says what "
    "differed across the step."
)
RUNS_NOTE = (
    "Times are means over a run's trials, in seconds, with misses counted. Each run is compared with the "
    "previous one that has a time under the rule."
)
PASSES_NOTE = (
    "Latencies are means over a run's passes, in milliseconds for one image. Each run is compared with the "
    "previous one."
)
DASH_NOTE = (
    "A dash for a comparison: there is no earlier run to compare with, or one of the two has no time under "
    "the rule."
)


def render_series(history: SeriesHistory, compared: Sequence[Compared], rule: str) -> str:
    """Return the HTML document with a series' history; `compared` are its comparisons."""
    key = history.key
    # The two sides of a `dawnbench ab` are successive runs of one history only if they share a recipe.
    previous = {
        one.other.name: (one, finding)
        for one, finding in compared
        if one.kind != "first" and one.reference.identity == key
    }
    overall = next(((one, finding) for one, finding in compared if one.kind == "first"), None)
    charts = Markup("").join(
        render_chart(chart)
        for name, levels in history.levels.items()
        if (chart := history_chart(name, levels))
    )
    body = [
        layout.hero(
            f"{key.hardware} · {key.conditions} · target {percent(key.target)}",
            history.label,
            layout.headline(_summary(history, rule)),
            layout.tiles(_tiles(history, rule, overall)),
            layout.paragraph(layout.link(DRIFT, f"../{overall[0].page}")) if overall else Markup(""),
        ),
        layout.section("steps", "Step changes", *_steps(history, previous)),
        layout.section(
            "history",
            "History",
            *([Markup('<div class="pair">\n{}</div>\n').format(charts)] if charts else []),
            _runs_table(history, previous, rule),
            layout.paragraph(
                " ".join([PASSES_NOTE if is_per_image(rule) else RUNS_NOTE, *_spending_notes(history, rule)]),
                "note",
            ),
            layout.paragraph(DASH_NOTE, "note"),
        ),
        layout.section("about", "What the runs share", _facts(history)),
    ]
    return layout.site_page(history.title, body, trail=[(HOME, f"../{INDEX}")])


def _summary(history: SeriesHistory, rule: str) -> str:
    runs, steps = layout.count(len(history.runs), "run"), history.steps(rule)
    if rule not in history.levels:
        return f"{runs}, none of which has a time under the {rule} rule."
    latest = history.levels[rule][-1]
    unit = time_unit(rule)
    level = f"{unit.number(median(latest.seconds))} {unit.name} under the {rule} rule"
    now = f"{history.title}: {level}, the median of the means of "
    if not steps:
        timed = len(latest.runs)
        which = runs if timed == len(history.runs) else f"the {timed} of {runs} that have one"
        return f"{now}{which}; no step change found."
    step = latest.step
    assert step is not None
    since = f"since {layout.minute(latest.runs[0].created)} UTC"
    changed = layout.change(1 + step.change)
    return f"{now}the {layout.count(len(latest.runs), 'run')} {since}, when it changed by {changed}."


def _tiles(history: SeriesHistory, rule: str, overall: Compared | None) -> list[tuple[str, str, str]]:
    runs = history.runs
    found = [
        ("Runs", f"{len(runs):,}", f"{runs[0].created[:10]} to {runs[-1].created[:10]}"),
        ("Step changes", str(len(history.steps(rule))), f"under the {rule} rule"),
    ]
    if overall is not None:
        _, finding = overall
        ratio = "-" if finding.ratio is None else layout.change(finding.ratio)
        found.append(("Newest vs first", ratio, layout.SHORT_VERDICTS.get(finding.word, finding.word)))
    return found


def _steps(history: SeriesHistory, previous: Mapping[str, Compared]) -> list[Markup]:
    rules = [rule for rule in history.levels if history.steps(rule)]
    steps = {rule: {level.runs[0].name: level.step for level in history.steps(rule)} for rule in rules}
    first = [run for run in reversed(history.runs) if any(run.name in steps[rule] for rule in rules)]
    if not first:
        least = 2 * MIN_RUNS
        why = f" Finding one takes at least {least} runs." if len(history.runs) < least else ""
        return [layout.paragraph(f"None found.{why}")]
    columns = ("First run of the new level", "What differed", *(f"#{time_label(rule)}" for rule in rules))
    rows = [
        [
            layout.run_link(run, "../"),
            Cell("comparison", link=f"../{before[0].page}") if (before := previous.get(run.name)) else NONE,
            *(_step_cell(steps[rule].get(run.name), rule) for rule in rules),
        ]
        for run in first
    ]
    table = layout.table("Medians of the runs' means before and after, the newest first", columns, rows)
    return [table, layout.paragraph(STEPS_NOTE, "note")]


def _step_cell(step: Step | None, rule: str) -> Cell:
    if step is None:
        return NONE
    before, after = (time_unit(rule).number(seconds) for seconds in (step.before, step.after))
    return Cell(f"{before} to {after}, {layout.change(1 + step.change)}", step.change)


def _runs_table(history: SeriesHistory, previous: Mapping[str, Compared], rule: str) -> Markup:
    steps = {level.runs[0].name: level.step for level in history.steps(rule)}
    spent = {run.name: time.spent for run in history.runs if (time := run.time(rule)) is not None}
    money = layout.spending_columns(spent.values())
    columns = (
        *("Started (UTC)", *(f"#{time_label(name)}" for name in history.levels), *money),
        *("Compared with the previous run", "#Step", "#Reached", "#Accuracy", "Claim", "dawnbench"),
    )
    rows = []
    for run in reversed(history.runs):
        step, before = steps.get(run.name), previous.get(run.name)
        times = (run.time(name) for name in history.levels)
        rows.append(
            [
                layout.run_link(run, "../"),
                *(_time_cell(time) for time in times),
                *(
                    layout.spending_cells(spent[run.name], money)
                    if run.name in spent
                    else [Cell("untimed")] * len(money)
                ),
                _verdict_cell(before),
                Cell("") if step is None else Cell(layout.change(1 + step.change), step.change),
                *layout.run_cells(run),
                Cell(run.dawnbench_version),
            ]
        )
    return layout.table("All runs, the newest first", columns, rows)


def _spending_notes(history: SeriesHistory, rule: str) -> list[str]:
    found = [time.spent for run in history.runs if (time := run.time(rule)) is not None]
    notes = layout.spending_notes(found, layout.spending_columns(found))
    if not notes or is_per_image(rule):
        return notes
    return [f"Energy and cost are under the {rule} rule.", *notes[1:]]


def _time_cell(time: RuleTime | None) -> Cell:
    if time is None:
        return Cell("untimed")
    if time.expected is None:
        return Cell("missed" if stops_at_target(time.rule) else "diverged")
    return layout.time_cell(time.expected, time.rule)


def _verdict_cell(compared: Compared | None) -> Cell:
    if compared is None:
        return NONE
    one, finding = compared
    return layout.verdict_cell(finding.word, finding.ratio, f"../{one.page}")


def _facts(history: SeriesHistory) -> Markup:
    key, newest = history.key, history.runs[-1]
    return layout.bullets(
        [
            f"Recipe {newest.identity.recipe}, digest {key.recipe_digest[:16]}",
            f"Device {key.hardware}, precision {key.conditions}",
            f"Data {newest.identity.data}, fingerprint {key.fingerprint[:16]}",
            f"Target {percent(key.target)} validation accuracy",
        ]
    )
