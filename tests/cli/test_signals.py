from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from dawnbench.cli.signals import MEANT_TO_STOP, stopping_like_ctrl_c
from dawnbench.errors import DawnbenchError


def _stopped(number: int, close: Callable[[], None]) -> None:
    with stopping_like_ctrl_c():
        try:
            signal.raise_signal(number)
        finally:
            close()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "^$"),  # the trial has the words for it
        (signal.SIGTERM, "interrupted by SIGTERM"),
        (signal.SIGHUP, "interrupted by SIGHUP"),
    ],
)
def test_the_first_signal_interrupts_and_the_second_lets_the_closing_work_end(
    number: signal.Signals, reason: str
) -> None:
    closed = []

    def close() -> None:
        signal.raise_signal(signal.SIGTERM)
        closed.append(True)

    with pytest.raises(KeyboardInterrupt, match=reason):
        _stopped(number, close)
    assert closed
    # While Python shuts down, a further one must not change the exit status.
    assert {signal.getsignal(each) for each in MEANT_TO_STOP} == {signal.SIG_IGN}


def test_the_third_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []

    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        assert not ended
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("os._exit", ended.append)
    with pytest.raises(KeyboardInterrupt):
        _stopped(signal.SIGINT, twice)
    assert ended == [130]


def test_what_nohup_has_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stopping_like_ctrl_c():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_without_a_signal_everything_is_put_back() -> None:
    before = [signal.getsignal(number) for number in MEANT_TO_STOP]
    with stopping_like_ctrl_c():
        assert [signal.getsignal(number) for number in MEANT_TO_STOP] != before
    assert [signal.getsignal(number) for number in MEANT_TO_STOP] == before


@stopping_like_ctrl_c()
def _fails_and_is_stopped() -> None:
    try:
        raise DawnbenchError("another rank ended")
    finally:
        try:
            raise OSError("the log cannot be written")
        except OSError:
            signal.raise_signal(signal.SIGTERM)


def test_a_failure_is_told_even_if_a_signal_comes_while_it_is_being_handled() -> None:
    with pytest.raises(DawnbenchError, match="another rank ended"):
        _fails_and_is_stopped()
