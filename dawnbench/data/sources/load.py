"""Loads a data set by the name or path that the user typed."""

from __future__ import annotations

from pathlib import Path

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources.digits import load_digits
from dawnbench.data.sources.folder import load_folder
from dawnbench.data.sources.names import DATASETS, OFFICIAL, Progress, check_source, existing_path, silent
from dawnbench.data.sources.npz import load_npz
from dawnbench.data.sources.official import load_official
from dawnbench.data.sources.synthetic import load_synthetic
from dawnbench.errors import DawnbenchError
from dawnbench.user_folders import expanded


def load_dataset(
    name_or_path: str,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    image_size: int | None = None,
) -> Dataset:
    """Return the named data set (see `DATASETS`), or the one in that .npz file or image folder.

    A name takes precedence over a path: write `./mnist` for a folder called mnist. `cache` is searched before
    the folders of `data_folders`, and decoded data is saved there. `image_size`, in pixels, is the size to
    which the images of a folder, whose sizes may differ, are decoded; other sources keep their size.

    Raises:
        DawnbenchError: There is no such name or path, or its contents cannot be used.
    """
    if image_size is not None and image_size < 1:
        raise DawnbenchError(f"image_size is {image_size}; give the side length in pixels, 1 or more")
    progress = silent if progress is None else progress
    check_source(name_or_path)
    path = existing_path(name_or_path)
    if name_or_path not in DATASETS and path is not None and path.is_dir():
        return load_folder(path, source=name_or_path, cache=cache, progress=progress, image_size=image_size)
    return _load_named_or_npz(name_or_path, cache, progress)


def _load_named_or_npz(name: str, cache: Path | None, progress: Progress) -> Dataset:
    if name in OFFICIAL:
        return load_official(OFFICIAL[name], cache=cache, progress=progress)
    if name == "digits":
        return load_digits()
    if name == "synthetic":
        return load_synthetic()
    if name.endswith(".npz"):
        return load_npz(expanded(name), source=name)
    raise DawnbenchError(f"{name} is neither a folder nor an .npz file; convert it to one of these")
