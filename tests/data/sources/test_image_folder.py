from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError

Make = Callable[..., dict[str, np.ndarray]]
Write = Callable[..., Path]


@pytest.fixture
def pets(tmp_path: Path, make_arrays: Make, write_folder: Write) -> Path:
    return write_folder(tmp_path / "pets", make_arrays())


def damage_unnoticed(path: Path) -> None:
    """Change the content but neither the size nor the time of change."""
    before = path.stat()
    path.write_bytes(b"\0" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5)])
@pytest.mark.parametrize("second", ["test", "val", "valid"])
def test_an_npz_file_and_a_folder_share_a_fingerprint(
    tmp_path: Path, make_arrays: Make, write_folder: Write, shape: tuple[int, ...], second: str
) -> None:
    arrays = make_arrays(shape=shape)
    np.savez(tmp_path / "pets.npz", **arrays)
    folder = load_dataset(str(write_folder(tmp_path / "pets", arrays, second)))
    archive = load_dataset(str(tmp_path / "pets.npz"))
    assert folder.fingerprint == archive.fingerprint
    assert folder.classes == ("cat", "dog")
    assert folder.source == str(tmp_path / "pets")
    np.testing.assert_array_equal(folder.test_images, archive.test_images)


def test_test_goes_before_val(pets: Path, make_arrays: Make, write_folder: Write) -> None:
    write_folder(pets, make_arrays(test=2), "val")
    assert len(load_dataset(str(pets)).test_labels) == 4


def test_the_second_load_does_not_decode(pets: Path) -> None:
    first = load_dataset(str(pets))
    for path in pets.rglob("*.png"):
        damage_unnoticed(path)
    second = load_dataset(str(pets))
    assert second.fingerprint == first.fingerprint
    assert second.classes == first.classes


def test_a_touched_file_is_decoded_again(pets: Path) -> None:
    load_dataset(str(pets))
    path = next(pets.rglob("*.png"))
    damage_unnoticed(path)
    os.utime(path, ns=(0, 0))
    with pytest.raises(DawnbenchError, match=path.name):
        load_dataset(str(pets))


def test_each_size_is_kept_apart(pets: Path) -> None:
    assert load_dataset(str(pets)).image_shape == (4, 5, 3)
    assert load_dataset(str(pets), image_size=8).image_shape == (8, 8, 3)
    assert load_dataset(str(pets)).image_shape == (4, 5, 3)


def test_the_source_is_the_path_as_given(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pets.parent)
    assert load_dataset("./pets").source == load_dataset("./pets").source == "./pets"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser reads every folder")
def test_a_folder_that_may_not_be_read_is_named(pets: Path) -> None:
    (pets / "train" / "dog").chmod(0)
    with pytest.raises(DawnbenchError, match="train/dog cannot be read"):
        load_dataset(str(pets))


def test_a_given_cache_is_used(pets: Path, tmp_path: Path) -> None:
    load_dataset(str(pets), cache=tmp_path / "mine")
    assert len(list((tmp_path / "mine" / "folders").iterdir())) == 1


def test_progress_runs_from_none_to_all(pets: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    load_dataset(str(pets), progress=lambda *call: calls.append(call))
    assert calls == [("decoding pets", 0, 10), ("decoding pets", 10, 10)]


def test_other_files_are_passed_over(pets: Path) -> None:
    plain = load_dataset(str(pets)).fingerprint
    (pets / "train" / "cat" / "notes.txt").write_text("no image")
    (pets / "train" / "cat" / ".00000.png").write_text("no image")
    (pets / "train" / "list.png").write_text("no image")
    (pets / "train" / ".ipynb_checkpoints").mkdir()
    assert load_dataset(str(pets)).fingerprint == plain


def test_jpeg_files_load(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("a.jpg", "b.JPEG"):
            path = tmp_path / "pets" / split / "cat" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 8), "red").save(path)
    dataset = load_dataset(str(tmp_path / "pets"))
    assert dataset.train_images.shape == (2, 8, 16, 3)
    assert dataset.train_images[..., 0].min() > 240 > 20 > dataset.train_images[..., 1].max()


def test_one_colour_image_makes_all_of_them_colour(pets: Path) -> None:
    for path in pets.rglob("*.png"):
        Image.new("L", (5, 4), 9).save(path)
    Image.new("RGBA", (5, 4), (1, 2, 3, 4)).save(path)
    dataset = load_dataset(str(pets))
    assert dataset.image_shape == (4, 5, 3)
    assert {tuple(pixel) for pixel in dataset.train_images.reshape(-1, 3)} | {
        tuple(pixel) for pixel in dataset.test_images.reshape(-1, 3)
    } == {(9, 9, 9), (1, 2, 3)}


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_broken_file_is_named(pets: Path, content: bytes) -> None:
    broken = pets / "test" / "dog" / "00003.png"
    broken.write_bytes(content)
    with pytest.raises(
        DawnbenchError, match=r"test/dog/00003.png is not a complete PNG or JPEG image \(.+\); replace"
    ):
        load_dataset(str(pets))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_torn_file_is_named(tmp_path: Path, suffix: str, make_arrays: Make, write_folder: Write) -> None:
    pets = write_folder(tmp_path / "pets", make_arrays(shape=(64, 64, 3)))
    torn = pets / "train" / "cat" / f"torn.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(torn)
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    with pytest.raises(DawnbenchError, match=rf"train/cat/torn.{suffix} is not a complete"):
        load_dataset(str(pets))


def test_sixteen_bits_are_refused(pets: Path) -> None:
    Image.fromarray(np.zeros((4, 5), np.uint16)).save(pets / "train" / "cat" / "deep.png")
    # "I;16" in today's words; Pillow 10.0 reads the file into 32 bits and calls it "I".
    with pytest.raises(
        DawnbenchError, match=r"deep.png has more than 8 bits per channel \(I(;16)?\); convert"
    ):
        load_dataset(str(pets))


def test_two_sizes_are_refused_unless_one_is_asked_for(pets: Path) -> None:
    Image.new("RGB", (7, 9)).save(pets / "train" / "dog" / "tall.png")
    with pytest.raises(DawnbenchError, match=r"tall.png is 7x9 pixels and .*00000.png is 5x4; .*image_size"):
        load_dataset(str(pets))
    assert load_dataset(str(pets), image_size=6).train_images.shape == (7, 6, 6, 3)


def remove(path: Path) -> None:
    for child in path.iterdir():
        child.unlink() if child.is_file() else remove(child)
    path.rmdir()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda pets: remove(pets / "test"), "pets is not an image folder; lay it out as train/CLASS"),
        (lambda pets: remove(pets / "train"), "pets is not an image folder"),
        (
            lambda pets: (pets / "train" / "bird").mkdir(),
            "train/bird contains no .png, .jpg or .jpeg image; add",
        ),
        (lambda pets: remove(pets / "train" / "dog"), "test/dog is a class that .*train does not have"),
        (lambda pets: [remove(path) for path in (pets / "test").iterdir()], "test contains no .png"),
    ],
)
def test_another_layout_is_refused(pets: Path, spoil: Callable[[Path], Any], sentence: str) -> None:
    spoil(pets)
    with pytest.raises(DawnbenchError, match=sentence):
        load_dataset(str(pets))
