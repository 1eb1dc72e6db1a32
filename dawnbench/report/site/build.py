"""Building a site over a folder of runs."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dawnbench.records.index import RUN_FILES, SETTLED_NS, index_runs, stamp
from dawnbench.records.listed import Listed
from dawnbench.records.reader import read_run
from dawnbench.records.rules import known_rule
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.report.page import render_run_page
from dawnbench.report.site.comparison_page import render_comparison
from dawnbench.report.site.index_page import render_index
from dawnbench.report.site.page_writer import Page, SiteWriter
from dawnbench.report.site.planned_comparisons import Finding, PlannedComparison, plan_comparisons
from dawnbench.report.site.series_history import series_histories
from dawnbench.report.site.series_page import render_series
from dawnbench.report.site.site_folder import ASSETS, HOME, INDEX, run_page, series_page
from dawnbench.report.site.site_layout import site_assets
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.speed_up import speed_up
from dawnbench.stats.entries import Entry, entry_of
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.trial_summary import summarise

TO_HOME = (HOME, f"../{INDEX}")


@dataclass(frozen=True, slots=True)
class Built:
    """The result of a build."""

    index: Path
    runs: int
    """That have a page."""
    pages: int
    """Files of the site, without its manifest."""
    written: int
    """Files written by this build; the others were up to date."""
    troubles: tuple[str, ...]
    """What cannot be read or compared, one sentence each."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run folder; its name differs from the folder's if it is a link."""

    name: str
    folder: Path
    made_of: str | None
    """As in `Page`."""

    def trials(self) -> TrialSet:
        return replace(trial_set_of(read_run(self.folder)), name=self.name)


def build_site(
    runs: Path,
    out: Path,
    *,
    rule: str = "dawnbench",
    prices: PriceList = UNPRICED,
    processes: int | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Built:
    """Write a site over the run folders in `runs` into the folder `out`.

    Every page is written, except those of runs and comparisons that have not changed since the last build.
    `rule` is the timing rule for verdicts and step changes. Run folders that cannot be read are listed on the
    index page. `processes` is how many work at a time, by default one per core; `clock` returns nanoseconds
    since 1970.

    Raises:
        DawnbenchError: there is no folder `runs`, `out` contains something that is not a site, a page cannot
            be written, there is no such rule, or different prices are configured for one device.
    """
    known_rule(rule)
    writer = SiteWriter(out, processes)
    index = index_runs(runs)
    settled_ns = clock() - SETTLED_NS
    found = {
        run.name: _Run(run.name, run.folder, _made_of(run, rule, prices, settled_ns)) for run in index.runs
    }
    entries, unread = writer.write_pages(
        [
            Page(run_page(run.name), partial(_run_page, run, rule, prices), run.made_of)
            for run in found.values()
        ],
        Entry,
    )
    histories = series_histories(entries.values())
    planned = plan_comparisons(histories, rule)
    findings, refused = writer.write_pages(
        [
            _comparison_page(one, found[one.reference.name], found[one.other.name], rule, prices)
            for one in planned
        ],
        Finding,
    )
    compared = [(one, findings[one.page]) for one in planned if one.page in findings]
    assets = site_assets()
    writer.announce([*(history.page for history in histories), INDEX, *assets])
    for history in histories:
        of_series = [pair for pair in compared if pair[0].series is history]
        writer.write_text(history.page, render_series(history, of_series, history.rule(rule)))
    troubles = sorted(_without_folder(one, runs) for one in (*index.troubles, *unread, *refused))
    writer.write_text(INDEX, render_index(histories, compared, troubles, rule))
    for path, text in assets.items():
        writer.write_text(path, text)
    writer.finish()
    return Built(out / INDEX, len(entries), len(writer.files), writer.written, tuple(troubles))


def _made_of(run: Listed, rule: str, prices: PriceList, settled_ns: int) -> str | None:
    """Return what changes with everything that a run's page is made of; None if a change might not show.

    A file touched after `settled_ns` (since 1970) may change again without a new time, and a process may die
    without any change to the files.
    """
    known = (prices.given, prices.energy, prices.configured_cost(run.identity.device_name))
    try:
        seen, touched_ns = stamp(run.folder, RUN_FILES)
    except OSError:  # reading the run will say why
        return None
    settled = touched_ns < settled_ns and run.status != "running"
    return _digest(seen, run.status, rule, repr(known)) if settled else None


def _run_page(source: _Run, rule: str, prices: PriceList) -> tuple[str, Entry]:
    run = read_run(source.folder)
    trials = replace(trial_set_of(run), name=source.name)
    summary = summarise(trials)
    entry = entry_of(trials, summary, prices)
    one = entry.identity
    to_series = (f"{one.recipe} on {one.machine}", f"../{series_page(one)}")
    samples, trail = read_samples(source.folder), (TO_HOME, to_series)
    page = render_run_page(
        run, samples, rule=rule, assets=f"../{ASSETS}", trail=trail, summary=summary, prices=prices
    )
    return page, entry


def _comparison_page(
    planned: PlannedComparison, reference: _Run, other: _Run, rule: str, prices: PriceList
) -> Page:
    trail = (TO_HOME, (planned.series.title, f"../{planned.series.page}"))
    made_of = None
    if reference.made_of and other.made_of:
        made_of = _digest(reference.name, reference.made_of, other.name, other.made_of, repr(trail))
    by = planned.series.rule(rule)
    return Page(planned.page, partial(_compare, reference, other, trail, by, prices), made_of)


def _compare(
    reference: _Run, other: _Run, trail: tuple[tuple[str, str], ...], rule: str, prices: PriceList
) -> tuple[str, Finding]:
    comparison = compare(reference.trials(), other.trials(), rule=rule)
    verdict = comparison.verdict
    ratio = verdict.ratio.value if verdict.ratio is not None and 0 < verdict.ratio.value < math.inf else None
    found = Finding(verdict.word, ratio, speed_up(comparison))
    return render_comparison(comparison, trail, prices), found


def _without_folder(sentence: str, folder: Path) -> str:
    """Return a sentence about a run folder without the path of the folder that contains it."""
    return sentence.replace(f"{folder}{os.sep}", "")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
