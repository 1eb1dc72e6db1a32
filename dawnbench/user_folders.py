"""The user's own folders, of which there are none where the user has no home, as in many containers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_dir, user_config_dir

from dawnbench.errors import DawnbenchError


def cache_folder() -> Path | None:
    """Return where dawnbench keeps what can be made again; None where the user has no home folder.

    The variable XDG_CACHE_HOME may name another place than the home folder, here as everywhere.
    """
    return _found(lambda: user_cache_dir("dawnbench", appauthor=False))


def configuration_folder() -> Path | None:
    """Return where dawnbench's configuration lies; None where the user has no home folder."""
    return _found(lambda: user_config_dir("dawnbench"))


def expanded(path: Path | str) -> Path:
    """Return a path that a user has named, with `~` replaced by the home folder.

    Raises:
        DawnbenchError: there is no such home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DawnbenchError(f"{path}: `~` stands for no folder here; write the whole path") from error


def _found(find: Callable[[], str]) -> Path | None:
    try:
        path = Path(find())
    except RuntimeError:  # what platformdirs raises without a home
        return None
    # Its older versions leave the `~` as it is.
    return path if path.is_absolute() else None
