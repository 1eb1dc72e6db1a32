"""Runs and campaigns that go on until a question is settled, with trials that take no time to run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns import SilentObserver, ab, run, runner, session
from dawnbench.campaigns import enough as enough_module
from dawnbench.campaigns.enough import Enough
from dawnbench.campaigns.trial import TrialRecorder
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import RunRecord, StoppingRecord, TrialRecord
from dawnbench.records.store import RunWriter
from dawnbench.stats.sequential import AutoTrials
from tests.cli.conftest import TINY_RECIPE
from tests.cli.made_runs import trial
from tests.records.examples import RUN


class Heard(SilentObserver):
    def __init__(self) -> None:
        self.started: list[RunRecord] = []
        self.trials: list[int] = []
        self.looks: list[StoppingRecord] = []

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        self.started.append(record)

    def trial_ended(self, record: TrialRecord) -> None:
        self.trials.append(record.trial)

    def looked(self, stopping: StoppingRecord) -> None:
        self.looks.append(stopping)


Script = Callable[[str, int], TrialRecord]


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)
    return replace(find_recipe(str(tmp_path / "tiny.py")), epochs=1, trials=3)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], None]:
    """Let trials come from a script, by the name of their recipe and their number."""
    device = CpuDevice("cpu")
    monkeypatch.setattr(runner, "open_rank_device", lambda _name, _ranks: device)
    monkeypatch.setattr(sys.modules[ab.__module__], "open_device", lambda _name: device)
    monkeypatch.setattr(session, "describe_model", lambda *_: RUN.model)
    monkeypatch.setattr(session, "warm_up", lambda _prepared: None)

    def use(script: Script) -> None:
        class Recorder(TrialRecorder):
            def run(self, *_: object, **__: object) -> None:
                name = self._writer.folder.name.split("-")[1]
                self.record = self._writer.append_trial(script(name, self._trial))
                self._observer.trial_ended(self.record)

        monkeypatch.setattr(session, "TrialRecorder", Recorder)

    return use


def steady(_name: str, number: int) -> TrialRecord:
    return trial(number, 2.6 + number % 3 / 100, accuracy=0.98 + number % 3 / 1000)


def faster_b(name: str, number: int) -> TrialRecord:
    return trial(number, (2.6 if name == "a" else 2.3) + number % 3 / 100)


def alike(name: str, number: int) -> TrialRecord:
    return trial(number, 2.6 + (number * (7 if name == "a" else 11) % 13) / 100)


def in_both(recipe: Recipe, out: Path, auto: AutoTrials, observers: tuple[Heard, Heard]) -> tuple[Run, Run]:
    sides = replace(recipe, name="a"), replace(recipe, name="b")
    a, b = ab(*sides, pairs=auto, device="cpu", out=out, observers=observers)
    return read_run(a), read_run(b)


def test_a_run_ends_when_its_claim_is_settled_and_records_how(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(steady)
    heard = Heard()
    found = read_run(run(recipe, out=tmp_path, observer=heard, trials=AutoTrials()))
    assert heard.started[0].trials == 40
    assert heard.started[0].stopping is not None
    assert heard.started[0].stopping.looks == ()
    assert heard.trials == [*range(1, 9)]
    assert [one.ended for one in heard.looks] == ["settled"]
    assert (found.record.status, found.record.trials) == ("finished", 8)
    assert found.record.stopping == heard.looks[-1]
    assert found.record.stopping is not None
    assert [look.trials for look in found.record.stopping.looks] == [8]
    assert found.record.recipe["trials"] == 40


def test_a_run_with_until_ends_when_its_interval_is_narrow(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(steady)
    found = read_run(run(recipe, out=tmp_path, trials=AutoTrials(until=0.01)))
    assert found.record.stopping is not None
    assert (found.record.stopping.question, found.record.stopping.ended) == ("interval", "settled")
    assert found.record.trials == len(found.trials) == 10


def test_a_run_ends_after_its_largest_number_of_trials(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(lambda _name, number: trial(number, accuracy=0.97 + (number % 2 - 0.5) / 100))
    found = read_run(run(replace(recipe, target=0.97), out=tmp_path, trials=AutoTrials(max_trials=9)))
    assert found.record.stopping is not None
    assert (found.record.stopping.ended, found.record.trials, len(found.trials)) == ("max trials", 9, 9)


def test_the_minutes_count_from_the_start_and_no_trial_begins_after_them(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(alike)
    # It is asked once at the start and after every trial.
    seconds = iter(range(0, 10_000, 60))
    clock = lambda: float(next(seconds))  # noqa: E731
    monkeypatch.setattr(enough_module, "Enough", lambda auto, kind: Enough(auto, kind, clock))
    found = read_run(run(recipe, out=tmp_path, trials=AutoTrials(until=0.001, max_minutes=3)))
    assert found.record.stopping is not None
    assert (found.record.stopping.ended, len(found.trials)) == ("max minutes", 3)


def test_a_campaign_ends_when_its_verdict_is_settled_and_both_sides_record_it(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(faster_b)
    observers = (Heard(), Heard())
    a, b = in_both(recipe, tmp_path, AutoTrials(), observers)
    assert a.record.stopping == b.record.stopping == observers[0].looks[-1]
    assert a.record.stopping is not None
    assert (a.record.stopping.question, a.record.stopping.ended) == ("verdict", "settled")
    assert a.record.trials == len(a.trials) == len(b.trials) == 10
    assert [one.trials for one in observers[1].started] == [40]


def test_a_campaign_of_identical_code_goes_on_to_its_last_pair(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(alike)
    a, b = in_both(recipe, tmp_path, AutoTrials(max_trials=12), (Heard(), Heard()))
    assert a.record.stopping is not None
    assert (a.record.stopping.ended, len(a.trials), len(b.trials)) == ("max trials", 12, 12)


def test_what_an_interrupted_run_saw_is_in_its_folder(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    def interrupted(name: str, number: int) -> TrialRecord:
        if number == 12:
            raise KeyboardInterrupt
        return trial(number, 2 + number % 2)

    scripted(interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, out=tmp_path, trials=AutoTrials(until=0.01))
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir() and (path / "run.json").is_file())
    record = read_run(folder).record
    assert (record.status, record.trials) == ("interrupted", 40)
    assert record.stopping is not None
    assert (record.stopping.ended, [look.trials for look in record.stopping.looks]) == (None, [10, 11])


def test_run_json_is_rewritten_only_when_something_was_seen(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    note = RunWriter.note_stopping

    def noted(self: RunWriter, stopping: StoppingRecord, trials: int) -> None:
        written.append(len(stopping.looks))
        note(self, stopping, trials)

    monkeypatch.setattr(RunWriter, "note_stopping", noted)
    scripted(lambda _name, number: trial(number, 2 + number % 2))
    folder = run(recipe, out=tmp_path, trials=AutoTrials(until=0.01, max_trials=12))
    assert written == [1, 2, 3]
    assert json.loads((folder / "run.json").read_text())["stopping"]["looks"][0]["trials"] == 10


def test_a_run_without_the_rule_has_none(
    recipe: Recipe, tmp_path: Path, scripted: Callable[[Script], None]
) -> None:
    scripted(steady)
    found = read_run(run(recipe, out=tmp_path))
    assert (found.record.stopping, found.record.trials, len(found.trials)) == (None, 3, 3)


def test_a_rule_that_could_settle_nothing_is_refused_before_anything_is_read(
    recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(DawnbenchError, match="--max-trials 7"):
        run(recipe, out=tmp_path / "runs", trials=AutoTrials(max_trials=7))
    with pytest.raises(DawnbenchError, match="--max-trials 7"):
        ab(recipe, recipe, pairs=AutoTrials(max_trials=7), out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_every_seed_that_may_be_needed_is_checked_first(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="the last of 40 trials"):
        run(recipe, out=tmp_path, seed=2**63 - 5, trials=AutoTrials())
