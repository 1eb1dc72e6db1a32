"""Loads a published data set by name: from an .npz file if there is one, else downloads and saves it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dawnbench.data.dataset import Dataset
from dawnbench.data.sources.cache import ENVIRONMENT, data_folders, is_file, save_decoded
from dawnbench.data.sources.download import download, read_torchvision_folder
from dawnbench.data.sources.names import Official, Progress, silent
from dawnbench.data.sources.npz import LAYOUT, from_keras_layout, load_npz
from dawnbench.errors import DawnbenchError
from dawnbench.records.files import one_at_a_time


def load_official(official: Official, *, cache: Path | None = None, progress: Progress = silent) -> Dataset:
    """Return the data set from the first of these that is available.

    1. `NAME.npz` in the Keras layout in a data folder (see `data_folders`); no network is needed.
    2. The publisher's own files in a data folder, as torchvision lays them out.
    3. A download, which shows torchvision's own progress bar on stderr.

    What 2 and 3 decode is saved as `NAME.npz` in the first data folder.

    Raises:
        DawnbenchError: A file is damaged or contains another data set, or the download fails.
    """
    folders = data_folders(cache)
    if not folders:
        raise DawnbenchError(
            f"there is no folder in which to look for {official.name}, since you have no home folder; set "
            f"{ENVIRONMENT} to a folder"
        )
    kept = _load_kept(official, folders)
    if kept is not None:
        return kept
    with one_at_a_time(folders[0] / "downloads" / f"{official.name}.lock"):
        # Another process may have downloaded it while this one waited.
        return _load_kept(official, folders) or _load_fetched(official, folders, progress)


def _load_kept(official: Official, folders: tuple[Path, ...]) -> Dataset | None:
    for folder in folders:
        path = folder / f"{official.name}.npz"
        if is_file(path):
            dataset = load_npz(
                path,
                source=official.name,
                classes=official.classes,
                remedy=f"remove it to download {official.name} again",
            )
            if dataset.image_shape != official.image_shape:
                raise DawnbenchError(
                    f"{path} has images of height, width and channels {dataset.image_shape}, but those of "
                    f"{official.name} have {official.image_shape}; "
                    "move it elsewhere, or give its path as the data set"
                )
            return dataset
    return None


def _load_fetched(official: Official, folders: tuple[Path, ...], progress: Progress) -> Dataset:
    home = folders[0]
    remedy = (
        f"put {home / official.name}.npz ({LAYOUT}) or {home / official.archive} there yourself and run again"
    )
    kept = home / f"{official.name}.npz"
    brought = [f for f in folders if (f / official.archive).exists() or (f / official.unpacked).exists()]
    if brought:
        arrays = read_torchvision_folder(official, brought[0], remedy)
        save_decoded(kept, arrays)
    else:
        with _workspace(home / "downloads" / official.name) as root:
            progress(f"downloading {official.name}", 0, 1)
            arrays = download(official, root, remedy)
            progress(f"downloading {official.name}", 1, 1)
            if save_decoded(kept, arrays):
                shutil.rmtree(root, ignore_errors=True)
    return from_keras_layout(arrays, source=official.name, classes=official.classes)


@contextlib.contextmanager
def _workspace(preferred: Path) -> Iterator[Path]:
    """Yield a folder to download into: `preferred`, which survives a killed run, if it is writable."""
    try:
        preferred.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=preferred).close()
    except OSError:
        with tempfile.TemporaryDirectory(prefix="dawnbench-") as folder:
            yield Path(folder)
    else:
        yield preferred
