from __future__ import annotations

import io
import sys
from contextlib import suppress

import pytest

from dawnbench.report.text.status_line import StatusLine, waiting_for


def screen(text: str) -> list[str]:
    """Return the lines of a terminal that was sent this text."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_words_are_written_over() -> None:
    file = Terminal()
    line = StatusLine(file)
    line.say("reading cifar10")
    assert screen(file.getvalue()) == ["reading cifar10"]
    line.say("compiling")
    assert screen(file.getvalue()) == ["compiling"]
    line.clear()
    file.write("a table")
    assert screen(file.getvalue()) == ["a table"]


def test_a_line_never_wraps_and_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    file = Terminal()
    StatusLine(file).say("preparing \x1b[31m\n" + "x" * 50)
    assert file.getvalue() == "\r" + "preparing ?[31m?xxx"


def test_clearing_what_was_never_said_writes_nothing() -> None:
    file = Terminal()
    StatusLine(file).clear()
    assert file.getvalue() == ""


def test_what_is_waited_for_is_said_on_a_terminal_and_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    with suppress(KeyboardInterrupt), waiting_for("loading torch"):
        assert screen(terminal.getvalue()) == ["loading torch"]
        raise KeyboardInterrupt
    assert screen(terminal.getvalue()) == [""]


@pytest.mark.parametrize(("file", "silent"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_pipe_and_a_program_are_told_nothing(
    file: io.StringIO, silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", file)
    with waiting_for("loading torch", silent=silent):
        pass
    assert file.getvalue() == ""
