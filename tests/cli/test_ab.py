"""`dawnbench ab`: real campaigns, and how the command ends when one does not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import PairingRecord, TrialRecord
from tests.cli.conftest import TINY_RECIPE, Finished, command_in, full_disk
from tests.cli.made_runs import invoke, made_run, trial, words
from tests.export.judgements import strict_json


@dataclass(frozen=True)
class Campaign:
    """What a campaign printed and left behind."""

    result: Finished
    a: Run
    b: Run

    @property
    def sides(self) -> tuple[Run, Run]:
        return self.a, self.b


def prepared(folder: Path) -> Path:
    """Return a folder with two recipes in it, `narrow` and `wide`."""
    (folder / "narrow.py").write_text(TINY_RECIPE.replace('name="tiny"', 'name="narrow"'))
    wide = TINY_RECIPE.replace('name="tiny"', 'name="wide"').replace("width: int = 16", "width: int = 64")
    (folder / "wide.py").write_text(wide.replace('"perceptron"', '"wide-perceptron"'))
    return folder


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


def recorded(folder: Path) -> list[Run]:
    """Return the runs below a folder, A's before B's."""
    runs = [read_run(path) for path in (folder / "runs").iterdir()]
    return sorted(runs, key=lambda run: run.record.pairing.side if run.record.pairing else "")


def in_time(runs: list[Run] | tuple[Run, ...]) -> list[tuple[str, TrialRecord]]:
    """Return the trials of both sides in the order in which they began."""
    both = [(run.record.pairing.side, one) for run in runs if run.record.pairing for one in run.trials]
    return sorted(both, key=lambda pair: pair[1].began_ns or 0)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """One recipe with two settings, four pairs, in a pipe."""
    folder = prepared(tmp_path_factory.mktemp("campaign"))
    settings = ("--set=model.width=16", "--set=model.width=64")
    options = ("--trials=4", "--epochs=12", "--seed=5", "--tag=branch=main")
    result = command_in(folder)("ab", "narrow.py", *settings, *options)
    assert result.returncode == 0, result.stderr
    a, b = recorded(folder)
    return Campaign(result, a, b)


def test_each_side_is_a_finished_run_of_its_own_recipe(campaign: Campaign) -> None:
    assert [run.record.recipe["model"]["width"] for run in campaign.sides] == [16, 64]
    for run in campaign.sides:
        assert run.record.status == "finished"
        assert (run.record.trials, run.record.seed) == (4, 5)
        assert run.record.tags == {"branch": "main"}
        assert run.record.command[:3] == ("dawnbench", "ab", "narrow.py")
        assert [one.status for one in run.trials] == ["finished"] * 4
        assert len(run.epochs) == 48
        assert (run.folder / "log.md").read_text().count("| ValLoss") == 4
    pairings = [run.record.pairing for run in campaign.sides]
    assert [pairing.side for pairing in pairings if pairing] == ["A", "B"]
    assert len({pairing.campaign for pairing in pairings if pairing}) == 1


def test_the_order_turns_with_every_pair(campaign: Campaign) -> None:
    order = in_time(campaign.sides)
    assert [side for side, _ in order] == list("ABBAABBA")
    assert [one.trial for _, one in order] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_the_two_of_a_pair_go_from_the_same_seed(campaign: Campaign) -> None:
    assert [[one.seed for one in run.trials] for run in campaign.sides] == [[5, 6, 7, 8]] * 2


def test_no_two_trials_run_at_the_same_time(campaign: Campaign) -> None:
    order = [one for _, one in in_time(campaign.sides)]
    for earlier, later in pairwise(order):
        assert (earlier.began_ns or 0) + earlier.wall_seconds * 1e9 <= (later.began_ns or 0)


def test_the_telemetry_of_the_whole_campaign_is_in_both_folders(campaign: Campaign) -> None:
    samples = [
        [json.loads(line)["t_ns"] for line in (run.folder / "telemetry.jsonl").read_text().splitlines()]
        for run in campaign.sides
    ]
    assert samples[0] == samples[1]
    first, last = in_time(campaign.sides)[0][1], in_time(campaign.sides)[-1][1]
    assert samples[0][0] < (first.began_ns or 0)
    assert samples[0][-1] > (last.began_ns or 0)


def test_no_side_is_cold_and_all_other_rules_time_both(campaign: Campaign) -> None:
    for run in campaign.sides:
        assert all(one.seconds["cold"] is None for one in run.trials)
        assert all(one.seconds["strict"] for one in run.trials)
        assert "startup" not in {segment.name for segment in run.trials[0].segments}


def test_a_pipe_gets_a_line_a_trial_and_the_comparison_in_plain_text(campaign: Campaign) -> None:
    shown = campaign.result.stdout
    assert campaign.result.stderr == ""
    assert all("epochs=12" in run.record.identity.recipe for run in campaign.sides)
    assert "\x1b" not in shown
    note, *lines = shown.splitlines()
    assert note == "note: 4 pairs cannot show which side is faster; that takes --trials 8"
    for side, run, line in zip("AB", campaign.sides, lines, strict=False):
        assert line.startswith(f"{side} {run.record.identity.recipe} on ")
        assert line.endswith(f"{run.record.identity.where}, runs/{run.folder.name}")
    for (side, one), line in zip(in_time(campaign.sides), lines[2:10], strict=True):
        found = re.match(r"pair (\d)/4  ([AB])  +([\d.]+ s|-)  +([\d.]+ %)(.*)$", line)
        assert found, line
        # A busy machine may hold up one clock of so short a trial, which the line then says.
        notes = "".join(f"  {warning}" for warning in one.warnings)
        assert found.group(1, 2, 5) == (str(one.trial), side, notes)
    comparison = shown.split("\n\n", 1)[1]
    assert comparison.startswith(f"A is {campaign.a.folder.name}\nB is {campaign.b.folder.name}\n")
    assert "the recipes differ: model.width 16 and 64" in comparison
    assert "too few trials to show it (4 pairs" in words(comparison)
    kept = [word for word in campaign.a.record.command if word != "--trials=4"]
    assert f"needs 4 more pairs, 8 in all: {' '.join(kept)} --trials 8" in words(comparison)
    assert "dawnbench [s]" in comparison
    assert "cold" not in comparison
    assert "p pairs" in comparison


def test_the_folders_are_compared_again_as_they_were(campaign: Campaign) -> None:
    shown = invoke("compare", campaign.a.folder, campaign.b.folder)[1]
    assert shown == campaign.result.stdout.split("\n\n", 1)[1]


@pytest.mark.slow
def test_ctrl_c_keeps_both_folders_and_compares_what_is_there(command: list[str], tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    process = subprocess.Popen(
        [*command, "ab", "narrow.py", "wide.py", "--set=epochs=20", "--trials=500", "--json"],
        cwd=folder,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    seen = 0
    while seen < 5:
        line = process.stderr.readline()
        assert line, "the campaign ended before it was interrupted"
        seen += line.startswith("pair ")
    process.send_signal(signal.SIGINT)
    shown, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    runs = recorded(folder)
    assert [run.record.recipe_name for run in runs] == ["narrow", "wide"]
    assert [run.record.recipe["epochs"] for run in runs] == [20, 20]
    for run in runs:
        assert run.record.status == "interrupted"
        assert len(run.trials) >= 2
        assert (run.folder / "log.md").is_file()
    assert [side for side, _ in in_time(runs)][:5] == list("ABBAA")
    (comparison,) = strict_json(shown)
    assert comparison["pairs"] >= 2
    assert comparison["reference"]["recipe"] == "narrow"


def test_a_full_disk_is_one_sentence_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    with full_disk(20):
        result = command_in(folder)("ab", "narrow.py", "wide.py", "--trials=50", "--epochs=40")
    assert result.returncode == 2
    assert re.fullmatch(
        r"dawnbench: cannot write runs/\S+/\w+\.jsonl: File too large; make room or choose another folder "
        r"with --out \(what was recorded before is kept\)\n",
        result.stderr,
    )
    for run in recorded(folder):
        assert run.record.status == "failed"
        assert run.trials or run.epochs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quickstart"], "it got 1 recipe and no --set"),
        (["quickstart", "--set", "epochs=3"], "it got 1 recipe and 1 --set"),
        (["quickstart", *["--set", "epochs=3"] * 3], "it got 1 recipe and 3 --set"),
        (["quickstart"] * 3, "it got 3 recipes and no --set"),
        (["quickstart", "nowhere.py"], "there is no recipe file nowhere.py"),
        (["quickstart", "davidnett"], "did you mean davidnet?"),
        (["quickstart", "--set", "epochs=3", "--set", "epoch=3"], "did you mean epochs?"),
    ],
)
def test_two_sides_are_wanted(arguments: list[str], said: str) -> None:
    code, shown, errors = invoke("ab", *arguments)
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert said in errors


class Scripted:
    """Stands in for the campaign: tells the observers of what a test wants recorded, then ends as it says."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.called: dict[str, Any] | None = None
        self.sides: list[list[TrialRecord]] = [[trial()], [trial()]]
        self.ending: BaseException | None = None
        self.torn = False
        """Whether A's folder cannot be read when the campaign ends."""

    def __call__(self, *recipes: object, observers: tuple[Any, Any], **options: Any) -> None:
        self.called = options
        for side, observer, made in zip("AB", observers, self.sides, strict=False):
            pairing = PairingRecord("c0ffee", side)  # type: ignore[arg-type]
            folder = made_run(self.out / side, made, pairing=pairing)
            observer.run_started(read_run(folder).record, folder, 10)
            for one in made:
                observer.trial_ended(one)
        if self.torn:
            (self.out / "A" / "run.json").unlink()
        if self.ending is not None:
            raise self.ending


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    monkeypatch.chdir(tmp_path)
    campaign = Scripted(tmp_path / "runs")
    monkeypatch.setattr("dawnbench.campaigns.ab", campaign)
    return campaign


def call(*options: str) -> tuple[int, str, str]:
    return invoke("ab", "quickstart", "--set", "epochs=3", "--set", "epochs=4", *options)


def test_what_was_asked_for_reaches_the_campaign(scripted: Scripted) -> None:
    assert call("--trials=7", "--seed=3", "--device=cpu", "--out=there")[0] == 0
    assert scripted.called is not None
    asked = {name: scripted.called[name] for name in ("pairs", "seed", "device", "out")}
    assert asked == {"pairs": 7, "seed": 3, "device": "cpu", "out": Path("there")}


def test_twenty_pairs_are_run_unless_another_number_is_given(scripted: Scripted) -> None:
    call()
    assert scripted.called is not None
    assert scripted.called["pairs"] == 20


def test_a_diverged_trial_is_status_3(scripted: Scripted) -> None:
    scripted.sides[1].append(trial(2, status="diverged", epochs=None, reason="the training loss was nan"))
    code, shown, _ = call()
    assert code == 3
    assert "the training loss was nan" in shown


def test_a_campaign_interrupted_before_both_sides_have_a_trial_compares_nothing(scripted: Scripted) -> None:
    scripted.sides[1] = []
    scripted.ending = KeyboardInterrupt()
    code, shown, errors = call()
    assert (code, errors) == (130, "")
    assert "ratio" not in shown
    assert (scripted.out / "A" / "log.md").is_file()


def test_a_campaign_interrupted_while_it_loads_leaves_nothing(scripted: Scripted) -> None:
    scripted.sides = []
    scripted.ending = KeyboardInterrupt()
    assert call() == (130, "", "")


def test_a_campaign_that_fails_is_one_sentence_and_has_its_logs(scripted: Scripted) -> None:
    scripted.ending = DawnbenchError("the GPU has gone")
    code, shown, errors = call()
    assert (code, errors) == (2, "dawnbench: the GPU has gone\n")
    assert "ratio" not in shown
    assert all((scripted.out / side / "log.md").is_file() for side in "AB")


def test_the_first_failure_is_told_even_where_the_log_fails_as_well(scripted: Scripted) -> None:
    scripted.ending, scripted.torn = DawnbenchError("the disk is full"), True
    assert call()[::2] == (2, "dawnbench: the disk is full\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rule=cold"], "so neither is cold; choose another --rule"),
        (["--cost-per-hour=-1"], "the cost per hour is -1.0; give a number of 0 or more"),
    ],
)
def test_what_would_spoil_the_comparison_is_told_before_anything_runs(
    scripted: Scripted, options: list[str], said: str
) -> None:
    code, _, errors = call(*options)
    assert code == 2
    assert errors.startswith("dawnbench: ")
    assert said in errors
    assert scripted.called is None


def test_a_broken_configuration_is_told_before_anything_runs(scripted: Scripted) -> None:
    path = Path(os.environ["XDG_CONFIG_HOME"], "dawnbench", "config.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[cost")
    code, _, errors = call()
    assert code == 2
    assert "is not TOML" in errors
    assert scripted.called is None


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("target=0.96", "A and B differ in more than speed: target 0.97 and 0.96; add --across"),
        ("dataset.name=synthetic", "A and B differ in more than speed: data digits and synthetic"),
    ],
)
def test_sides_that_could_not_be_compared_are_refused_before_anything_runs(
    scripted: Scripted, setting: str, said: str
) -> None:
    both = ("ab", "quickstart", "--set", "epochs=3", "--set", setting)
    code, _, errors = invoke(*both)
    assert code == 2
    assert said in errors
    assert scripted.called is None
    assert invoke(*both, "--across")[0] == 0
    assert scripted.called is not None


def python_that_recorded(folder: Path, side: str, seconds: Sequence[float]) -> Path:
    """Return an executable that stands in for a Python: it has trained the trial of each seed long ago."""
    for seed, of_trial in enumerate(seconds):
        made_run(folder / side / str(seed), [trial(1, of_trial, seed=seed)])
    path = folder / f"python-{side}"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, sys\n"
        "seed = next(word[7:] for word in sys.argv if word.startswith('--seed='))\n"
        f"open({str(folder / 'order')!r}, 'a').write({side!r} + ' '.join(sys.argv[1:]) + '\\n')\n"
        f"print(json.dumps({{'event': 'run', 'folder': {str(folder / side)!r} + '/' + seed}}))\n"
        "print(json.dumps({'event': 'trial', 'status': 'finished'}))\n"
    )
    path.chmod(0o755)
    return path


def test_two_pythons_are_compared_pair_by_pair_in_processes(tmp_path: Path) -> None:
    noise = [0.001 * n for n in range(8)]
    a = python_that_recorded(tmp_path, "A", [2.0 + one for one in noise])
    b = python_that_recorded(tmp_path, "B", [2.2 + one for one in noise])
    options = ("--trials=8", "--epochs=3", "--set=x=1", "--tag=a=b", "--rule=cold")
    code, shown, _ = invoke("ab", "quickstart", f"--python={a}", f"--python={b}", *options)
    assert code == 0
    order = (tmp_path / "order").read_text().splitlines()
    assert "".join(line[0] for line in order) == "ABBA" * 4
    assert order[1].startswith(
        "B-P -m dawnbench run quickstart --epochs=3 --device=auto --out=runs --tag=a=b --set=x=1"
    )
    assert "pair 8/8  A" in shown
    assert f"B is {b}" in words(shown)
    assert "B is slower than A: 3.3 % more time" in words(shown)  # 6.2 s compared with 6.0 s from the start
    assert "8 pairs, Wilcoxon's test" in words(shown)


def test_two_pythons_take_a_number_of_trials() -> None:
    code, _, errors = invoke("ab", "quickstart", "--python=a", "--python=b", "--trials=auto")
    assert code == 2
    assert "--trials auto does not go with --python; give a number of trials" in words(errors)


def test_a_python_that_fails_ends_the_comparison_with_its_own_words(tmp_path: Path) -> None:
    good = python_that_recorded(tmp_path, "A", [2.0])
    bad = tmp_path / "bad"
    bad.write_text("#!/bin/sh\necho 'No module named dawnbench' >&2\nexit 1\n")
    bad.chmod(0o755)
    code, _, errors = invoke("ab", "quickstart", f"--python={good}", f"--python={bad}", "--trials=3")
    assert code == 2
    assert "dawnbench: B, trial 1: 0 of 1 trials: No module named dawnbench" in errors


def test_too_few_pairs_of_pythons_are_told_with_the_command_that_settles_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = (
        python_that_recorded(tmp_path, side, [2.0 + share, 2.1 + share])
        for side, share in (("A", 0), ("B", 1))
    )
    given = ["ab", "quickstart", f"--python={a}", f"--python={b}", "--trials=2"]
    monkeypatch.setattr(sys, "argv", ["dawnbench", *given])
    shown = "".join(words(invoke(*given)[1]).split())
    assert f"dawnbenchabquickstart--python={a}--python={b}--trials" in shown


def test_pythons_come_in_twos_and_run_recipes(tmp_path: Path) -> None:
    assert "mnist-drill is a series" in invoke("ab", "mnist-drill", f"--python={tmp_path}")[2]
    code, _, errors = invoke("ab", "quickstart", f"--python={tmp_path}")
    assert code == 2
    assert "ab takes no --python or two (the first for A, the second for B); it got 1" in errors
