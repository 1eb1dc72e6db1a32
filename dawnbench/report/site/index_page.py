"""The first page of a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from dawnbench.report.page import render_table
from dawnbench.report.site import words
from dawnbench.report.site.boards import board_section, filters
from dawnbench.report.site.index_tables import news_table, pairs_table, series_table
from dawnbench.report.site.layout import site_page
from dawnbench.report.site.markup import bullets, headline, hero, paragraph, section, tiles
from dawnbench.report.site.names import HOME
from dawnbench.report.site.plan import Planned
from dawnbench.report.site.state import Finding
from dawnbench.report.site.timeline import Timeline
from dawnbench.stats.leaderboard import leaderboard

MAX_NEWS = 20
"""Rows of a table of what is new; all of it is on the pages of the series."""
MAX_TROUBLES = 5
"""Sentences that may stand above the leaderboard; more are folded away."""


def render_index(
    timelines: Sequence[Timeline],
    compared: Mapping[Planned, Finding],
    troubles: Sequence[str],
    rule: str,
) -> str:
    """Return the HTML document with the leaderboard, what is new, and the way to every other page.

    `troubles` say what cannot be read or compared, a sentence each; `rule` is the one that steps and
    verdicts are by.
    """
    boards = leaderboard({timeline.key: timeline.runs for timeline in timelines})
    by_key = {timeline.key: timeline for timeline in timelines}
    pairs = {one: found for one, found in compared.items() if one.kind == "pair"}
    body = [
        hero("dawnbench", HOME, headline(_summary(timelines)), tiles(_tiles(timelines, rule))),
        _troubles(troubles),
        *([filters(boards, by_key, rule)] if boards else []),
        *(board_section(board, by_key, number) for number, board in enumerate(boards, start=1)),
        section("news", "Step changes", *_news(timelines, rule)),
        *([section("pairs", "Compared in pairs", render_table(pairs_table(pairs)))] if pairs else []),
        section("series", "Every series", render_table(series_table(timelines, rule)))
        if timelines
        else Markup(""),
    ]
    return site_page(HOME, body, up="")


def _summary(timelines: Sequence[Timeline]) -> str:
    runs = [run for timeline in timelines for run in timeline.runs]
    if not runs:
        return "No run yet: dawnbench run makes one, and dawnbench site puts it here."
    trials = sum(run.trials for run in runs)
    what = f"{words.count(len(runs), 'run')} with {words.count(trials, 'trial')} in {len(timelines):,} series"
    first, last = min(run.created for run in runs), max(run.created for run in runs)
    return f"{what}, from {words.day(first)[:10]} to {words.day(last)[:10]}."


def _tiles(timelines: Sequence[Timeline], rule: str) -> list[tuple[str, str, str]]:
    recipes = {run.identity.recipe_digest for timeline in timelines for run in timeline.runs}
    devices = {timeline.key.device_name for timeline in timelines}
    steps = sum(len(timeline.steps(rule)) for timeline in timelines)
    return [
        ("Runs", f"{sum(len(timeline.runs) for timeline in timelines):,}", f"in {len(timelines):,} series"),
        ("Recipes", f"{len(recipes):,}", "told apart by their digests"),
        ("Devices", f"{len(devices):,}", ""),
        ("Step changes", f"{steps:,}", f"under the {rule} rule"),
    ]


def _troubles(troubles: Sequence[str]) -> Markup:
    if not troubles:
        return Markup("")
    listed = bullets(troubles)
    if len(troubles) > MAX_TROUBLES:
        listed = Markup("<details>\n<summary>Which, and why</summary>\n{}</details>\n").format(listed)
    return section("troubles", "What could not be read or compared", listed, kind="doubts")


def _news(timelines: Sequence[Timeline], rule: str) -> list[Markup]:
    steps = sum(len(timeline.steps(rule)) for timeline in timelines)
    if not steps:
        return [paragraph(f"None shown under the {rule} rule.")]
    more = steps - MAX_NEWS
    older = [paragraph(f"{more:,} older ones are on the pages of their series.", "note")] if more > 0 else []
    return [render_table(news_table(timelines, rule, MAX_NEWS)), *older]
