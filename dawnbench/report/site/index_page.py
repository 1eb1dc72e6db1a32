"""The index page of a site."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dawnbench.report.page import Cell
from dawnbench.report.site import site_layout as layout
from dawnbench.report.site.leaderboard_section import board_section, filters
from dawnbench.report.site.planned_comparisons import Compared
from dawnbench.report.site.series_history import Level, SeriesHistory
from dawnbench.report.site.site_folder import HOME, run_page
from dawnbench.stats.leaderboard import leaderboard

MAX_STEPS = 20
"""Step changes on the index page; the pages of the series show all of them."""
MAX_TROUBLES = 5
"""Sentences shown above the leaderboards; if there are more, they are folded away."""


def render_index(
    histories: Sequence[SeriesHistory], compared: Sequence[Compared], troubles: Sequence[str], rule: str
) -> str:
    """Return the HTML document with the leaderboards, recent step changes and links to the other pages.

    `troubles` says what cannot be read or compared, one sentence each; `rule` is the timing rule for step
    changes and verdicts.
    """
    boards = leaderboard({history.key: history.runs for history in histories})
    by_key = {history.key: history for history in histories}
    pairs = [pair for pair in compared if pair[0].kind == "pair"]
    body = [
        layout.hero(
            "dawnbench", HOME, layout.headline(_summary(histories)), layout.tiles(_tiles(histories, rule))
        ),
        _troubles(troubles),
        *([filters(boards, by_key, rule)] if boards else []),
        *(board_section(board, by_key, number) for number, board in enumerate(boards, start=1)),
        layout.section("news", "Step changes", *_steps(histories, rule)),
        *([layout.section("pairs", "Compared in pairs", _pairs_table(pairs))] if pairs else []),
        *([layout.section("series", "All series", _series_table(histories, rule))] if histories else []),
    ]
    return layout.site_page(HOME, body, up="")


def _summary(histories: Sequence[SeriesHistory]) -> str:
    runs = [run for history in histories for run in history.runs]
    if not runs:
        return "No runs yet. Record one with `dawnbench run`, then call `dawnbench site` again."
    trials = sum(run.trials for run in runs)
    what = (
        f"{layout.count(len(runs), 'run')} with {layout.count(trials, 'trial')} in {len(histories):,} series"
    )
    first, last = min(run.created for run in runs), max(run.created for run in runs)
    return f"{what}, from {first[:10]} to {last[:10]}."


def _tiles(histories: Sequence[SeriesHistory], rule: str) -> list[tuple[str, str, str]]:
    runs = [run for history in histories for run in history.runs]
    steps = sum(len(history.steps(rule)) for history in histories)
    return [
        ("Runs", f"{len(runs):,}", f"in {len(histories):,} series"),
        ("Recipes", f"{len({run.recipe_digest for run in runs}):,}", "told apart by their digests"),
        ("Devices", f"{len({history.key.device_name for history in histories}):,}", ""),
        ("Step changes", f"{steps:,}", f"under the {rule} rule"),
    ]


def _troubles(troubles: Sequence[str]) -> Markup:
    if not troubles:
        return Markup("")
    listed = layout.bullets(troubles)
    if len(troubles) > MAX_TROUBLES:
        listed = Markup("<details>\n<summary>Which, and why</summary>\n{}</details>\n").format(listed)
    return layout.section("troubles", "What could not be read or compared", listed, kind="doubts")


def _steps(histories: Sequence[SeriesHistory], rule: str) -> list[Markup]:
    found = [(history, level) for history in histories for level in history.steps(rule)]
    if not found:
        return [layout.paragraph(f"None found under the {rule} rule.")]
    found.sort(key=lambda step: (step[1].runs[0].created, step[1].runs[0].name), reverse=True)
    columns = ("Series", "First run of the new level", "#Before [s]", "#After [s]", "#Change", "#Runs since")
    rows = [_step_row(history, level) for history, level in found[:MAX_STEPS]]
    table = layout.table(f"The newest first, under the {rule} rule", columns, rows)
    more = len(found) - MAX_STEPS
    older = f"{more:,} older ones are on the pages of their series."
    return [table, *([layout.paragraph(older, "note")] if more > 0 else [])]


def _step_row(history: SeriesHistory, level: Level) -> list[Cell]:
    step, first = level.step, level.runs[0]
    assert step is not None
    return [
        Cell(history.title, link=history.page),
        Cell(layout.minute(first.created), link=run_page(first.name)),
        layout.time_cell(step.before),
        layout.time_cell(step.after),
        Cell(layout.change(1 + step.change), step.change),
        Cell(str(step.runs[1]), step.runs[1]),
    ]


def _pairs_table(pairs: Sequence[Compared]) -> Markup:
    newest = sorted(pairs, key=lambda pair: (pair[0].other.created, pair[0].other.name), reverse=True)
    rows = [
        [
            *(
                Cell(f"{run.recipe_name}: {run.name}", link=run_page(run.name))
                for run in (one.other, one.reference)
            ),
            layout.verdict_cell(finding.word, finding.ratio, one.page),
            Cell(layout.minute(one.other.created)),
        ]
        for one, finding in newest
    ]
    columns = ("B", "A", "B compared with A", "Started (UTC)")
    return layout.table("The two sides of each dawnbench ab, the newest first", columns, rows)


def _series_table(histories: Sequence[SeriesHistory], rule: str) -> Markup:
    rows = [
        [
            Cell(history.title, link=history.page),
            Cell(f"{history.runs[-1].data} {history.key.fingerprint[:8]}"),
            Cell(f"{100 * history.key.target:g} %", history.key.target),
            Cell(history.key.precision),
            Cell(f"{len(history.runs):,}", len(history.runs)),
            Cell(str(len(history.steps(rule))), len(history.steps(rule))),
            Cell(layout.minute(history.runs[-1].created), link=run_page(history.runs[-1].name)),
        ]
        for history in histories
    ]
    columns = ("Series", "Data", "#Target", "Precision", "#Runs", "#Steps", "Newest run (UTC)")
    return layout.table("Recipes on devices, with their histories", columns, rows)
