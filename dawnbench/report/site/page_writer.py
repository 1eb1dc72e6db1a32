"""Writing the files of a site.

A run's page or a comparison's takes tens of milliseconds to make, most of it for intervals by resampling. So
what it found is kept in the cache of run lists, and the page is left alone until the run folders or the page
itself change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import write
from dawnbench.records.index import stamp
from dawnbench.records.index_cache import Kept, cache_path, keep, recall
from dawnbench.report.site.site_folder import read_manifest, remove, write_manifest

MIN_PARALLEL = 24
"""With fewer pages, starting more processes takes longer than it saves."""
CHUNKS = 8
"""Per process: more of them balance better, fewer have less overhead."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be written."""

    path: str
    """Within the site."""
    render: Callable[[], tuple[str, Any]]
    """Returns the HTML document and a dataclass with what it found, or raises DawnbenchError."""
    made_of: str | None
    """Changes with everything that the page is made of; None if the page is to be written in any case."""


class SiteWriter:
    """Writes the files of a site, and removes those of the last build that are no longer part of it."""

    def __init__(self, out: Path, processes: int | None) -> None:
        """Refuse a folder that contains something other than a site, with a DawnbenchError."""
        self.files: set[str] = set()
        """Of this build."""
        self.written = 0
        self._out = out
        self._processes = processes or _cores()
        self._manifest = read_manifest(out)
        self._place = f"site {out.resolve()}"
        self._known = recall(cache_path(), self._place)
        self._fresh: dict[str, Kept] = {}

    def write_pages(self, pages: Sequence[Page], kind: type[Result]) -> tuple[dict[str, Result], list[str]]:
        """Write pages; return what each of them found, by its path, and why others cannot be made."""
        self.announce(page.path for page in pages)
        adapter = TypeAdapter(kind)
        recalled = ((page.path, self._recalled(page, adapter)) for page in pages)
        found = {path: result for path, result in recalled if result is not None}
        refused = []
        todo = [page for page in pages if page.path not in found]
        for page, result in zip(todo, self._map(partial(_write, self._out), todo), strict=True):
            if isinstance(result, str):
                refused.append(result)
                continue
            found[page.path] = result
            self.written += 1
            if page.made_of is not None:
                self._fresh[page.path] = (self._stamp(page), json.dumps(asdict(result)))
        self.files |= found.keys()
        return found, refused

    def write_text(self, path: str, text: str) -> None:
        """Write a file that was announced."""
        write(text, self._out / path)
        self.files.add(path)
        self.written += 1

    def announce(self, paths: Iterable[str]) -> None:
        """Add files to the manifest before they are written, so that no interrupted build leaves strays."""
        both = self._manifest | set(paths)
        if both != self._manifest:
            write_manifest(self._out, both)
            self._manifest = both

    def finish(self) -> None:
        """Remove the files of the last build that this one did not make, and keep what the next one needs."""
        remove(self._out, self._manifest - self.files)
        write_manifest(self._out, self.files)
        keep(cache_path(), self._place, self._fresh, self._known.keys() - self.files)

    def _recalled(self, page: Page, adapter: TypeAdapter[Result]) -> Result | None:
        if page.made_of is None or page.path not in self._known:
            return None
        kept, content = self._known[page.path]
        try:
            return adapter.validate_json(content) if kept == self._stamp(page) else None
        except (OSError, ValueError):  # a page that nobody may look at, or content that is not ours
            return None

    def _stamp(self, page: Page) -> str:
        return f"{page.made_of}; {stamp(self._out, [page.path])[0]}"

    def _map(self, do: Callable[[Page], Any], pages: Sequence[Page]) -> list[Any]:
        if self._processes == 1 or len(pages) < MIN_PARALLEL:
            return [do(page) for page in pages]
        with ProcessPoolExecutor(self._processes) as pool:
            chunk = max(1, len(pages) // (self._processes * CHUNKS))
            return list(pool.map(do, pages, chunksize=chunk))


def _write(out: Path, page: Page) -> Any:
    """Write a page and return what it found, or a sentence that says why it cannot be made."""
    try:
        text, result = page.render()
    except DawnbenchError as error:
        return str(error)
    write(text, out / page.path)
    return result


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
