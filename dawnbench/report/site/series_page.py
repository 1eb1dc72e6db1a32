"""The page with the history of one series."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from markupsafe import Markup

from dawnbench.report.page import render_chart, render_table
from dawnbench.report.site import words
from dawnbench.report.site.history_chart import history_chart
from dawnbench.report.site.layout import site_page
from dawnbench.report.site.markup import bullets, headline, hero, link, paragraph, section, tiles
from dawnbench.report.site.names import HOME, INDEX
from dawnbench.report.site.plan import Planned
from dawnbench.report.site.series_tables import Against, runs_table, steps_table
from dawnbench.report.site.state import Finding
from dawnbench.report.site.timeline import Timeline
from dawnbench.report.units import percent, significant
from dawnbench.stats.history import MIN_RUNS

Compared = Mapping[Planned, Finding]
"""The comparisons whose pages are there, with what they came to."""
STEPS_NOTE = (
    "Levels are found by PELT on the logarithm of the runs' medians, and each step is borne out by a "
    "Mann-Whitney test of the runs on both sides, with p below 0.01. What differed across the step, the "
    "page of the comparison says."
)


def render_series(timeline: Timeline, compared: Compared, rule: str) -> str:
    """Return the HTML document with a series' history; `compared` are those of its runs."""
    key = timeline.key
    # The sides of a `dawnbench ab` follow each other in a history only where they are of one recipe.
    against = {
        one.other.name: (one, found)
        for one, found in compared.items()
        if one.kind != "first" and one.reference.identity == key
    }
    overall = next(((one, found) for one, found in compared.items() if one.kind == "first"), None)
    charts = [chart for name, levels in timeline.levels.items() if (chart := history_chart(name, levels))]
    body = [
        hero(
            f"{key.device_name} · {key.precision} · target {percent(key.target)}",
            timeline.label,
            headline(_summary(timeline, rule)),
            tiles(_tiles(timeline, rule, overall)),
            _overall(overall),
        ),
        section("steps", "Step changes", *_steps(timeline, against)),
        section(
            "history",
            "History",
            Markup('<div class="pair">\n{}</div>\n').format(Markup("").join(map(render_chart, charts)))
            if charts
            else Markup(""),
            render_table(runs_table(timeline, against, rule)),
            paragraph(
                "Times are medians over a run's trials, in seconds. Each run is held against the one "
                "before it in which the rule gave a time.",
                "note",
            ),
        ),
        section("about", "What the runs share", _facts(timeline)),
    ]
    return site_page(timeline.title, body, trail=[(HOME, f"../{INDEX}")])


def _summary(timeline: Timeline, rule: str) -> str:
    count, steps = words.count(len(timeline.runs), "run"), timeline.steps(rule)
    if rule not in timeline.levels:
        return f"{count}, of which none has a time under the {rule} rule."
    now = significant(median(timeline.levels[rule][-1].seconds))
    start = f"{timeline.title}: {now} s under the {rule} rule, the median of "
    latest = len(timeline.levels[rule][-1].runs)
    if not steps:
        timed = count if latest == len(timeline.runs) else f"the {latest} of {count} that have one"
        return f"{start}{timed}; no step change shown."
    step = steps[-1].step
    assert step is not None
    since = f"since {words.day(steps[-1].runs[0].created)} UTC"
    changed = words.change(1 + step.change)
    return f"{start}the {words.count(latest, 'run')} {since}, when it changed by {changed}."


def _tiles(
    timeline: Timeline, rule: str, overall: tuple[Planned, Finding] | None
) -> list[tuple[str, str, str]]:
    found = [
        (
            "Runs",
            f"{len(timeline.runs):,}",
            f"{timeline.runs[0].created[:10]} to {timeline.runs[-1].created[:10]}",
        )
    ]
    steps = timeline.steps(rule)
    found.append(("Step changes", str(len(steps)), f"under the {rule} rule"))
    if overall is not None:
        _, what = overall
        ratio = "-" if what.ratio is None else words.change(what.ratio)
        found.append(("Newest against first", ratio, words.SHORT.get(what.word, what.word)))
    return found


def _overall(overall: tuple[Planned, Finding] | None) -> Markup:
    if overall is None:
        return Markup("")
    return paragraph(link("The newest run against the first: what crept in", f"../{overall[0].page}"))


def _steps(timeline: Timeline, against: Against) -> list[Markup]:
    table = steps_table(timeline, against)
    if table is None:
        least = 2 * MIN_RUNS
        why = f" It takes at least {least} runs to show one." if len(timeline.runs) < least else ""
        return [paragraph(f"None shown.{why}")]
    return [render_table(table), paragraph(STEPS_NOTE, "note")]


def _facts(timeline: Timeline) -> Markup:
    key, newest = timeline.key, timeline.runs[-1]
    return bullets(
        [
            f"Recipe {newest.identity.recipe}, digest {key.recipe_digest[:16]}",
            f"Device {key.device_name}, precision {key.precision}",
            f"Data {newest.identity.data}, fingerprint {key.fingerprint[:16]}",
            f"Target {percent(key.target)} validation accuracy",
        ]
    )
