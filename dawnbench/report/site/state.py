"""What is kept of a site between two builds, in the user's cache folder: nothing depends on it.

Where it is missing, damaged or of another dawnbench, everything is read and written anew. It does not lie in
the site, whose files are the same wherever and however often it is built.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import write
from dawnbench.stats.comparison.outcome import Word
from dawnbench.stats.entries import Entry
from dawnbench.user_folders import cache_folder


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison came to."""

    word: Word
    ratio: float | None
    """The run's time over the reference's; None where one of the two has no time."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was written."""

    made_of: str
    """A digest of all that went into it."""
    size: int
    modified_ns: int
    finding: Finding | None = None
    """Of a comparison."""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as it was read."""

    stamp: str
    """Of the folder; empty where it is to be read again."""
    content: str
    """A digest of run.json and trials.jsonl."""
    entry: Entry


@dataclass(slots=True)
class State:
    """What is kept of a site."""

    runs: dict[str, KeptRun] = field(default_factory=dict)
    """By the folder's name."""
    pages: dict[str, Page] = field(default_factory=dict)
    """By the path within the site."""

    def is_current(self, out: Path, page: str, made_of: str) -> bool:
        """Return whether a page was made of the same and lies there as it was written."""
        kept = self.pages.get(page)
        return kept is not None and kept == written(out / page, made_of, kept.finding)


_STATE = TypeAdapter(State)


def written(path: Path, made_of: str, finding: Finding | None = None) -> Page | None:
    """Return a page as it lies on the disk; None where it does not."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return Page(made_of, seen.st_size, seen.st_mtime_ns, finding)


def digest(*parts: str) -> str:
    """Return a digest of texts in their order."""
    whole = "\0".join(parts)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def made_by() -> str:
    """Return a digest of this program: whatever of it changes may change every page."""
    package = Path(__file__).parents[2]
    found = hashlib.sha256()
    for room in ("records", "stats", "report", "version.py"):
        top = package / room
        files = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file())
        for file in files:
            if file.suffix != ".pyc":
                found.update(f"{file.relative_to(package).as_posix()}\0".encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:32]


def recall(out: Path, rule: str) -> State:
    """Return what is kept of the site in `out`; nothing where there is no telling."""
    try:
        path = _path(out)
        if path is None:
            return State()
        text = path.read_bytes()
        head, _, body = text.partition(b"\n")
        if head.decode() == digest(made_by(), rule):
            return _STATE.validate_json(body)
    except (OSError, ValueError, ValidationError):
        pass
    return State()


def keep(out: Path, rule: str, state: State) -> None:
    """Keep the state for the next build, or do nothing."""
    path = _path(out)
    if path is None:
        return
    # A name that is no text, as a file system's need not be, has no JSON.
    runs = {name: run for name, run in state.runs.items() if name.isprintable()}
    body = _STATE.dump_json(State(runs, state.pages)).decode()
    with suppress(DawnbenchError):
        write(f"{digest(made_by(), rule)}\n{body}", path)


def _path(out: Path) -> Path | None:
    folder = cache_folder()
    return None if folder is None else folder / "sites" / f"{digest(str(out.resolve()))}.json"
