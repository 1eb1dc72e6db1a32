"""Sources of images: published data sets by name, .npz files, image folders, and two built-in sets.

Loading needs numpy but listing the names does not, so `load_dataset` is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dawnbench.data.sources.names import DATASETS, Progress

if TYPE_CHECKING:
    from dawnbench.data.sources.load import load_dataset

__all__ = ["DATASETS", "Progress", "load_dataset"]


def __getattr__(name: str) -> Any:
    if name != "load_dataset":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dawnbench.data.sources.load import load_dataset

    return load_dataset
