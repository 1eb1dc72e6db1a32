"""Writing the files of a site that are not as they should be, and removing what is no longer of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dawnbench.records.files import write
from dawnbench.records.index import RUN_FILES, stamp
from dawnbench.records.listed import Listed
from dawnbench.report.site.folder import remove, write_manifest
from dawnbench.report.site.names import HOME, INDEX, run_page
from dawnbench.report.site.plan import Planned, plan
from dawnbench.report.site.state import Finding, Page, State, digest, keep, written
from dawnbench.report.site.timeline import Timeline
from dawnbench.report.site.work import (
    ComparisonTask,
    RunTask,
    SeriesTask,
    do_comparison,
    do_run,
    do_series,
)
from dawnbench.report.site.workers import Workers


@dataclass(slots=True)
class Update:
    """A site being brought up to date."""

    out: Path
    rule: str
    workers: Workers
    old: State
    """Of the last build."""
    manifest: frozenset[str]
    """The files of the site before."""
    new: State = field(default_factory=State)
    """Of this build, as far as it has come."""
    written: int = 0
    """Files so far."""

    def write_runs(self, listed: Sequence[Listed], settled_ns: int) -> list[str]:
        """Read the runs that changed and write their pages; return what cannot be read, a sentence each.

        What was touched after `settled_ns` (since 1970) may change again and show the same time, so it will
        be read again.
        """
        self._announce(run_page(run.name) for run in listed)
        tasks = []
        for run in listed:
            try:
                seen, touched_ns = stamp(run.folder, RUN_FILES)
            except OSError:  # reading it will say why
                tasks.append(RunTask(run.folder, run.name, "", self.out, self.rule))
                continue
            seen = f"{seen}; {run.status}"  # a run dies without a change to any file
            kept, page = self.old.runs.get(run.name), run_page(run.name)
            if kept is not None and kept.stamp == seen and self.old.is_current(self.out, page, seen):
                self.new.runs[run.name], self.new.pages[page] = kept, self.old.pages[page]
            else:
                mark = seen if touched_ns < settled_ns else ""
                tasks.append(RunTask(run.folder, run.name, mark, self.out, self.rule))
        troubles = []
        for task, done in zip(tasks, self.workers.map(do_run, tasks), strict=True):
            if isinstance(done, str):
                troubles.append(done)
            else:
                self.new.runs[task.name], page_written = done
                self._note(run_page(task.name), page_written)
        return troubles

    def write_comparisons(
        self, series: Sequence[Timeline], folders: Mapping[str, Path]
    ) -> tuple[dict[Planned, Finding], list[str]]:
        """Write the pages of the comparisons; return what each came to, and why others cannot be made."""
        planned = plan({timeline.key: timeline.runs for timeline in series}, self.rule)
        titles = {timeline.page: timeline.title for timeline in series}
        self._announce(one.page for one in planned)
        tasks = []
        for one in planned:
            sides = [
                (folders[run.name], self.new.runs[run.name].content) for run in (one.reference, one.other)
            ]
            trail = ((HOME, f"../{INDEX}"), (titles[one.series], f"../{one.series}"))
            made_of = digest(one.reference.name, one.other.name, sides[0][1], sides[1][1], repr(trail))
            if not self._is_current(one.page, made_of):
                tasks.append(
                    ComparisonTask(one.page, made_of, sides[0], sides[1], trail, self.out, self.rule)
                )
        refused = []
        for task, done in zip(tasks, self.workers.map(do_comparison, tasks), strict=True):
            if isinstance(done, str):
                refused.append(done)
            else:
                self._note(task.page, done)
        pages = ((one, self.new.pages.get(one.page)) for one in planned)
        return {
            one: page.finding for one, page in pages if page is not None and page.finding is not None
        }, refused

    def write_series(self, series: Sequence[Timeline], compared: Mapping[Planned, Finding]) -> None:
        """Write the pages with the histories."""
        self._announce(timeline.page for timeline in series)
        of_series: dict[str, dict[Planned, Finding]] = {timeline.page: {} for timeline in series}
        for one, finding in compared.items():
            of_series[one.series][one] = finding
        tasks = []
        for timeline in series:
            made_of = digest(repr(timeline), repr(of_series[timeline.page]))
            if not self._is_current(timeline.page, made_of):
                tasks.append(SeriesTask(timeline, of_series[timeline.page], made_of, self.out, self.rule))
        for task, page in zip(tasks, self.workers.map(do_series, tasks), strict=True):
            self._note(task.timeline.page, page)

    def write_texts(self, texts: Mapping[str, str]) -> None:
        """Write files by their paths within the site."""
        self._announce(texts)
        for path, text in texts.items():
            if not self._is_current(path, made_of := digest(text)):
                write(text, self.out / path)
                self._note(path, written(self.out / path, made_of))

    def finish(self) -> None:
        """Remove what is no longer of the site, and keep what the next build needs."""
        remove(self.out, self.manifest - self.new.pages.keys())
        if self.manifest != self.new.pages.keys():
            write_manifest(self.out, self.new.pages)
        keep(self.out, self.rule, self.new)

    def _announce(self, files: Iterable[str]) -> None:
        """Put files into the manifest before they are there: a build broken off leaves no stray one."""
        both = self.manifest | set(files)
        if both != self.manifest:
            write_manifest(self.out, both)
            self.manifest = both

    def _is_current(self, path: str, made_of: str) -> bool:
        if not self.old.is_current(self.out, path, made_of):
            return False
        self.new.pages[path] = self.old.pages[path]
        return True

    def _note(self, path: str, page: Page | None) -> None:
        if page is not None:
            self.new.pages[path] = page
            self.written += 1
