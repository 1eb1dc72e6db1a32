"""The folder that a site is written into, and which files in it are the site's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, SITE_MANIFEST, check_way, read_bytes, write

KIND = "dawnbench site"


def read_manifest(out: Path) -> frozenset[str]:
    """Return the files of the site in a folder, by their paths within it; none where there is no folder yet.

    Raises:
        DawnbenchError: the folder holds something else, or is no folder.
    """
    try:
        content = json.loads(read_bytes(out / SITE_MANIFEST, DOCUMENT_LIMIT))
        if content["kind"] == KIND:
            return frozenset(file for file in content["files"] if _is_within(file))
    except FileNotFoundError:
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return frozenset()
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise DawnbenchError(
        f"{out} is not empty and no site that dawnbench made, so nothing is written there; "
        "name a new folder with --out, or empty this one yourself"
    )


def write_manifest(out: Path, files: Iterable[str]) -> None:
    """Write down which files are the site's.

    Raises:
        DawnbenchError: the disk does not take it.
    """
    write(json.dumps({"kind": KIND, "files": sorted(files)}, indent=0) + "\n", out / SITE_MANIFEST)


def remove(out: Path, files: Iterable[str]) -> None:
    """Remove files of the site, and their folders where nothing is left in them.

    Raises:
        DawnbenchError: the disk does not let a file go, or a link leads out of the site to it.
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


def _is_within(file: str) -> bool:
    """Return whether a path of a manifest, which anybody may have changed, stays in the folder."""
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts
