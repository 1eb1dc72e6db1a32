from __future__ import annotations

import re
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.run_names import named_run, run_folder
from tests.records.folders import make_run

OLD = "20260203T040506Z-davidnet-0a1b2c"
SAME_DAY = "20260203T080910Z-davidnet-202602"
NEW = "20260301T000000Z-quickstart-c0ffee"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs, of which the last was renamed, and a folder beside them that is not a run."""
    monkeypatch.chdir(tmp_path)
    make_run(Path("runs", OLD), created="2026-02-03T04:05:06+00:00")
    make_run(Path("runs", SAME_DAY), created="2026-02-03T08:09:10+00:00")
    make_run(Path("runs", NEW), created="2026-03-01T00:00:00+00:00")
    make_run(Path("runs", "best-yet"), created="2026-01-01T00:00:00+00:00")
    Path("runs", "20260301T000000Z-mnist-drill-c0ffee").mkdir()
    return Path("runs")


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("latest", NEW),
        ("latest~0", NEW),
        ("latest~1", SAME_DAY),
        ("latest~3", "best-yet"),
        (OLD, OLD),
        ("best-yet", "best-yet"),
        ("best", "best-yet"),
        ("20260203T04", OLD),
        ("202603", NEW),
        ("0a1b2c", OLD),
        ("c0ffee", NEW),
    ],
)
@pytest.mark.parametrize("where", ["", "runs/", "./runs/", "elsewhere/runs/"])
def test_a_name_means_a_run_in_its_folder_or_in_runs(runs: Path, name: str, run: str, where: str) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere", "runs").symlink_to(runs.absolute())
    assert run_folder(f"{where}{name}") == Path(where or "runs", run)
    assert run_folder(Path(f"{where}{name}")) == Path(where or "runs", run)


def test_a_path_that_exists_wins(runs: Path) -> None:
    make_run(Path("latest"))
    make_run(Path("0a1b2c"))
    assert run_folder("latest") == Path("latest")
    assert run_folder("0a1b2c") == Path("0a1b2c")
    assert run_folder("runs/latest") == runs / NEW


def test_a_run_that_cannot_be_read_is_found_by_its_name_but_is_not_the_latest(runs: Path) -> None:
    (runs / NEW / "run.json").write_text("{")
    assert run_folder("c0ffee") == runs / NEW
    assert run_folder("latest") == runs / SAME_DAY


@pytest.mark.parametrize("name", ["2026", "202602", "20260203"])
def test_a_name_that_fits_several_runs_is_told_with_all_of_them(runs: Path, name: str) -> None:
    with pytest.raises(DawnbenchError, match=f"runs in runs fit the name {name}: .*{SAME_DAY}, {OLD};"):
        run_folder(name)


def test_a_sentence_names_the_newest_few_and_counts_the_rest(runs: Path) -> None:
    for number in range(10, 20):
        make_run(runs / f"20260401T0000{number}Z-davidnet-aaaa{number}")
    with pytest.raises(DawnbenchError) as error:
        run_folder("2026")
    assert re.search(r"^13 runs in runs fit .*-aaaa19, .*-aaaa15 and 8 more;", str(error.value))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0a1b2d", f"there is no run called 0a1b2d in runs; did you mean {OLD}?"),
        ("davidnet-0a1b2", f"there is no run called davidnet-0a1b2 in runs; did you mean {OLD}?"),
        ("20260203T040506Z-davidnet-0a1b2d", f"did you mean {OLD}?"),
        ("runs/20260203T040506Z-davidnet-0a1b2d", f"did you mean {OLD}?"),
        ("xyz", f"there is no run called xyz in runs; it has best-yet, {NEW}, "),
        ("lastest", "there is no run called lastest in runs; did you mean latest?"),
        ("latest^1", "there is no run called latest^1 in runs; did you mean latest?"),
        ("latest~4", "there is no latest~4 in runs, which has 4 runs; latest~3 is the oldest"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(runs: Path, name: str, said: str) -> None:
    with pytest.raises(DawnbenchError, match=re.escape(said)):
        run_folder(name)


def test_latest_of_nothing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DawnbenchError, match="there is no folder runs, so nothing is latest; "):
        run_folder("latest")
    Path("runs", "tracking").mkdir(parents=True)
    with pytest.raises(DawnbenchError, match="there is no run in runs, so nothing is latest~2; "):
        run_folder("latest~2")
    with pytest.raises(DawnbenchError, match="there is no run in runs/tracking, so nothing is latest; "):
        run_folder("runs/tracking/latest")


def test_a_folder_of_runs_is_told_with_the_newest_in_it(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError) as error:
        run_folder("runs")
    assert str(error.value) == (
        f"runs is a folder of runs and not a run; the newest are {NEW}, {SAME_DAY}, {OLD}, best-yet; "
        "latest means the newest"
    )
    make_run(tmp_path / "other" / "one")
    with pytest.raises(DawnbenchError, match="it has only one; other/latest means the newest"):
        run_folder("other")


@pytest.mark.parametrize("name", ["nowhere/x", "baseline.json", "runs/baseline.json", "runs/*/x", ""])
def test_what_is_not_a_name_is_left_to_the_reader(runs: Path, name: str) -> None:
    assert run_folder(name) == Path(name)


@pytest.mark.parametrize("name", ["runs", "xyz", "*", "latest~x", "nowhere/latest~", ""])
def test_what_means_no_run_is_none(runs: Path, name: str) -> None:
    assert named_run(name) is None
