"""A site built, or brought up to date."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawnbench.records.index import SETTLED_NS, index_runs
from dawnbench.records.rules import known_rule
from dawnbench.report.site.folder import read_manifest
from dawnbench.report.site.index_page import render_index
from dawnbench.report.site.layout import assets
from dawnbench.report.site.names import INDEX
from dawnbench.report.site.state import recall
from dawnbench.report.site.timeline import timelines
from dawnbench.report.site.update import Update
from dawnbench.report.site.work import without_folder
from dawnbench.report.site.workers import Workers


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to."""

    index: Path
    runs: int
    """With a page of their own."""
    pages: int
    written: int
    """Of these pages; the others were as they should be."""
    troubles: tuple[str, ...]
    """What cannot be read, or not be compared, a sentence each."""


def build_site(
    runs: Path,
    out: Path,
    *,
    rule: str = "dawnbench",
    processes: int | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Built:
    """Write a site over the run folders in `runs` into the folder `out`, or bring the one there up to date.

    Only what changed is read and written; the files are the same as if all were written anew. `rule` is the
    one that verdicts and step changes are by. A run folder that cannot be read is told of on the first page.
    `processes` is how many work at a time, as many as there are cores if None; `clock` gives nanoseconds
    since 1970.

    Raises:
        DawnbenchError: there are no runs to look for, `out` holds something that is no site, the disk does
            not take a page, or there is no such rule.
    """
    known_rule(rule)
    before = read_manifest(out)
    index = index_runs(runs)
    with Workers(processes) as workers:
        site = Update(out, rule, workers, recall(out, rule), before)
        unread = site.write_runs(index.runs, clock() - SETTLED_NS)
        series = timelines(run.entry for run in site.new.runs.values())
        compared, refused = site.write_comparisons(series, {run.name: run.folder for run in index.runs})
        site.write_series(series, compared)
    troubles = sorted(without_folder(one, runs) for one in (*index.troubles, *unread, *refused))
    site.write_texts({INDEX: render_index(series, compared, troubles, rule), **assets()})
    site.finish()
    return Built(out / INDEX, len(site.new.runs), len(site.new.pages), site.written, tuple(troubles))
