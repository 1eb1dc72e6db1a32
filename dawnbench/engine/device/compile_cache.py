"""Where what torch.compile makes is kept."""

from __future__ import annotations

import os
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.user_folders import cache_folder

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


def check_compile_cache() -> None:
    """Refuse a folder of the user's choice that cannot be written, before torch fails on it with a traceback.

    Raises:
        DawnbenchError: the folder that the environment names cannot be made or written.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return
    reason = "it cannot be written"
    try:
        Path(given).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or reason
    if not os.access(given, os.W_OK):
        raise DawnbenchError(
            f"{VARIABLE}={given} is not a folder that torch can write to ({reason}); name another one, or "
            "unset it"
        )


def keep_compiled_code() -> None:
    """Keep compiled code in the user's cache, unless they chose a folder or there is no home folder.

    Raises:
        DawnbenchError: the folder that the user has chosen cannot be written.
    """
    check_compile_cache()
    folder = cache_folder()
    if folder is None:
        return
    cache = folder / "inductor"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(cache, os.W_OK):
        os.environ.setdefault(VARIABLE, str(cache))
