"""The published data sets, from files that are there; test_download.py has the rest."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.records.files import one_at_a_time

Make = Callable[..., dict[str, np.ndarray]]


def test_mnist_is_read_from_its_own_files(no_network: None, tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for prefix, count in (("train", 3), ("t10k", 2)):
        images = struct.pack(">iiii", 2051, count, 28, 28) + bytes(range(count)) * 784
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(images)
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(
            struct.pack(">ii", 2049, count) + bytes(range(count))
        )
    dataset = load_dataset("mnist", cache=tmp_path)
    assert dataset.train_images.shape == (3, 28, 28, 1)
    assert dataset.test_labels.tolist() == [0, 1]
    assert load_dataset("mnist", cache=tmp_path).fingerprint == dataset.fingerprint


def test_an_npz_file_under_the_name_is_served_with_no_network(
    no_network: None, tmp_path: Path, make_arrays: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "mnist.npz", **make_arrays(shape=(28, 28)))
    monkeypatch.setenv("DAWNBENCH_DATA", str(tmp_path))
    dataset = load_dataset("mnist")
    assert dataset.source == "mnist"
    assert dataset.classes == tuple("0123456789")


def test_a_damaged_kept_file_is_named_and_not_removed(
    no_network: None, tmp_path: Path, make_arrays: Make
) -> None:
    path = tmp_path / "cifar10.npz"
    np.savez(path, **make_arrays(shape=(32, 32, 3)))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(
        DawnbenchError, match=rf"{path} is not a complete .*; remove it to download cifar10 again"
    ):
        load_dataset("cifar10", cache=tmp_path)
    assert path.exists()


@pytest.mark.parametrize(
    ("shape", "labels", "sentence"),
    [
        (
            (28, 28),
            2,
            r"cifar10.npz has images of .* \(28, 28, 1\), but those of cifar10 have \(32, 32, 3\)",
        ),
        ((32, 32, 3), 11, r"cifar10.npz has the label 10, but there are 10 classes"),
    ],
)
def test_another_data_set_under_the_name_is_refused(
    no_network: None, tmp_path: Path, make_arrays: Make, shape: tuple[int, ...], labels: int, sentence: str
) -> None:
    arrays = make_arrays(shape=shape, train=11) | {"y_train": np.arange(11) % labels}
    np.savez(tmp_path / "cifar10.npz", **arrays)
    with pytest.raises(DawnbenchError, match=sentence):
        load_dataset("cifar10", cache=tmp_path)


@pytest.mark.real_data
def test_the_real_cifar10_is_served_with_no_network(no_network: None, real_data: Path) -> None:
    dataset = load_dataset("cifar10")
    assert dataset.train_images.shape == (50_000, 32, 32, 3)
    assert np.bincount(dataset.test_labels).tolist() == [1000] * 10
    means = dataset.train_images.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-4)


@pytest.mark.real_data
def test_a_torn_copy_of_the_real_file_is_refused(tmp_path: Path, real_data: Path) -> None:
    with (real_data / "cifar10.npz").open("rb") as file:
        (tmp_path / "cifar10.npz").write_bytes(file.read(1_000_000))
    with pytest.raises(DawnbenchError, match="is not a complete"):
        load_dataset("cifar10", cache=tmp_path)


def test_who_waits_for_another_download_takes_what_it_left(
    no_network: None, tmp_path: Path, make_arrays: Make
) -> None:
    pytest.importorskip("fcntl", reason="this system has no such locks")
    loaded = threading.Event()

    def load() -> None:
        load_dataset("cifar10", cache=tmp_path)
        loaded.set()

    with one_at_a_time(tmp_path / "downloads" / "cifar10.lock"):
        waiting = threading.Thread(target=load)
        waiting.start()
        assert not loaded.wait(0.2)
        np.savez(tmp_path / "cifar10.npz", **make_arrays(shape=(32, 32, 3)))
    assert loaded.wait(20)
    waiting.join()
