"""The folder of a site: the names of its pages, and the manifest of the files that dawnbench wrote."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, SITE_MANIFEST, check_way, read_bytes, write
from dawnbench.records.identity import RunIdentity

INDEX = "index.html"
ASSETS = "assets/"
HOME = "Benchmark runs"
"""The title of the index page, and of links to it."""
MAX_NAME = 80
"""Characters of a name. Several file systems limit a whole file name to 255 bytes."""
_KIND = "dawnbench site"


def run_page(name: str) -> str:
    """Return the path of a run's page within the site."""
    return f"runs/{file_name(name)}.html"


def series_page(key: RunIdentity) -> str:
    """Return the path of the page with the history of a series."""
    words = f"{_ascii(key.hardware)[:MAX_NAME]}-{_ascii(key.recipe_digest)[:8]}"
    return f"series/{words}-{_hash(repr(key.deciding))}.html"


def comparison_page(name: str, kind: str) -> str:
    """Return the path of a comparison's page; `name` is that of the run or the series."""
    return f"comparisons/{file_name(name)}-against-{kind}.html"


def file_name(name: str) -> str:
    """Return a plain ASCII file name for any text; different texts get different names."""
    plain = _ascii(name)[:MAX_NAME]
    return plain if plain == name else f"{plain}-{_hash(name)}"


def read_manifest(out: Path) -> frozenset[str]:
    """Return the paths of the site's files within its folder; empty if there is no site yet.

    Raises:
        DawnbenchError: the folder contains something else, or is not a folder.
    """
    try:
        content = json.loads(read_bytes(out / SITE_MANIFEST, DOCUMENT_LIMIT))
        if content["kind"] == _KIND:
            return frozenset(file for file in content["files"] if _is_inside(file))
    except FileNotFoundError:
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return frozenset()
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise DawnbenchError(
        f"{out} is not empty and is not a site made by dawnbench, so nothing was written there; "
        "name a new folder with --out, or empty this one yourself"
    )


def write_manifest(out: Path, files: Iterable[str]) -> None:
    """Write the list of the site's files.

    Raises:
        DawnbenchError: it cannot be written.
    """
    write(json.dumps({"kind": _KIND, "files": sorted(files)}, indent=0) + "\n", out / SITE_MANIFEST)


def remove(out: Path, files: Iterable[str]) -> None:
    """Remove files of the site, and the folders that this leaves empty.

    Raises:
        DawnbenchError: a file cannot be removed, or a link leads out of the site to it.
    """
    folders = set()
    for file in files:
        path = out / file
        check_way(path)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DawnbenchError(f"cannot remove {path}: {error.strerror or error}") from error
        folders.add(path.parent)
    for folder in folders - {out}:
        with suppress(OSError):  # not empty
            folder.rmdir()


def _is_inside(file: str) -> bool:
    """Return whether a path stays in the folder: anybody may have edited the manifest."""
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts


def _ascii(name: str) -> str:
    # Without dots no name is hidden, leads to a parent folder or has another file's extension.
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "unnamed"


def _hash(text: str) -> str:
    # A folder's name may contain lone surrogates, which UTF-8 cannot encode.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
