"""Texts put on the disk, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from dawnbench.errors import DawnbenchError


def write(text: str, path: Path) -> None:
    """Write a text as UTF-8; folders on the way are made, and an older file is replaced in one step.

    Raises:
        DawnbenchError: the disk does not take it; an older file is then as it was.
    """
    partial = path.parent / f"{path.name}.partial"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(text, encoding="utf-8", newline="\n")
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DawnbenchError(
            f"cannot write {path}: {error.strerror or error}; make room or name another file"
        ) from error
