"""Runs named as people do, wherever the command takes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from dawnbench.cli import main
from dawnbench.errors import DawnbenchError
from dawnbench.stats.frames import load_runs
from dawnbench.stats.pooling import open_trial_set
from tests.cli.made_runs import invoke, made_run, trials

OLD, NEW = "20260203T040506Z-davidnet-0a1b2c", "20260301T000000Z-davidnet-c0ffee"


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made_run(Path("runs", OLD), trials(2.8))
    made_run(Path("runs", NEW), created="2026-03-01T00:00:00+00:00")


@pytest.mark.parametrize(
    "name", ["latest", "latest~0", NEW, "202603", "c0ffee", "runs/c0ffee", f"runs/{NEW}"]
)
@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("show", ()),
        ("log", ()),
        ("watch", ()),
        ("report", ("-o", "-")),
        ("export", ("--format", "csv")),
        ("site", ()),
    ],
)
def test_a_verb_takes_a_run_by_any_of_its_names(verb: str, options: Sequence[str], name: str) -> None:
    by_path = invoke(verb, f"runs/{NEW}", *options)
    assert by_path[0] == 0
    by_name = invoke(verb, name, *options)
    assert by_name[0] == 0
    if verb != "site":  # the second time all pages are there already
        assert by_name == by_path


def test_runs_are_compared_and_judged_by_their_names() -> None:
    assert invoke("compare", "0a1b2c", "latest") == invoke("compare", f"runs/{OLD}", f"runs/{NEW}")
    assert invoke("compare", "latest", "published")[0] == 0
    code, shown, _ = invoke("baseline", "save", "latest~1", "--name", "old")
    assert (code, shown) == (0, "baselines/davidnet/NVIDIA-H200.json\n")
    code, shown, _ = invoke("regress", "latest")
    assert code == 0
    assert shown.splitlines()[-1].startswith("regress: holds")


def test_python_takes_the_same_names() -> None:
    assert open_trial_set("latest~1").name == open_trial_set("0a1b2c").name == OLD
    assert set(load_runs("latest").trials["run"]) == {NEW}
    with pytest.raises(DawnbenchError, match="runs in runs fit the name 2026"):
        open_trial_set("2026")


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "runs"),
        ("log", "runs"),
        ("watch", "runs"),
        ("report", "runs"),
        ("evaluate", "runs"),
        ("infer", "runs"),
        ("compare", "runs", "latest"),
        ("regress", "runs"),
        ("baseline", "save", "runs", "--name", "x"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_of_runs_in_place_of_one_lists_what_is_in_it(arguments: Sequence[str]) -> None:
    code, shown, errors = invoke(*arguments)
    assert code == 2
    (line,) = (shown + errors).splitlines()
    assert f"runs is a folder of runs and not a run; the newest are {NEW}, {OLD}; latest" in line
    assert line.startswith("regress: not comparable (" if shown else "dawnbench: ")


@pytest.mark.parametrize("verb", ["show", "log", "watch", "report", "evaluate", "regress"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2026", f"2 runs in runs fit the name 2026: {NEW}, {OLD}; write more of the name"),
        ("latest~2", "there is no latest~2 in runs, which has 2 runs; latest~1 is the oldest"),
        ("last", "there is no run called last in runs; did you mean latest?"),
        ("0a1b2d", f"there is no run called 0a1b2d in runs; did you mean {OLD}?"),
    ],
)
def test_a_name_that_means_no_single_run_is_one_sentence(verb: str, name: str, said: str) -> None:
    code, shown, errors = invoke(verb, name)
    assert code == 2
    (line,) = (shown + errors).splitlines()
    assert said in line


def test_a_recipe_comes_before_a_run_of_the_same_name_and_a_path_before_both_else() -> None:
    made_run(Path("runs", "quickstart"))
    made_run(Path("latest"), trials(count=3), created="2026-01-01T00:00:00+00:00")
    assert "epochs=" in invoke("show", "quickstart")[1]
    assert "latest, data" in invoke("show", "latest")[1]
    assert "quickstart, data" in invoke("show", "runs/quickstart")[1]


def test_a_name_of_nothing_is_a_recipe_misspelt() -> None:
    code, _, errors = invoke("show", "davidnt")
    assert (code, errors) == (2, "dawnbench: there is no recipe 'davidnt'; did you mean davidnet?\n")


def offered(verb: str, incomplete: str) -> list[tuple[str, str]]:
    """Return the kind and value of each thing that a shell offers."""
    completer = ShellComplete(main, {}, "dawnbench", "_DAWNBENCH_COMPLETE")
    return [(item.type, item.value) for item in completer.get_completions(verb.split(), incomplete)]


@pytest.mark.parametrize(
    "verb",
    [
        *("show", "log", "watch", "report", "evaluate", "compare", "compare latest", "regress", "export"),
        *("site", "baseline save", "infer", "ab"),
    ],
)
def test_a_shell_offers_runs_wherever_one_is_taken(verb: str) -> None:
    found = offered(verb, "")
    assert found[0] == ("file", "")
    values = [value for kind, value in found if kind == "plain"]
    assert values[:3] == ["latest", NEW, OLD]
    assert ("published" in values) == verb.startswith("compare")
    assert ("davidnet" in values) == (verb in ("show", "ab"))
    assert offered(verb, "202602") == [("file", "202602"), ("plain", OLD)]


def test_a_shell_in_a_folder_without_runs_offers_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("runs")
    assert offered("log", "") == [("file", "")]
