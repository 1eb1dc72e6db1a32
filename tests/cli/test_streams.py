from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import click
import pytest
from rich.console import Console

from dawnbench.cli.streams import going_on_without_readers, open_missing_streams

PRINTERS: list[Callable[[], object]] = [
    lambda: print("seen", flush=True),
    lambda: click.echo("seen"),
    lambda: Console().print("seen"),
    lambda: Console(force_terminal=True).print("[red]seen"),
]


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    """The two ends of a pipe; the test puts the second one in the place of standard output.

    A fixture cannot: pytest puts its own stream there before the test begins.
    """
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out, os.fdopen(reader) as read:
        yield read, out


@pytest.mark.parametrize("show", PRINTERS)
def test_what_is_printed_arrives(
    pipe: tuple[TextIO, TextIO], monkeypatch: pytest.MonkeyPatch, show: Callable[[], object]
) -> None:
    monkeypatch.setattr(sys, "stdout", pipe[1])
    with going_on_without_readers():
        show()
    assert "seen" in pipe[0].readline()


@pytest.mark.parametrize("show", PRINTERS)
def test_whoever_prints_goes_on_when_the_reader_has_gone_and_says_so_once(
    pipe: tuple[TextIO, TextIO],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    show: Callable[[], object],
) -> None:
    monkeypatch.setattr(sys, "stdout", pipe[1])
    pipe[0].close()
    with going_on_without_readers():
        for _ in range(3):
            show()
    assert capfd.readouterr().err == (
        "dawnbench: output can no longer be written (Broken pipe); the run goes on without a display "
        "and is recorded in its folder\n"
    )


def test_nothing_is_said_where_nobody_hears_it(
    pipe: tuple[TextIO, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", pipe[1])
    monkeypatch.setattr(sys, "stderr", pipe[1])
    pipe[0].close()
    with going_on_without_readers():
        print("lost", flush=True)
        print("lost", file=sys.stderr, flush=True)


def test_a_stream_that_is_no_file_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with going_on_without_readers():
        assert sys.stdout is before
        print("seen")
    assert capsys.readouterr().out == "seen\n"


def test_a_closed_stream_does_not_give_its_number_to_the_next_file(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        os.close(1)
        sys.stdout = None  # type: ignore[assignment]
        open_missing_streams()
        print("nowhere", flush=True)
        with (tmp_path / "file").open("w") as file:
            os._exit(0 if file.fileno() > 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
