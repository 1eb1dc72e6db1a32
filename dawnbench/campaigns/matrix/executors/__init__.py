"""What runs a campaign's trials: processes of this machine, a Ray cluster, or Slurm jobs."""

from __future__ import annotations

import importlib
from typing import Any

from dawnbench.errors import DawnbenchError


def optional_package(name: str, extra: str) -> Any:
    """Return a package that only this executor needs.

    Raises:
        DawnbenchError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DawnbenchError(
            f"--{extra} needs the package {name}; install it with `pip install 'dawnbench[{extra}]'`"
        ) from error
