"""The named data sets: what each is, and what is known about it before a file is opened.

This file imports neither torch nor numpy, so that a help text can list the names at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawnbench.errors import DawnbenchError

DATASETS: dict[str, str] = {
    "cifar10": "CIFAR-10: 50,000 + 10,000 colour photographs of 10 kinds, 32x32",
    "cifar100": "CIFAR-100: 50,000 + 10,000 colour photographs of 100 kinds, 32x32",
    "mnist": "MNIST: 60,000 + 10,000 handwritten digits, grey, 28x28",
    "fashion_mnist": "Fashion-MNIST: 60,000 + 10,000 pieces of clothing of 10 kinds, grey, 28x28",
    "digits": "UCI handwritten digits: 1,437 + 360, grey, 8x8; shipped, for a first try with no network",
    "synthetic": "50,000 + 10,000 generated images in CIFAR-10's shape; to measure throughput, not accuracy",
}
"""Name -> one line for a help text."""


@dataclass(frozen=True)
class Shape:
    """What determines a model's input and output, the length of an epoch and the memory for the images."""

    channels: int
    classes: int
    train_images: int
    test_images: int
    side: int
    """Height and width in pixels, as stored."""


KNOWN_SHAPES: dict[str, Shape] = {
    "cifar10": Shape(3, 10, 50_000, 10_000, 32),
    "cifar100": Shape(3, 100, 50_000, 10_000, 32),
    "mnist": Shape(1, 10, 60_000, 10_000, 28),
    "fashion_mnist": Shape(1, 10, 60_000, 10_000, 28),
    "digits": Shape(1, 10, 1_437, 360, 8),
    "synthetic": Shape(3, 10, 50_000, 10_000, 32),
}
"""By name, known before a file is opened."""


@dataclass(frozen=True)
class Official:
    """A published data set that torchvision can download."""

    name: str
    torchvision_class: str
    image_shape: tuple[int, int, int]
    """Height, width, channels."""
    classes: tuple[str, ...]
    archive: str
    """The publisher's files in a torchvision folder, which a user without a network can provide."""
    unpacked: str
    """Where torchvision unpacks them."""


_DIGITS = tuple("0123456789")

_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

# The fine labels, in the official (alphabetical) order.
_CIFAR100_LINES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
    bowl boy bridge bus butterfly camel can castle caterpillar cattle
    chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
    dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
    mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket
    rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
_CIFAR100 = tuple(_CIFAR100_LINES.split())

_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_COLOUR, _GREY = (32, 32, 3), (28, 28, 1)

OFFICIAL: dict[str, Official] = {
    official.name: official
    for official in (
        Official("cifar10", "CIFAR10", _COLOUR, _CIFAR10, "cifar-10-python.tar.gz", "cifar-10-batches-py"),
        Official("cifar100", "CIFAR100", _COLOUR, _CIFAR100, "cifar-100-python.tar.gz", "cifar-100-python"),
        Official("mnist", "MNIST", _GREY, _DIGITS, "MNIST/raw", "MNIST/raw"),
        Official("fashion_mnist", "FashionMNIST", _GREY, _FASHION, "FashionMNIST/raw", "FashionMNIST/raw"),
    )
}


def check_source(name: str) -> None:
    """Check that a data set has this name, or that a file or folder is there; nothing is opened.

    A missing .npz file is left to its loader.

    Raises:
        DawnbenchError: neither is the case.
    """
    if name in DATASETS or name.endswith(".npz") or existing_path(name) is not None:
        return
    alike = difflib.get_close_matches(name.lower().replace("-", "_"), DATASETS, n=1, cutoff=0.5)
    guess = f"did you mean {alike[0]}?" if alike else f"the names are {', '.join(DATASETS)}"
    raise DawnbenchError(
        f"{name!r} is not the name of a data set, nor an .npz file or a folder that exists; {guess}"
    )


def existing_path(name: str) -> Path | None:
    """Return the path if it exists; an empty name is not a path, although Path turns it into '.'."""
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, RuntimeError):  # name too long, folder not searchable, no such user
        return None


Progress = Callable[[str, int, int], None]
"""Called with the task ("decoding flowers"), the number of steps done, and the total."""


def silent(task: str, done: int, total: int) -> None:
    """Report nothing."""
