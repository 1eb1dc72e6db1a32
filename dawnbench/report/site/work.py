"""What can be done for each run and each comparison apart from all others, in whatever process."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, LINES_LIMIT, read_bytes, write
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.report.page import render_run_page
from dawnbench.report.site.comparison_page import render_comparison
from dawnbench.report.site.names import ASSETS, HOME, INDEX, run_page, series_page
from dawnbench.report.site.plan import Planned
from dawnbench.report.site.series_page import render_series
from dawnbench.report.site.state import Finding, KeptRun, Page, written
from dawnbench.report.site.timeline import Timeline
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.entries import entry_of
from dawnbench.stats.summary import summarise


@dataclass(frozen=True, slots=True)
class RunTask:
    """A run to read and to write the page of."""

    folder: Path
    name: str
    stamp: str
    out: Path
    rule: str


@dataclass(frozen=True, slots=True)
class ComparisonTask:
    """Two runs to compare and to write the page of; each with the digest of its content."""

    page: str
    made_of: str
    reference: tuple[Path, str]
    other: tuple[Path, str]
    trail: tuple[tuple[str, str], ...]
    out: Path
    rule: str


@dataclass(frozen=True, slots=True)
class SeriesTask:
    """A series to write the page of, with the comparisons of its runs."""

    timeline: Timeline
    compared: Mapping[Planned, Finding]
    made_of: str
    out: Path
    rule: str


def do_run(task: RunTask) -> tuple[KeptRun, Page | None] | str:
    """Read a run and write its page; where it cannot be read, return the sentence that says so."""
    try:
        content = content_of(task.folder)
        run = read_run(task.folder)
        # A link to a run folder is called otherwise than the folder.
        series = replace(trial_set_of(run), name=task.name)
        summary = summarise(series)
        entry = entry_of(series, summary)
        home = (HOME, f"../{INDEX}")
        history = (
            f"{entry.identity.recipe} on {entry.identity.device_name}",
            f"../{series_page(entry.identity)}",
        )
        page = render_run_page(
            run,
            read_samples(task.folder),
            rule=task.rule,
            assets=f"../{ASSETS}",
            trail=(home, history),
            summary=summary,
        )
    except DawnbenchError as error:
        return str(error)
    path = task.out / run_page(task.name)
    write(page, path)
    return KeptRun(task.stamp, content, entry), written(path, task.stamp)


def do_comparison(task: ComparisonTask) -> Page | str | None:
    """Compare two runs and write the page; where that cannot be, return the sentence that says so."""
    try:
        comparison = compare(_series(*task.reference), _series(*task.other), rule=task.rule)
    except DawnbenchError as error:
        return str(error)
    path = task.out / task.page
    write(render_comparison(comparison, task.trail), path)
    return written(path, task.made_of, _finding(comparison))


def do_series(task: SeriesTask) -> Page | None:
    """Write the page of a series."""
    path = task.out / task.timeline.page
    write(render_series(task.timeline, task.compared, task.rule), path)
    return written(path, task.made_of)


def content_of(folder: Path) -> str:
    """Return a digest of the files that a run's figures are made of.

    Raises:
        DawnbenchError: one cannot be read.
    """
    found = hashlib.sha256()
    for name, limit in (("run.json", DOCUMENT_LIMIT), ("trials.jsonl", LINES_LIMIT)):
        try:
            found.update(read_bytes(folder / name, limit))
        except OSError as error:
            raise DawnbenchError(f"cannot read {folder / name} ({error.strerror})") from error
    return found.hexdigest()[:32]


def without_folder(sentence: str, folder: Path) -> str:
    """Return a sentence about a run folder without the place of this machine where it lies."""
    return sentence.replace(f"{folder}{os.sep}", "")


# The one before is mostly the one that was compared last.
@lru_cache(maxsize=64)
def _series(folder: Path, _content: str) -> TrialSet:
    return replace(trial_set_of(read_run(folder)), name=folder.name)


def _finding(comparison: Comparison) -> Finding:
    ratio = comparison.verdict.ratio
    # Where only one of the two reached the target, there is no figure to show.
    value = ratio.value if ratio is not None and 0 < ratio.value < math.inf else None
    return Finding(comparison.verdict.word, value)
