"""A folder of images, decoded once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dawnbench.data.dataset import Array, Dataset
from dawnbench.data.sources.cache import data_folders, is_file, save_decoded
from dawnbench.data.sources.decode import decode_images
from dawnbench.data.sources.listing import Listing, list_folder
from dawnbench.data.sources.names import Progress, silent
from dawnbench.data.sources.npz import from_keras_layout, load_npz


def load_folder(
    root: Path,
    *,
    source: str | None = None,
    cache: Path | None = None,
    progress: Progress = silent,
    image_size: int | None = None,
) -> Dataset:
    """Return the images below `root` in the order of `list_folder`.

    With `image_size`, every image is resized to a square of that many pixels; otherwise all must have the
    same size. The decoded pixels are saved in the data folder under a digest of the file names, sizes and
    modification times, so that only a changed folder is decoded again. `source` is the path as the user gave
    it.

    Raises:
        DawnbenchError: The layout is wrong, a file is damaged, or the sizes differ.
    """
    source = str(root) if source is None else source
    listing = list_folder(root)
    folders = data_folders(cache)
    kept = folders[0] / "folders" / f"{listing.digest(image_size)}.npz" if folders else None
    if kept is not None and is_file(kept):
        remedy = f"remove it to decode {root} again"
        return load_npz(kept, source=source, classes=listing.classes, remedy=remedy)
    arrays = _decode(listing, progress, image_size)
    dataset = from_keras_layout(arrays, source=source, classes=listing.classes)
    if kept is not None:
        save_decoded(kept, arrays | {"classes": np.array(listing.classes)})
    return dataset


def _decode(listing: Listing, progress: Progress, image_size: int | None) -> dict[str, Array]:
    """Return the images and labels in the Keras layout."""
    # Both splits together: color mode and size are decided for both.
    files = listing.train + listing.test
    images = decode_images(
        [file.path for file in files],
        task=f"decoding {listing.root.name}",
        progress=progress,
        image_size=image_size,
    )
    labels = np.array([file.label for file in files], dtype=np.int64)
    border = len(listing.train)
    return {
        "x_train": images[:border],
        "y_train": labels[:border],
        "x_test": images[border:],
        "y_test": labels[border:],
    }
