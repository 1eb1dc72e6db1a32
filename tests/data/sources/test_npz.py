from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
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
    with pytest.raises(DawnbenchError, match=r"classes of .*mine.npz is .*; save one string per class"):
        load_npz(path)


def test_names_that_are_no_text_are_refused(tmp_path: Path, make_arrays: Make) -> None:
    no_text = np.array([0x7FFFFFFF, 65], dtype=np.uint32).view("U1")
    path = write(tmp_path / "mine.npz", **make_arrays(), classes=no_text)
    with pytest.raises(DawnbenchError, match=r"classes of .*mine.npz is not valid text"):
        load_npz(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"nowhere.npz does not exist"):
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
        DawnbenchError, match=r"has no y_train and no y_test, only x_train, labels, x_test; save"
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
    with pytest.raises(DawnbenchError, match="contains a single bare array; save x_train"):
        load_npz(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 no zip", b"\x80\x04\x95pickle"])
def test_a_file_that_is_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(DawnbenchError, match=r"mine.npz is not a complete .npz file \(.+\); write it again"):
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
    with pytest.raises(DawnbenchError, match=r"x_train of .*mine.npz is damaged \(its header says 3,377"):
        load_npz(path)


def claiming(path: Path, count: int) -> Path:
    """Write a small file whose training images unpack to `count` times 3,072 zeros."""
    shape = (count, 32, 32, 3)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x_train.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(
                member,  # type: ignore[arg-type]
                {"descr": "|u1", "fortran_order": False, "shape": shape},
            )
            for _ in range(count):
                member.write(bytes(3_072))
        for key in KEYS[1:]:
            with archive.open(f"{key}.npy", "w") as member:
                np.save(member, np.zeros(2, np.int64))  # type: ignore[arg-type]
    return path


def test_a_file_that_unpacks_to_more_than_is_free_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = claiming(tmp_path / "mine.npz", 10_000)
    assert path.stat().st_size < 100_000
    free = SimpleNamespace(available=20_000_000)
    monkeypatch.setattr("dawnbench.data.sources.npz_size.psutil.virtual_memory", lambda: free)
    tracemalloc.start()
    with pytest.raises(
        DawnbenchError, match=r"mine.npz does not fit into memory: .* 0\.0 GB .* free; close other"
    ):
        load_npz(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_memory_that_runs_out_while_it_is_unpacked_is_not_damage(
    tmp_path: Path, make_arrays: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 12 GiB")

    path = write(tmp_path / "mine.npz", **make_arrays())
    monkeypatch.setattr("numpy.lib.npyio.NpzFile.__getitem__", full)
    with pytest.raises(DawnbenchError, match=r"x_train of .*mine.npz does not fit into memory; close other"):
        load_npz(path)


def test_what_is_not_a_regular_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "zero.npz").symlink_to("/dev/zero")
    for name in ("pipe.npz", "zero.npz"):
        with pytest.raises(DawnbenchError, match=rf"{name} is a pipe or a device, not an \.npz file"):
            load_dataset(str(tmp_path / name))


def test_no_refusal_quotes_advice_to_load_pickles(tmp_path: Path, make_arrays: Make) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    write(tmp_path / "objects.npz", **make_arrays() | {"y_test": objects})
    write(tmp_path / "fields.npz", **make_arrays() | {"x_train": np.zeros(2, [("a", "O")])})
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps([1, 2]))
    with (tmp_path / "bare.npz").open("wb") as file:
        np.save(file, objects)
    for name in ("objects", "fields", "pickle", "bare"):
        with pytest.raises(DawnbenchError) as refused:
            load_dataset(str(tmp_path / f"{name}.npz"))
        assert "allow_pickle" not in str(refused.value)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_not_whole(tmp_path: Path, make_arrays: Make, share: float) -> None:
    path = write(tmp_path / "mine.npz", **make_arrays())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DawnbenchError, match=r"mine.npz is not a complete .npz file \(.+\); write it again"):
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
