"""Decodes image files to one uint8 array, with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dawnbench.data.dataset import Images
from dawnbench.data.sources.names import Progress
from dawnbench.errors import DawnbenchError

if TYPE_CHECKING:
    from PIL.Image import Image

GREY_MODES = frozenset({"1", "L", "LA"})
DEEP_MODES = ("I", "F")
"""More than 8 bits per channel: how to reduce them to uint8 is the user's decision."""
STEP = 256  # images between two calls of `progress`


def decode_images(files: Sequence[Path], *, task: str, progress: Progress, image_size: int | None) -> Images:
    """Return (N, height, width, 1) if every image is gray, else (N, height, width, 3) in RGB order.

    Transparency is dropped, and a camera's orientation tag is ignored. With `image_size`, in pixels, each
    image is resized to a square of that size with Pillow's bilinear filter.

    Raises:
        DawnbenchError: A file is damaged or has more than 8 bits per channel, or the sizes differ and
        `image_size` is None.
    """
    # Headers first: a wrong size is found immediately, and the array is allocated only once.
    shapes = [_header(path) for path in files]
    if image_size is None:
        for path, (_, width, height) in zip(files, shapes, strict=True):
            if (width, height) != shapes[0][1:]:
                raise DawnbenchError(
                    f"{path} is {width}x{height} pixels and {files[0]} is {shapes[0][1]}x{shapes[0][2]}; "
                    "convert them to one size, or set an image_size to resize them"
                )
    _, width, height = shapes[0] if image_size is None else (True, image_size, image_size)
    grey = all(is_grey for is_grey, _, _ in shapes)
    images = np.empty((len(files), height, width, 1 if grey else 3), dtype=np.uint8)
    for index, path in enumerate(files):
        if index % STEP == 0:
            progress(task, index, len(files))
        images[index] = _pixels(path, "L" if grey else "RGB", (width, height)).reshape(height, width, -1)
    progress(task, len(files), len(files))
    return images


def _header(path: Path) -> tuple[bool, int, int]:
    """Return whether the image is gray, its width and its height."""
    image = _open(path)
    with image:
        if image.mode.startswith(DEEP_MODES):
            raise DawnbenchError(
                f"{path} has more than 8 bits per channel ({image.mode}); convert it to 8 bits"
            )
        return image.mode in GREY_MODES, image.width, image.height


def _pixels(path: Path, mode: str, size: tuple[int, int]) -> Images:
    from PIL import Image

    with _open(path) as image:
        try:
            pixels = image.convert(mode)
        except Exception as error:  # a damaged file can make a decoder raise nearly anything
            raise _broken(path, error) from error
    if pixels.size != size:
        pixels = pixels.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(pixels)


def _open(path: Path) -> Image:
    from PIL import Image

    try:
        return Image.open(path, formats=("PNG", "JPEG"))
    except Exception as error:  # as above
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> DawnbenchError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DawnbenchError(f"{path} is not a complete PNG or JPEG image ({reason}); replace it or remove it")
