"""The folder in which torch.compile caches its programs."""

from __future__ import annotations

import os
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.user_folders import cache_folder

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


def check_compile_cache() -> None:
    """Check that a cache folder chosen by the user is writable, before torch fails with a traceback.

    Raises:
        DawnbenchError: the folder that the environment names cannot be created or written to.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return
    reason = "it is not writable"
    try:
        Path(given).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or reason
    if not os.access(given, os.W_OK):
        raise DawnbenchError(
            f"{VARIABLE}={given} is not a folder that torch can write to ({reason}); choose another, or "
            "unset it"
        )


def keep_compiled_code() -> None:
    """Keep compiled code in the user's cache, unless the user chose a folder or has no home folder.

    Raises:
        DawnbenchError: the folder that the user chose is not writable.
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
