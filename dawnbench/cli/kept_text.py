"""Caches what was counted of a recipe, as text, in the user's cache folder.

Nothing depends on it: if it cannot be read, written or trusted, the recipe is counted again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import dawnbench
from dawnbench.data.sources.names import KNOWN_SHAPES
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes, write
from dawnbench.user_folders import cache_folder

MAX_KEPT = 200
"""Texts; the oldest go first, so that the folder does not grow for ever."""


def path_for(recipe: Recipe) -> Path | None:
    """Return the cache file for a recipe's text; its name changes with anything that the text depends on.

    None where the user has no cache folder.
    That is the recipe, its data set's shape, this package and torch.
    """
    folder = cache_folder()
    if folder is None:
        return None
    facts = [
        recipe.to_dict(),
        repr(KNOWN_SHAPES.get(recipe.dataset.name)),
        [_version(package) for package in ("dawnbench", "torch", "torchvision")],
        list(_files(Path(dawnbench.__file__).parent)),
    ]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return folder / "shown" / f"{digest}.json"


def recall(path: Path) -> str | None:
    """Return the cached text; None if there is none that can be trusted."""
    try:
        kept = json.loads(read_bytes(path, DOCUMENT_LIMIT))
        text, digest = kept["text"], kept["sha256"]
        return text if isinstance(text, str) and digest == _digest(text) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(path: Path, text: str) -> None:
    """Cache a text, if possible."""
    with suppress(OSError, DawnbenchError):
        write(json.dumps({"sha256": _digest(text), "text": text}), path)
        newest_first = sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for old in newest_first[MAX_KEPT:]:
            old.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _files(package: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the package's files with size and modification time; a checkout's version never changes."""
    for file in sorted(package.rglob("*.py")):
        about = file.stat()
        yield str(file.relative_to(package)), about.st_size, about.st_mtime_ns
