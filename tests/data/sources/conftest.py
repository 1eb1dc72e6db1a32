from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Arrays = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def _no_named_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder of the person who runs the tests is for the tests marked real_data alone."""
    if not request.node.get_closest_marker("real_data"):
        monkeypatch.delenv("DAWNBENCH_DATA", raising=False)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("this test must not touch the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def make_arrays() -> Callable[..., Arrays]:
    def make(shape: tuple[int, ...] = (4, 5, 3), train: int = 6, test: int = 4, seed: int = 0) -> Arrays:
        draw = np.random.default_rng(seed)
        return {
            "x_train": draw.integers(0, 256, (train, *shape), dtype=np.uint8),
            "y_train": np.sort(np.arange(train) % 2).astype(np.uint8),
            "x_test": draw.integers(0, 256, (test, *shape), dtype=np.uint8),
            "y_test": np.sort(np.arange(test) % 2).astype(np.uint8),
        }

    return make


@pytest.fixture
def write_folder() -> Callable[..., Path]:
    """Write arrays in the Keras layout as an image folder of lossless PNG files."""

    def write(
        root: Path, arrays: Arrays, second: str = "test", classes: tuple[str, ...] = ("cat", "dog")
    ) -> Path:
        for split, folder in (("train", "train"), ("test", second)):
            for index, (pixels, label) in enumerate(
                zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)
            ):
                path = root / folder / classes[label] / f"{index:05}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
        return root

    return write
