from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dawnbench.data.sources import load_dataset
from dawnbench.data.sources.npz import KEYS, load_npz
from dawnbench.errors import DawnbenchError

Make = Callable[..., dict[str, np.ndarray]]


def write(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_file_loads(tmp_path: Path, make_arrays: Make, save: Callable[..., None]) -> None:
    arrays = make_arrays() | {"y_train": np.array([[0], [1], [2], [0], [1], [2]], dtype=">i2")}
    path = tmp_path / "mine.npz"
    save(path, **arrays)
    dataset = load_dataset(str(path))
    assert dataset.source == str(path)
    assert dataset.classes == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train_images, arrays["x_train"])
    np.testing.assert_array_equal(dataset.train_labels, [0, 1, 2, 0, 1, 2])


def test_a_file_may_name_its_classes(tmp_path: Path, make_arrays: Make) -> None:
    path = write(tmp_path / "mine.npz", **make_arrays(), classes=np.array(["cat", "dög"]))
    assert load_npz(path).classes == ("cat", "dög")


@pytest.mark.parametrize("classes", [np.array([1, 2]), np.array([["cat", "dog"]]), np.array("cat")])
def test_names_of_another_kind_are_refused(tmp_path: Path, make_arrays: Make, classes: np.ndarray) -> None:
    path = write(tmp_path / "mine.npz", **make_arrays(), classes=classes)
    with pytest.raises(DawnbenchError, match=r"classes of .*mine.npz is .*; save one string a class"):
        load_npz(path)


def test_names_that_are_no_text_are_refused(tmp_path: Path, make_arrays: Make) -> None:
    no_text = np.array([0x7FFFFFFF, 65], dtype=np.uint32).view("U1")
    path = write(tmp_path / "mine.npz", **make_arrays(), classes=no_text)
    with pytest.raises(DawnbenchError, match=r"classes of .*mine.npz holds no valid text"):
        load_npz(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"there is no file .*nowhere.npz"):
        load_dataset(str(tmp_path / "nowhere.npz"))


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"is a folder, not an \.npz file"):
        load_npz(tmp_path)


def test_missing_keys_are_named_and_so_are_those_that_are_there(tmp_path: Path, make_arrays: Make) -> None:
    arrays = make_arrays()
    path = write(
        tmp_path / "mine.npz", x_train=arrays["x_train"], labels=arrays["y_train"], x_test=arrays["x_test"]
    )
    with pytest.raises(
        DawnbenchError, match=r"has no y_train and no y_test, it has x_train, labels, x_test; save"
    ):
        load_npz(path)


def test_float_images(tmp_path: Path, make_arrays: Make) -> None:
    arrays = make_arrays()
    path = write(tmp_path / "mine.npz", **arrays | {"x_train": arrays["x_train"] / np.float32(255)})
    with pytest.raises(
        DawnbenchError, match=r"train images of .*mine.npz are float32; convert them to uint8, 0 to 255"
    ):
        load_npz(path)


def test_python_objects_are_never_unpickled(tmp_path: Path, make_arrays: Make) -> None:
    ragged = np.array([np.zeros((2, 2)), np.zeros((3, 3))], dtype=object)
    path = write(tmp_path / "mine.npz", **make_arrays() | {"x_test": ragged})
    with pytest.raises(DawnbenchError, match=r"x_test of .*mine.npz is an array of Python objects"):
        load_npz(path)


def test_a_bare_npy_array(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DawnbenchError, match="holds one bare array; save x_train"):
        load_npz(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 no zip", b"\x80\x04\x95pickle"])
def test_a_file_that_is_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(DawnbenchError, match=r"mine.npz is not a whole .npz file \(.+\); write it again"):
        load_npz(path)


def test_an_entry_that_is_no_array(tmp_path: Path, make_arrays: Make) -> None:
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key in KEYS:
            archive.writestr(f"{key}.npy", b"text")
    with pytest.raises(DawnbenchError, match=r"x_train of .*mine.npz"):
        load_npz(path)


def test_a_flipped_bit_is_noticed(tmp_path: Path, make_arrays: Make) -> None:
    arrays = make_arrays()
    path = write(tmp_path / "mine.npz", **arrays)
    content = bytearray(path.read_bytes())
    content[content.index(arrays["x_test"].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(DawnbenchError, match=r"x_test of .*mine.npz is damaged"):
        load_npz(path)


def test_a_header_that_claims_a_petabyte(tmp_path: Path, make_arrays: Make) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 32, 32, 3)}
    )
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key in KEYS:
            archive.writestr(f"{key}.npy", header.getvalue())
    with pytest.raises(DawnbenchError, match=r"x_train of .*mine.npz is damaged"):
        load_npz(path)


def damaged(content: bytes, cut: int, flips: list[tuple[int, int]]) -> bytes:
    whole = bytearray(content)
    for place, bit in flips:
        whole[place % len(whole)] ^= 1 << bit
    return bytes(whole[: cut % (len(whole) + 1)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(cut=st.integers(0), flips=st.lists(st.tuples(st.integers(0), st.integers(0, 7)), max_size=4))
def test_a_damaged_file_loads_or_is_refused_by_a_sentence(
    tmp_path: Path, make_arrays: Make, cut: int, flips: list[tuple[int, int]]
) -> None:
    path = write(tmp_path / "mine.npz", **make_arrays(shape=(2, 2), train=2, test=2))
    path.write_bytes(damaged(path.read_bytes(), cut, flips))
    refusal = None
    try:
        load_npz(path)
    except DawnbenchError as error:
        refusal = str(error)
    assert refusal is None or "mine.npz" in refusal


ANY_ARRAY = hnp.arrays(
    dtype=st.one_of(st.just(np.dtype(np.uint8)), hnp.array_dtypes(), hnp.scalar_dtypes()),
    shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
)


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, "classes", "more"]), ANY_ARRAY))
def test_any_arrays_load_or_are_refused_by_a_sentence(
    tmp_path: Path, make_arrays: Make, odd: dict[str, np.ndarray]
) -> None:
    path = write(tmp_path / "mine.npz", **make_arrays(shape=(2, 2), train=2, test=2) | odd)
    refusal = None
    try:
        load_npz(path)
    except DawnbenchError as error:
        refusal = str(error)
    assert refusal is None or "mine.npz" in refusal
