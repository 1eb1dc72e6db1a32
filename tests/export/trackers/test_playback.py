from __future__ import annotations

from dataclasses import replace

from dawnbench.export.trackers.metrics import MAX_POINTS
from dawnbench.export.trackers.playback import play
from dawnbench.export.trackers.tracker import Tracker
from dawnbench.records.reader import Run
from tests.export.trackers.conftest import FOLDER
from tests.export.trackers.fake import FakeTracker


def test_a_run_is_told_as_it_went_on(run: Run) -> None:
    fake = FakeTracker()
    tracker: Tracker = fake
    assert play(run, tracker) == "look"
    trial = ["begin_trial", "log_epochs", "end_trial"]
    assert fake.names() == ["begin_run", *trial, *trial, "log_telemetry", "log_telemetry", "finish"]
    assert fake.calls[0][1].name == FOLDER
    assert [(facts.number, facts.seed) for name, facts in fake.calls if name == "begin_trial"] == [
        (1, 0),
        (2, 1),
    ]
    assert [what for name, what in fake.calls if name == "end_trial"] == [(1, "finished"), (2, "diverged")]
    assert all(0 < what[1] <= MAX_POINTS for name, what in fake.calls if name == "log_telemetry")
    assert fake.calls[-1] == ("finish", "finished")
    times = [at for name, what in fake.calls if name == "log_epochs" for _, _, at in what]
    assert times == sorted(times)


def test_a_killed_run_is_told_as_far_as_it_came(run: Run) -> None:
    fake = FakeTracker()
    killed = replace(run, record=replace(run.record, status="running"), trials=run.trials[:1])
    play(killed, fake)
    assert fake.names()[4:] == ["begin_trial", "log_epochs", "log_telemetry", "finish"]
    assert [what for name, what in fake.calls if name == "end_trial"] == [(1, "finished")]
    assert fake.calls[4][1].seed == 1
    assert fake.calls[-1] == ("finish", "running")


def test_a_run_without_trials_is_only_begun_and_finished(run: Run) -> None:
    fake = FakeTracker()
    play(replace(run, trials=(), epochs=()), fake)
    assert fake.names() == ["begin_run", "finish"]
