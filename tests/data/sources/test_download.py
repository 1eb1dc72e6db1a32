"""The published data sets, through the real torchvision; what is served in place of the internet is tiny."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import socket
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision

from dawnbench.data.sources import load_dataset
from dawnbench.errors import DawnbenchError

Make = Callable[..., dict[str, np.ndarray]]
ARCHIVE = "cifar-10-python.tar.gz"


class Response(io.BytesIO):
    """As much of an HTTP response as torchvision reads."""

    url = torchvision.datasets.CIFAR10.url

    @property
    def length(self) -> int:
        return len(self.getvalue())


class Internet:
    """Answers one download after the other with the given bytes, or errors."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.downloads = 0

    def urlopen(self, request: urllib.request.Request, *_: Any, **__: Any) -> Response:
        # torchvision asks where a redirection leads before it downloads, with this header.
        if request.get_header("Method") == "HEAD":
            return Response()
        answer = self.answers[min(self.downloads, len(self.answers) - 1)]
        self.downloads += 1
        if isinstance(answer, Exception):
            raise answer
        return Response(answer)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Internet]:
    def connect(*answers: bytes | Exception) -> Internet:
        internet = Internet(*answers)
        monkeypatch.setattr(urllib.request, "urlopen", internet.urlopen)
        return internet

    return connect


@pytest.fixture
def cifar_archive(make_arrays: Make, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """CIFAR-10's archive with one image a batch, which torchvision is made to take for the real one."""
    arrays = make_arrays(shape=(32, 32, 3), train=5, test=1)
    batches = [(f"data_batch_{i + 1}", arrays["x_train"][i], arrays["y_train"][i]) for i in range(5)]
    batches.append(("test_batch", arrays["x_test"][0], arrays["y_test"][0]))
    files = {
        name: pickle.dumps({"data": pixels.transpose(2, 0, 1).reshape(1, -1), "labels": [int(label)]})
        for name, pixels, label in batches
    }
    files["batches.meta"] = pickle.dumps({"label_names": ["airplane", "automobile"]})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    sums = [[name, hashlib.md5(content).hexdigest()] for name, content in files.items()]
    cifar10 = torchvision.datasets.CIFAR10
    monkeypatch.setattr(cifar10, "train_list", sums[:5])
    monkeypatch.setattr(cifar10, "test_list", sums[5:6])
    monkeypatch.setattr(cifar10, "meta", cifar10.meta | {"md5": sums[6][1]})
    monkeypatch.setattr(cifar10, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
    return packed.getvalue()


def cache_folder() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "dawnbench"


def test_a_download_is_decoded_and_kept_and_the_rest_thrown_away(
    connect: Callable[..., Internet], cifar_archive: bytes, make_arrays: Make
) -> None:
    internet = connect(cifar_archive)
    calls: list[tuple[str, int, int]] = []
    first = load_dataset("cifar10", progress=lambda *call: calls.append(call))
    np.testing.assert_array_equal(
        first.train_images, make_arrays(shape=(32, 32, 3), train=5, test=1)["x_train"]
    )
    assert first.classes[:2] == ("airplane", "automobile")
    assert calls == [("downloading cifar10", 0, 1), ("downloading cifar10", 1, 1)]
    assert load_dataset("cifar10").fingerprint == first.fingerprint
    assert internet.downloads == 1
    kept = {path.name for path in cache_folder().rglob("*") if path.is_file()}
    assert kept == {"cifar10.npz", "cifar10.lock"}


@pytest.mark.parametrize("torn", [b"", b"<html>a proxy's page</html>", None])
def test_a_damaged_download_is_fetched_exactly_once_more(
    connect: Callable[..., Internet], cifar_archive: bytes, torn: bytes | None
) -> None:
    internet = connect(cifar_archive[:-20] if torn is None else torn, cifar_archive)
    assert len(load_dataset("cifar10").train_labels) == 5
    assert internet.downloads == 2


def test_two_damaged_downloads_are_an_error(connect: Callable[..., Internet], cifar_archive: bytes) -> None:
    internet = connect(b"damaged")
    with pytest.raises(
        DawnbenchError, match="cifar10 could not be downloaded intact in two attempts"
    ) as caught:
        load_dataset("cifar10")
    assert internet.downloads == 2
    assert f"put {cache_folder() / 'cifar10.npz'} (x_train, y_train, x_test, y_test" in str(caught.value)
    assert not (cache_folder() / "cifar10.npz").exists()


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "mnist", "fashion_mnist"])
def test_no_network_is_an_error_that_says_where_to_put_the_file(
    connect: Callable[..., Internet], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAWNBENCH_DATA", str(tmp_path))
    connect(urllib.error.URLError("Name or service not known"))
    with pytest.raises(DawnbenchError, match="Name or service not known") as caught:
        load_dataset(name)
    assert f"put {tmp_path / name}.npz (" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_cable_is_an_error_that_says_so(connect: Callable[..., Internet]) -> None:
    connect(TimeoutError("timed out"))
    with pytest.raises(DawnbenchError, match=r"cifar10 could not be downloaded \(timed out\); put"):
        load_dataset("cifar10")
    assert socket.getdefaulttimeout() is None


def test_a_full_disk_is_reported(connect: Callable[..., Internet]) -> None:
    connect(OSError(28, "No space left on device"))
    with pytest.raises(
        DawnbenchError, match=r"could not be unpacked in .*No space left on device.*free space"
    ):
        load_dataset("cifar10")


def test_a_folder_that_cannot_be_written_to_is_gone_around(
    connect: Callable[..., Internet], cifar_archive: bytes, tmp_path: Path
) -> None:
    connect(cifar_archive)
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="this run continues"):
        dataset = load_dataset("cifar10", cache=tmp_path / "file" / "cache")
    assert len(dataset.train_labels) == 5


def test_an_archive_that_the_user_brought_needs_no_network(
    no_network: None, cifar_archive: bytes, tmp_path: Path
) -> None:
    (tmp_path / ARCHIVE).write_bytes(cifar_archive)
    assert len(load_dataset("cifar10", cache=tmp_path).train_labels) == 5
    assert (tmp_path / ARCHIVE).exists()
    assert (tmp_path / "cifar10.npz").exists()


def test_a_damaged_archive_that_the_user_brought_is_not_removed(no_network: None, tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).write_bytes(b"damaged")
    with pytest.raises(DawnbenchError, match=rf"cannot be read from .*{ARCHIVE} \(.+\); remove .*, or put"):
        load_dataset("cifar10", cache=tmp_path)
    assert (tmp_path / ARCHIVE).read_bytes() == b"damaged"
