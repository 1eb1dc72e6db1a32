from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dawnbench.data.sources import DATASETS, load_dataset
from dawnbench.data.sources.names import OFFICIAL
from dawnbench.errors import DawnbenchError


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("cifar01", "did you mean cifar10?"),
        ("CIFAR-10", "did you mean cifar10?"),
        ("fashion-mnist", "did you mean fashion_mnist?"),
        ("digit", "did you mean digits?"),
        ("xyzzy", "the names are cifar10, cifar100, mnist,"),
        ("", "the names are cifar10"),
        ("no\0name", "the names are"),
        ("x" * 5000, "the names are"),
        ("~nobody_of_this_name/x", "the names are"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, guess: str) -> None:
    with pytest.raises(DawnbenchError) as caught:
        load_dataset(name)
    assert guess in str(caught.value)
    assert repr(name) in str(caught.value)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.h5").write_text("")
    with pytest.raises(DawnbenchError, match=r"images.h5 is neither a folder nor an \.npz file"):
        load_dataset(str(tmp_path / "images.h5"))


def test_a_name_goes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_dataset("digits").source == "digits"
    with pytest.raises(DawnbenchError, match="is not an image folder"):
        load_dataset("./digits")


def test_only_a_folder_is_resized() -> None:
    assert load_dataset("digits", image_size=8).image_shape == (8, 8, 1)
    assert load_dataset("digits", image_size=16).image_shape == (8, 8, 1)
    with pytest.raises(DawnbenchError, match="image_size is 0; give"):
        load_dataset("digits", image_size=0)


def test_every_name_has_one_line() -> None:
    assert set(OFFICIAL) < set(DATASETS)
    assert all(line and "\n" not in line for line in DATASETS.values())


def test_the_class_names_are_complete() -> None:
    assert [len(set(OFFICIAL[name].classes)) for name in OFFICIAL] == [10, 100, 10, 10]
    assert list(OFFICIAL["cifar100"].classes) == sorted(OFFICIAL["cifar100"].classes)


def test_the_names_are_listed_without_torch() -> None:
    code = "import sys, dawnbench.data.sources; print({'torch', 'torchvision', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
