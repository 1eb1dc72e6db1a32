"""A signal ends a process that waits for a rank which never answers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from dawnbench.campaigns.stuck import EndIfStuck

SOON, NEVER = 0.05, 0.5


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The exit codes that the process would have ended with; signals themselves do nothing."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    yield codes
    signal.signal(signal.SIGTERM, before)


def test_a_run_that_does_not_end_after_a_signal_is_closed_and_its_process_ended(
    ended: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    finished = threading.Event()
    watch = EndIfStuck(finished.set, SOON)
    signal.raise_signal(signal.SIGTERM)
    assert finished.wait(10)
    watch.close()
    while not ended:
        pass
    assert ended == [130]
    assert "stopped by SIGTERM while waiting for another rank" in capsys.readouterr().err


def test_a_run_that_ends_in_time_is_left_alone(ended: list[int]) -> None:
    finished = threading.Event()
    watch = EndIfStuck(finished.set, NEVER)
    signal.raise_signal(signal.SIGTERM)
    watch.close()
    assert not finished.wait(2 * NEVER)
    assert ended == []
