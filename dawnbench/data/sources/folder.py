"""A folder of images, ROOT/train/CLASS/*.png and ROOT/test/CLASS/*.png, decoded once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dawnbench.data.dataset import Array, Dataset, make_dataset
from dawnbench.data.sources.cache import data_folders, is_file, save_decoded
from dawnbench.data.sources.decode import decode_images
from dawnbench.data.sources.npz import load_npz
from dawnbench.data.sources.progress import Progress, silent
from dawnbench.errors import DawnbenchError

SUFFIXES = (".png", ".jpg", ".jpeg")
TEST_FOLDERS = ("test", "val", "valid")
LAYOUT = "train/CLASS/*.png (or .jpg) and test/CLASS/*.png"


@dataclass(frozen=True)
class ImageFile:
    """One image of a folder, and what tells that it has not changed."""

    path: Path
    label: int
    size: int  # bytes
    modified_ns: int


def load_folder(
    root: Path, *, cache: Path | None = None, progress: Progress = silent, image_size: int | None = None
) -> Dataset:
    """Return the images below `root`: classes by name, and within a class files by name.

    The second split is the first of `test`, `val` and `valid` that is there. Hidden files, files of other
    kinds and deeper folders are passed over. With `image_size`, every image is resized to that many pixels
    squared; without it they must all have one size. The decoded pixels are kept in the data folder, under a
    digest of the file names, sizes and times of change, so that only a changed folder is decoded again.

    Raises:
        DawnbenchError: The layout is another one, a file is broken, or the sizes differ.
    """
    test_root = next((root / name for name in TEST_FOLDERS if (root / name).is_dir()), None)
    if not (root / "train").is_dir() or test_root is None:
        raise DawnbenchError(f"{root} is not an image folder; lay it out as {LAYOUT}")
    classes = _class_names(root / "train")
    extra = sorted(set(_class_names(test_root)) - set(classes))
    if extra:
        raise DawnbenchError(
            f"{test_root / extra[0]} is a class that {root / 'train'} does not have; "
            "give it train images or remove it"
        )
    files = {"train": _list_images(root / "train", classes), "test": _list_images(test_root, classes)}
    kept = data_folders(cache)[0] / "folders" / f"{_digest(root, files, image_size)}.npz"
    if is_file(kept):
        return load_npz(
            kept, source=str(root), classes=classes, remedy=f"remove it, and {root} is decoded again"
        )
    every = [file.path for split in files.values() for file in split]
    images = decode_images(every, task=f"decoding {root.name}", progress=progress, image_size=image_size)
    labels = np.array([file.label for split in files.values() for file in split], dtype=np.int64)
    border = len(files["train"])
    dataset = make_dataset(
        str(root),
        train_images=images[:border],
        train_labels=labels[:border],
        test_images=images[border:],
        test_labels=labels[border:],
        classes=classes,
    )
    arrays: dict[str, Array] = {
        "x_train": dataset.train_images,
        "y_train": dataset.train_labels,
        "x_test": dataset.test_images,
        "y_test": dataset.test_labels,
        "classes": np.array(classes),
    }
    save_decoded(kept, arrays)
    return dataset


def _class_names(folder: Path) -> tuple[str, ...]:
    return tuple(
        sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    )


def _list_images(folder: Path, classes: tuple[str, ...]) -> list[ImageFile]:
    found: list[ImageFile] = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        with os.scandir(folder / name) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if (
                    entry.name.lower().endswith(SUFFIXES)
                    and not entry.name.startswith(".")
                    and entry.is_file()
                ):
                    status = entry.stat()
                    found.append(ImageFile(Path(entry.path), label, status.st_size, status.st_mtime_ns))
    if not found:
        raise DawnbenchError(f"{folder} holds no .png, .jpg or .jpeg image; lay the images out as {LAYOUT}")
    return found


def _digest(root: Path, files: Mapping[str, list[ImageFile]], image_size: int | None) -> str:
    # The folder's own place counts too: archives that set every time to zero make two folders look alike.
    digest = hashlib.sha256(f"{root.resolve()}\0{image_size}\0".encode(errors="surrogateescape"))
    for split, images in files.items():
        for image in images:
            line = f"{split}\0{image.path.relative_to(root)}\0{image.size}\0{image.modified_ns}\0"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]
