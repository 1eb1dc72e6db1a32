from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import against
from benchmarks.against import Measured, RefusedError
from dawnbench.stats.comparison.outcome import Ratio
from dawnbench.stats.intervals import Interval

SAME, SLOWER, WIDE = (
    Ratio(value, Interval(low, high))
    for value, low, high in ((1.001, 0.998, 1.004), (1.04, 1.035, 1.045), (1.0, 0.95, 1.05))
)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were worked in."""
    seen: list[Path] = []

    def unpack(_revision: str, folder: Path) -> str:
        seen.append(folder)
        return "0123456789"

    monkeypatch.setattr(against, "unpack_revision", unpack)
    monkeypatch.setattr(against, "copy_working_tree", seen.append)
    return seen


def called(monkeypatch: pytest.MonkeyPatch, found: dict[str, Ratio | BaseException], *words: str) -> int:
    def measure(_folder: Path, recipe: str, *_rest: object) -> Measured:
        ratio = found[recipe]
        if isinstance(ratio, BaseException):
            raise ratio
        return Measured(ratio, WIDE, (0.05, 0.05 * ratio.value), 8)

    monkeypatch.setattr(against, "measure", measure)
    recipes = [word for recipe in found for word in ("--recipe", recipe)]
    monkeypatch.setattr(sys, "argv", ["against", "HEAD", *recipes, *words])
    return against.main()


LACKING = RefusedError("there is no recipe 'speedrun'")


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({"davidnet": SAME, "davidnet-10": SAME}, 0),
        ({"davidnet": SLOWER, "davidnet-10": WIDE}, 1),
        ({"davidnet": SAME, "davidnet-10": WIDE}, 2),
        ({"davidnet": SAME, "speedrun": LACKING}, 0),
        ({"speedrun": LACKING}, 2),
        ({"davidnet": KeyboardInterrupt()}, 130),
    ],
)
def test_the_exit_status_is_that_of_the_worst_recipe(
    monkeypatch: pytest.MonkeyPatch,
    folders: list[Path],
    found: dict[str, Ratio | BaseException],
    status: int,
) -> None:
    assert called(monkeypatch, found) == status
    assert not any(folder.parent.exists() for folder in folders)


def test_the_report_says_what_and_against_what_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    called(monkeypatch, {"davidnet": SLOWER, "davidnet-10": WIDE, "speedrun": LACKING})
    lines = capsys.readouterr().out.splitlines()
    assert "0123456789" in lines[0]
    assert lines[2] == "davidnet: SLOWER by +4.0% (+3.5% to +4.5%)"
    assert lines[3] == "  50.0 ms then, 52.0 ms now; wall time +0.0% (-5.0% to +5.0%)"
    assert lines[-1] == "speedrun: not compared, for at HEAD there is no recipe 'speedrun'"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("words", [("--pairs", "5"), ("--recipe", "resnet"), ("--threads", "0")])
def test_what_it_cannot_do_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
    folders: list[Path],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, {"davidnet": SAME}, *words)
    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err
    assert folders == []
