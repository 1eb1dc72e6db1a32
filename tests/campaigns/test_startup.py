"""How long a process has been at work, by clocks that a test moves, and that of a real process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from dawnbench.campaigns.startup import Startup, seconds_since_process_start, startup
from dawnbench.records.schema import Segment

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")


def test_it_lasts_from_the_processs_start_to_now() -> None:
    length_ns = 3_000_000_000_000
    assert startup(lambda: 3000.0) == Startup((Segment("startup", None, -length_ns, length_ns),))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3594.0, "-3,594.00 s ago"),  # a container whose boot lies in the future
        (-0.01, "-0.01 s ago"),
        (0.0, "0.00 s ago"),  # less than the test has computed for
        (86_406.0, "86,406.00 s ago"),
        (float("nan"), "nan s ago"),
    ],
)
def test_a_length_that_cannot_be_gives_none_and_says_why(seconds: float, said: str) -> None:
    found = startup(lambda: seconds)
    assert found.segments == ()
    (note,) = found.notes
    assert said in note
    assert "the cold rule gives no time" in note


@linux
def test_a_wall_clock_that_is_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = seconds_since_process_start()
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall - 86_400)
    monkeypatch.setattr(psutil, "boot_time", lambda: wall + 3600)
    assert before <= seconds_since_process_start() < before + 1


@linux
@pytest.mark.parametrize("name", ["python", "a) S 1 (b", "x y)"])
def test_the_start_is_counted_in_ticks_since_boot(tmp_path: Path, name: str) -> None:
    """The program's name may hold spaces and parentheses."""
    start = time.clock_gettime(time.CLOCK_BOOTTIME) - 2.5
    ticks = round(start * os.sysconf("SC_CLK_TCK"))
    between = " ".join(["0"] * 18)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/stat").write_text(f"7 ({name}) R {between} {ticks} 0 0\n")
    assert seconds_since_process_start(tmp_path) == pytest.approx(2.5, abs=0.3)


@linux
@pytest.mark.parametrize("text", [None, "", "7 (python) R 0 0", "7 (python) R" + " x" * 30])
def test_a_proc_without_it_is_a_reason(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    if text is not None:
        (tmp_path / "proc/self/stat").write_text(text)
    found = startup(lambda: seconds_since_process_start(tmp_path))
    assert (found.segments, len(found.notes)) == ((), 1)


def test_elsewhere_than_on_linux_there_is_no_telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "only Linux" in startup().notes[0]
