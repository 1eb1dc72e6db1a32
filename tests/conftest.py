"""What every test shares: its own cache folder, and the marks that skip where something is missing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from dawnbench.cli.signals import MEANT_TO_STOP
from dawnbench.recipes import part
from tests.warm.python import warm_python

# A test that other work on the machine held up has not failed.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees or fills the cache or the settings of the person who runs it, nor of another test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    """A command that a signal stopped ignores signals until its process ends, which here is pytest's own."""
    before = {number: signal.getsignal(number) for number in MEANT_TO_STOP}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def _parts_as_before() -> Iterator[None]:
    before = dict(part._CLASSES)
    yield
    part._CLASSES.clear()
    part._CLASSES.update(before)


@pytest.fixture(autouse=True)
def _test_leaves_parts() -> Iterator[None]:
    """Every test leaves the table of kinds of parts as it found it."""
    with _parts_as_before():
        yield


@pytest.fixture(autouse=True, scope="module")
def _module_leaves_parts() -> Iterator[None]:
    """So does every module, whose own fixtures may register parts."""
    with _parts_as_before():
        yield


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Python for processes whose cold start is not the point; also for those that they start themselves."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "warm"
    folder.mkdir(exist_ok=True)
    with warm_python(folder) as python:
        yield python


@pytest.fixture
def real_data() -> Path:
    """The folder that DAWNBENCH_DATA names; for tests marked real_data, which run only if there is one."""
    return Path(os.environ["DAWNBENCH_DATA"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Last, so that a fault which a quick test finds is told within minutes.
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
    named = os.environ.get("DAWNBENCH_DATA")
    if not named or not (Path(named) / "cifar10.npz").is_file():
        skip = pytest.mark.skip(reason="DAWNBENCH_DATA names no folder with cifar10.npz")
        for item in items:
            if item.get_closest_marker("real_data"):
                item.add_marker(skip)
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if on_gpu and not _cuda_is_available():
        for item in on_gpu:
            item.add_marker(pytest.mark.skip(reason="torch finds no NVIDIA GPU"))


def _cuda_is_available() -> bool:
    import torch

    return torch.cuda.is_available()
