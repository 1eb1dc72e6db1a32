"""Lists the images in a folder of the layout ROOT/train/CLASS/*.png and ROOT/test/CLASS/*.png."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from dawnbench.errors import DawnbenchError

SUFFIXES = (".png", ".jpg", ".jpeg")
TEST_FOLDERS = ("test", "val", "valid")
LAYOUT = "train/CLASS/*.png (or .jpg) and test/CLASS/*.png"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image of a folder, with the attributes that detect a change."""

    path: Path
    label: int
    size: int  # bytes
    modified_ns: int


@dataclass(frozen=True)
class Listing:
    """The images of a folder, sorted by class name and file name."""

    root: Path
    classes: tuple[str, ...]
    train: tuple[ImageFile, ...]
    test: tuple[ImageFile, ...]

    def digest(self, image_size: int | None) -> str:
        """Return 32 hex digits that depend on `image_size` and on each file's name, size and change time."""
        # Include the folder's path: archives that zero all times can make two folders look alike.
        digest = hashlib.sha256(f"{self.root.resolve()}\0{image_size}\0".encode(errors="surrogateescape"))
        for split, files in (("train", self.train), ("test", self.test)):
            for file in files:
                line = f"{split}\0{file.path.relative_to(self.root)}\0{file.size}\0{file.modified_ns}\0"
                digest.update(line.encode(errors="surrogateescape"))
        return digest.hexdigest()[:32]


def list_folder(root: Path) -> Listing:
    """Return the images below `root`; hidden files, other file types and deeper folders are ignored.

    The test split is the first of `test`, `val` and `valid` that exists.

    Raises:
        DawnbenchError: The layout is wrong, a class has no train image, or a folder is not readable.
    """
    try:
        return _list_folder(root)
    except OSError as error:
        raise DawnbenchError(
            f"{error.filename} cannot be read ({error.strerror}); grant access with chmod"
        ) from error


def _list_folder(root: Path) -> Listing:
    train_root = root / "train"
    test_root = next((root / name for name in TEST_FOLDERS if (root / name).is_dir()), None)
    if not train_root.is_dir() or test_root is None:
        raise DawnbenchError(f"{root} is not an image folder; lay it out as {LAYOUT}")
    classes = _class_names(train_root)
    train, test = _list_images(train_root, classes), _list_images(test_root, classes)
    with_images = {file.label for file in train}
    for label, name in enumerate(classes):
        if label not in with_images:
            raise DawnbenchError(
                f"{train_root / name} contains no .png, .jpg or .jpeg image; add some or remove it"
            )
    for name in _class_names(test_root):
        if name not in classes:
            raise DawnbenchError(
                f"{test_root / name} is a class that {train_root} does not have; "
                "give it train images or remove it"
            )
    return Listing(root, classes, train, test)


def _class_names(folder: Path) -> tuple[str, ...]:
    return tuple(
        sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    )


def _list_images(folder: Path, classes: tuple[str, ...]) -> tuple[ImageFile, ...]:
    found: list[ImageFile] = []
    for label, name in enumerate(classes):
        if not (folder / name).is_dir():
            continue
        with os.scandir(folder / name) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if _is_image(entry):
                    status = entry.stat()
                    found.append(ImageFile(Path(entry.path), label, status.st_size, status.st_mtime_ns))
    if not found:
        raise DawnbenchError(
            f"{folder} contains no .png, .jpg or .jpeg image; lay the images out as {LAYOUT}"
        )
    return tuple(found)


def _is_image(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".") and entry.is_file()
