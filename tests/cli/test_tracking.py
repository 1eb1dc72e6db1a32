"""Runs told to trackers while they go on: what is told when, and what it costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dawnbench.campaigns import run
from dawnbench.cli.tracking import HAND_OVER_SECONDS, TrackingObserver
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt
from dawnbench.records.reader import read_run
from dawnbench.report.display.display import Display
from tests.cli.conftest import Finished, only_run, small_run
from tests.cli.made_runs import invoke
from tests.export.trackers.fake import FakeTracker
from tests.records.examples import RUN, TRIAL, epoch
from tests.records.folders import make_run


def test_a_run_is_in_tensorboard_when_it_ends(dawnbench: Callable[..., Finished], tmp_path: Path) -> None:
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    result = dawnbench(*small_run("--trials=2", "--epochs=60", "--seed=4", "--track=tensorboard"))
    assert result.returncode == 0, result.stderr
    says = "tensorboard: look at it with `tensorboard --logdir runs/tracking/tensorboard`"
    assert says in result.stdout.splitlines()
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if (path / "run.json").exists())
    recorded = read_run(folder)
    for trial in recorded.trials:
        shown = event_accumulator.EventAccumulator(
            str(tmp_path / "runs/tracking/tensorboard" / folder.name / f"trial-{trial.trial}")
        )
        shown.Reload()
        accuracies = [(s.step, s.value) for s in shown.Scalars("validation/accuracy")]
        epochs = recorded.epochs_of(trial.trial)
        assert accuracies == [(e.epoch, pytest.approx(e.validation_accuracy)) for e in epochs]
        (strict,) = shown.Scalars("result/seconds_strict")
        assert (strict.step, strict.value) == (trial.trial, pytest.approx(trial.seconds["strict"]))
        assert abs(shown.Scalars("train/loss")[0].wall_time - time.time()) < 300
        assert any(tag.startswith("telemetry/") for tag in shown.Tags()["scalars"])


def test_json_lines_stay_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    status, output, errors = invoke(*small_run("--trials=1", "--epochs=1", "--json", "--track=tensorboard"))
    assert status == 0, errors
    events = [json.loads(line)["event"] for line in output.splitlines()]
    assert events == ["run", "epoch", "trial", "summary"]
    assert errors.startswith("tensorboard: look at it with")


def test_a_tracker_that_cannot_write_is_dropped_in_one_sentence_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    pytest.importorskip("wandb")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/tracking").touch()
    status, _, errors = invoke(*small_run("--trials=2", "--epochs=2", "--track=tensorboard", "--track=wandb"))
    assert status == 0
    lines = errors.splitlines()
    assert len(lines) == 2, "one for each tracker"
    assert lines[0].startswith(
        "dawnbench: warning: tensorboard was dropped and the run goes on (NotADirectoryError: "
    )
    assert lines[0].endswith("--format tensorboard` logs all of it")
    assert lines[1].startswith("dawnbench: warning: wandb was dropped")
    recorded = read_run(only_run(tmp_path))
    assert [trial.status for trial in recorded.trials] == ["finished"] * 2
    assert (recorded.folder / "log.md").exists()


def test_a_library_that_is_missing_is_told_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dawnbench.export.trackers.tracker.find_spec", lambda name: None)
    status, _, errors = invoke("run", "quickstart", "--track=mlflow", "--out", tmp_path / "runs")
    assert status == 2
    assert errors == "dawnbench: mlflow is not installed; pip install 'dawnbench[mlflow]'\n"
    assert not (tmp_path / "runs").exists()


def test_nothing_that_a_rule_counts_goes_by_while_a_tracker_works(tmp_path: Path) -> None:
    worked: list[tuple[int, int]] = []

    def slowly(name: str) -> None:
        began = time.perf_counter_ns()
        time.sleep(0.02)
        worked.append((began, time.perf_counter_ns()))

    fake = FakeTracker(slowly)
    observer = TrackingObserver(Display(), {"fake": fake}, clock=_Clock(step=HAND_OVER_SECONDS))
    recipe = replace(find_recipe(str(tmp_path / "tiny.py")), trials=2)
    folder = run(adapt(recipe, epochs=3), device="cpu", out=tmp_path, observer=observer)
    observer.finish()
    assert fake.names().count("log_epochs") > 2, "some are told within the trials"
    for trial in read_run(folder).trials:
        assert trial.began_ns is not None
        for segment in trial.segments:
            start = trial.began_ns + segment.start_ns
            overlap = [w for w in worked if w[0] < start + segment.length_ns and w[1] > start]
            assert not overlap or segment.name == "record"


class _Clock:
    """Goes on by a step with every look at it."""

    def __init__(self, step: float) -> None:
        self.now, self._step = 1000.0, step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def observed(folder: Path, fakes: dict[str, FakeTracker], clock: _Clock) -> TrackingObserver:
    """Return an observer that has heard that a run and its first trial began."""
    make_run(folder, (TRIAL,), ())
    observer = TrackingObserver(Display(), dict(fakes), clock=clock)
    observer.run_started(RUN, folder, 10)
    observer.trial_started(1, 7)
    return observer


def test_quick_epochs_are_told_when_the_trial_is_over(tmp_path: Path) -> None:
    fake = FakeTracker()
    observer = observed(tmp_path / "run", {"fake": fake}, _Clock(step=0.1))
    for number in range(1, 51):
        observer.epoch_ended(epoch(epoch=number))
    assert fake.names() == ["begin_run", "begin_trial"]
    observer.trial_ended(TRIAL)
    assert fake.names() == ["begin_run", "begin_trial", "log_epochs", "end_trial"]
    steps = [step for _, step, _ in fake.calls[2][1]]
    assert steps == list(range(1, 51))
    assert observer.finish() == ["fake: look"]
    assert fake.calls[-1] == ("finish", "finished")


def test_slow_epochs_are_told_in_time_but_take_no_more_than_a_hundredth(tmp_path: Path) -> None:
    clock = _Clock(step=0.0)

    def takes_a_second(name: str) -> None:
        clock.now += 1.0

    fake = FakeTracker(takes_a_second)
    observer = observed(tmp_path / "run", {"fake": fake}, clock)
    told_at = []
    for number in range(1, 301):
        clock.now += 2.0
        before = clock.now
        observer.epoch_ended(epoch(epoch=number))
        if clock.now > before:
            told_at.append(before)
    assert told_at[0] - 1002.0 == pytest.approx(HAND_OVER_SECONDS, abs=2)
    told = [step for name, what in fake.calls if name == "log_epochs" for _, step, _ in what]
    assert told == list(range(1, len(told) + 1)), "each of them once"
    apart = [after - before for before, after in pairwise(told_at)]
    assert len(apart) >= 4
    assert all(100 <= seconds <= 104 for seconds in apart)


def test_of_several_trackers_only_the_broken_one_is_dropped_and_told_nothing_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(name: str) -> None:
        if name == "begin_trial":
            raise RuntimeError("locked \x1b[31m\nby another")

    broken, whole = FakeTracker(breaks), FakeTracker()
    observer = observed(tmp_path / "run", {"broken": broken, "whole": whole}, _Clock(step=0.1))
    observer.epoch_ended(epoch())
    observer.trial_ended(TRIAL)
    assert observer.finish() == ["whole: look"]
    assert broken.names() == ["begin_run", "begin_trial"]
    assert whole.names()[-3:] == ["log_epochs", "end_trial", "finish"]
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "broken was dropped and the run goes on (RuntimeError: locked ?[31m)" in errors


def test_an_interrupt_is_no_tracker_that_fails(tmp_path: Path) -> None:
    def interrupts(name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observed(tmp_path / "run", {"fake": FakeTracker(interrupts)}, _Clock(step=0.1))
