"""Runs that were killed at some moment and are finished by another process, on a perceptron."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import dawnbench.campaigns.session as module
from dawnbench.campaigns import resume, run
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.engine.checkpoint import CHECKPOINT_NAME
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.step import TrainingStep
from dawnbench.errors import DawnbenchError
from dawnbench.export.dawnbench_entry import chosen_trial
from dawnbench.export.mlperf_timeline import timeline
from dawnbench.grace import interrupt
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.records.listed import read_listed
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import EpochRecord, RunRecord, TrialRecord
from dawnbench.records.store import RunWriter
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.charts.segments import segment_chart
from dawnbench.stats.trial_values import accuracies, spent_seconds
from tests.cli.conftest import TINY_RECIPE
from tests.records.examples import RUN

EPOCHS, TRIALS = 4, 3


class Snapshots(SilentObserver):
    """Copies the run folder after each event, as a kill at that moment would leave it."""

    def __init__(self, place: Path) -> None:
        self._place, self._folder = place, Path()
        self.taken: dict[str, Path] = {}

    def _take(self, name: str) -> None:
        self.taken[name] = Path(shutil.copytree(self._folder, self._place / name / self._folder.name))

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        self._folder = folder
        self._take("start")

    def trial_started(self, trial: int, seed: int) -> None:
        self._trial = trial

    def step(self, steps: int) -> None:
        if steps == 30:
            self._take(f"{self._trial} step {steps}")

    def epoch_ended(self, record: EpochRecord) -> None:
        self._take(f"{record.trial}.{record.epoch}")

    def trial_ended(self, record: TrialRecord) -> None:
        self._take(f"{record.trial} ended")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    tiny = find_recipe(str(folder / "tiny.py"))
    return replace(tiny, epochs=EPOCHS, trials=TRIALS, target=0.3)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Any:
    """Leave out the description of the model, and compute on one thread, whose sums have one order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "describe_model", lambda *_: RUN.model)
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Path]]:
    """Return a run with a checkpoint every second epoch, and its folder at each event."""
    place = tmp_path_factory.mktemp("whole")
    snapshots = Snapshots(place)
    folder = run(
        recipe,
        device="cpu",
        seed=7,
        out=place / "runs",
        observer=snapshots,
        save_model=True,
        checkpoint_every=2,
    )
    assert not (folder / CHECKPOINT_NAME).exists()
    return read_run(folder), snapshots.taken


@pytest.fixture
def killed(whole: tuple[Run, dict[str, Path]], tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives the folder of a run killed after an event."""

    def copy(event: str) -> Path:
        return Path(shutil.copytree(whole[1][event], tmp_path / whole[1][event].name))

    return copy


def figures(epoch: EpochRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in asdict(epoch).items()
        if name not in ("train_seconds", "evaluate_seconds", "energy_joules")
    }


def results(run: Run) -> tuple[list[Any], list[Any]]:
    """Return what of a run must not depend on a kill."""
    return (
        [(t.trial, t.seed, t.status, t.accuracy, t.epochs_to_target) for t in run.trials],
        [figures(epoch) for epoch in run.epochs],
    )


@pytest.mark.parametrize(
    ("event", "trial", "after"),
    [
        ("start", 1, 0),
        ("3 step 30", 3, 2),
        ("1.1", 1, 0),
        ("1.2", 1, 0),  # the epoch is recorded before its checkpoint is written
        ("1.3", 1, 2),
        ("1.4", 1, 2),
        ("1 ended", 2, 0),  # the checkpoint of the first trial is still there
        ("2.1", 2, 0),
        ("2.3", 2, 2),
        ("3.4", 3, 2),
        ("3 ended", None, 0),
    ],
)
def test_a_killed_run_comes_to_what_it_would_have_come_to(
    event: str,
    trial: int | None,
    after: int,
    killed: Callable[[str], Path],
    whole: tuple[Run, dict[str, Path]],
) -> None:
    folder = killed(event)
    before = {name: (folder / f"{name}.jsonl").read_bytes() for name in ("trials", "epochs", "telemetry")}
    assert resume(folder, ended=True) == folder
    ended = read_run(folder)
    assert results(ended) == results(whole[0])
    assert ended.record.status == "finished"
    assert not ended.warnings
    assert not (folder / CHECKPOINT_NAME).exists()
    assert (folder / "model.safetensors").exists()
    for name, content in before.items():
        assert (folder / f"{name}.jsonl").read_bytes().startswith(content)
    (resumption,) = ended.record.resumptions
    assert (resumption.trial, resumption.after_epochs) == (trial, after)
    assert [t.trial for t in ended.trials if t.resumed_after is not None] == [trial] * bool(after)


def test_a_resumed_trial_is_marked_and_has_no_times_but_an_accuracy(killed: Callable[[str], Path]) -> None:
    folder = resume(killed("2.3"), ended=True)
    run = read_run(folder)
    first, second, third = run.trials
    assert (first.resumed_after, second.resumed_after, third.resumed_after) == (None, 2, None)
    assert set(second.seconds.values()) == {None}
    assert "resumed from a checkpoint after epoch 2, so it has no times" in second.warnings
    (note,) = run.record.notes
    assert "trial 2 went on from its checkpoint after epoch 2, and has no times" in note
    series = trial_set_of(run)
    for rule in ("dawnbench", "strict"):
        spent = spent_seconds(series, rule)
        assert (len(spent.reached), spent.missed) == (2, ())
    assert len(accuracies(series)) == 3
    assert read_listed(folder).done == 3
    assert len(series.counting) == 3
    drawn = segment_chart(run, "dawnbench").trials
    assert [bar.label for bar in drawn] == ["trial 1", "trial 3"]
    assert chosen_trial(run, None, "dawnbench").trial != 2
    with pytest.raises(DawnbenchError, match=r"trial 2 .* was resumed, so it has no time"):
        chosen_trial(run, 2, "dawnbench")
    assert timeline(run, second) is None


def test_a_resumed_trial_that_misses_its_target_counts_no_time_as_spent(
    killed: Callable[[str], Path],
) -> None:
    folder = killed("2.3")
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"target": 1.0}))
    run = read_run(resume(folder, ended=True))
    assert run.trials[1].resumed_after == 2
    assert spent_seconds(trial_set_of(run), "dawnbench").missed == ()


def test_half_a_last_line_harms_nothing(
    killed: Callable[[str], Path], whole: tuple[Run, dict[str, Path]]
) -> None:
    folder = killed("2.3")
    for name in ("trials", "epochs", "telemetry"):
        with (folder / f"{name}.jsonl").open("a") as file:
            file.write('{"trial": 2, "ep')
    run = read_run(resume(folder, ended=True))
    assert results(run) == results(whole[0])
    assert [warning.partition(":")[0] for warning in run.warnings] == [
        "trials.jsonl, line 2",
        "epochs.jsonl, line 8",
    ]
    assert all("torn (the run was killed while writing it)" in warning for warning in run.warnings)


def test_a_run_that_is_killed_again_is_resumed_again(
    killed: Callable[[str], Path], whole: tuple[Run, dict[str, Path]], tmp_path: Path
) -> None:
    class Killed(Snapshots):
        def epoch_ended(self, record: EpochRecord) -> None:
            super().epoch_ended(record)
            if (record.trial, record.epoch) == (2, 1):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resume(killed("1.3"), ended=True, observer=Killed(tmp_path / "again"))
    (folder,) = (path for path in tmp_path.iterdir() if path.name != "again")
    (interrupted,) = (t for t in read_run(folder).trials if t.status == "interrupted")
    assert interrupted.trial == 2
    run = read_run(resume(folder))
    assert results(run) == results(whole[0])
    assert [one.trial for one in run.record.resumptions] == [1, 2]
    assert [t.resumed_after for t in run.trials] == [2, None, None]


def test_a_signal_waits_for_the_step_and_the_state_is_saved_in_the_middle_of_the_epoch(
    recipe: Recipe, whole: tuple[Run, dict[str, Path]], tmp_path: Path
) -> None:
    class Signalled(SilentObserver):
        def __init__(self) -> None:
            self.trial = 0

        def trial_started(self, trial: int, seed: int) -> None:
            self.trial = trial

        def step(self, steps: int) -> None:
            if (self.trial, steps) == (2, 16):
                interrupt("interrupted by SIGTERM")

    with pytest.raises(KeyboardInterrupt, match="interrupted by SIGTERM"):
        run(recipe, device="cpu", seed=7, out=tmp_path, observer=Signalled(), checkpoint_every=3)
    (folder,) = tmp_path.iterdir()
    stopped = read_run(folder)
    assert stopped.record.status == "interrupted"
    last = stopped.trials[-1]
    assert (last.trial, last.status) == (2, "interrupted")
    assert last.reason is not None
    assert last.reason.startswith(f"interrupted by SIGTERM; `dawnbench resume {folder.name}` goes on")
    assert last.segments[-1].name == "checkpoint"
    ended = read_run(resume(folder))
    assert results(ended) == results(whole[0])
    assert ended.trials[1].resumed_after == 1


def test_a_signal_during_the_last_epoch_lets_the_trial_end(recipe: Recipe, tmp_path: Path) -> None:
    class Signalled(SilentObserver):
        def step(self, steps: int) -> None:
            if steps == 11 * EPOCHS:
                interrupt("interrupted by SIGTERM")

    with pytest.raises(KeyboardInterrupt, match="interrupted by SIGTERM"):
        run(recipe, device="cpu", seed=7, out=tmp_path, observer=Signalled(), checkpoint_every=3)
    (folder,) = tmp_path.iterdir()
    assert [(t.trial, t.status) for t in read_run(folder).trials] == [(1, "finished")]
    assert not (folder / CHECKPOINT_NAME).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "finished"}, "is finished; start a new run"),
        ({"status": "running"}, "still goes on, as far as this machine can tell"),
        ({"pairing": {"campaign": "c0ffee", "side": "A"}}, "one side of `dawnbench ab`"),
        ({"devices": 2}, "on 2 devices; resume it by `torchrun --nproc-per-node 2 -m dawnbench resume"),
        ({"recipe_digest": "ab" * 32}, "its recipe means something else"),
        ({"device": "cuda:9"}, "cuda:9"),
    ],
)
def test_what_cannot_be_resumed_is_refused_and_left_alone(
    killed: Callable[[str], Path], changes: dict[str, Any], sentence: str
) -> None:
    folder = killed("2.3")
    record = json.loads((folder / "run.json").read_text()) | {"status": "interrupted"} | changes
    (folder / "run.json").write_text(json.dumps(record))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DawnbenchError, match=sentence):
        resume(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_other_data_is_refused(killed: Callable[[str], Path]) -> None:
    folder = killed("2.1")
    record = json.loads((folder / "run.json").read_text())
    record["data"]["fingerprint"] = "ef" * 32
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(DawnbenchError, match=r"its fingerprint is .*, the run's efefefefefef"):
        resume(folder, ended=True)


def test_trials_on_another_machine_have_no_times_and_a_note_says_so(killed: Callable[[str], Path]) -> None:
    folder = killed("2.1")
    record = json.loads((folder / "run.json").read_text())
    record["environment"]["packages"]["torch"] = "1.13"
    (folder / "run.json").write_text(json.dumps(record | {"device_name": "Another CPU"}))
    run = read_run(resume(folder, ended=True))
    assert [set(t.seconds.values()) == {None} for t in run.trials] == [False, True, True]
    notes = " ".join(run.record.notes)
    assert "while the run began on Another CPU: the trials from 2 on have no times" in notes
    assert "while the run began with torch 1.13" in notes


class Payload:
    """Makes a file if it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_checkpoint_that_would_run_code_runs_none(killed: Callable[[str], Path], tmp_path: Path) -> None:
    folder, trace = killed("2.3"), tmp_path / "trace"
    torch.save({"version": 1, "state": Payload(trace)}, folder / CHECKPOINT_NAME)
    with pytest.raises(DawnbenchError, match=f"{CHECKPOINT_NAME} cannot be used: .*; delete it to start"):
        resume(folder, ended=True)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_named(killed: Callable[[str], Path], content: bytes) -> None:
    folder = killed("2.3")
    (folder / CHECKPOINT_NAME).write_bytes(content)
    with pytest.raises(DawnbenchError, match=f"{CHECKPOINT_NAME} cannot be used"):
        resume(folder, ended=True)


@pytest.mark.parametrize("name", [CHECKPOINT_NAME, "epochs.jsonl", "run.json"])
def test_no_link_leads_out_of_the_folder(killed: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    folder, outside = killed("2.3"), tmp_path / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    before = outside.read_bytes()
    with pytest.raises(DawnbenchError, match=f"{name} is a link"):
        resume(folder, ended=True)
    assert outside.read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused(killed: Callable[[str], Path]) -> None:
    folder = killed("2.3")
    saved = torch.load(folder / CHECKPOINT_NAME, weights_only=True)
    torch.save(saved | {"seed": 99}, folder / CHECKPOINT_NAME)
    with pytest.raises(DawnbenchError, match="is not of this run"):
        resume(folder, ended=True)


def test_a_folder_without_a_run_json_says_what_to_do(killed: Callable[[str], Path]) -> None:
    folder = killed("start")
    (folder / "run.json").unlink()
    with pytest.raises(DawnbenchError, match="killed before it recorded what it runs; start a new run"):
        resume(folder)


def test_a_gpu_that_falls_off_the_bus_ends_in_a_sentence_and_a_readable_folder(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA")
    trained = TrainingStep.__call__
    steps: list[int] = []

    def step(self: TrainingStep, count: int, size: int) -> None:
        steps.append(count)
        if len(steps) > 60:
            for name in ("synchronize", "elapsed_ns", "mark"):
                monkeypatch.setattr(CpuDevice, name, refuse)
            refuse()
        trained(self, count, size)

    def refuse(*_: Any) -> Any:
        raise lost

    monkeypatch.setattr(TrainingStep, "__call__", step)
    with pytest.raises(DawnbenchError, match=r"stopped working \(CUDA error: unspecified launch failure\)"):
        run(recipe, device="cpu", out=tmp_path, checkpoint_every=1)
    monkeypatch.undo()
    (folder,) = tmp_path.iterdir()
    left = read_run(folder)
    assert (left.record.status, [t.status for t in left.trials]) == ("failed", ["finished", "failed"])
    assert left.trials[1].reason == "CUDA error: unspecified launch failure"
    assert not left.warnings
    ended = read_run(resume(folder))
    assert [t.status for t in ended.trials] == ["finished"] * 3


def test_a_file_system_without_locks_is_good_enough(
    recipe: Recipe, whole: tuple[Run, dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a network file system without a lock daemon, which has no links either."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    class Stopped(SilentObserver):
        def trial_ended(self, record: TrialRecord) -> None:
            raise KeyboardInterrupt

    for owner, name in ((fcntl, "flock"), (fcntl, "lockf"), (os, "link"), (os, "symlink")):
        monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, device="cpu", seed=7, out=tmp_path, observer=Stopped(), checkpoint_every=2)
    (folder,) = tmp_path.iterdir()
    assert results(read_run(resume(folder))) == results(whole[0])


def test_two_processes_do_not_resume_one_run(killed: Callable[[str], Path]) -> None:
    folder = killed("2.3")
    writer = RunWriter.reopen(folder)
    with pytest.raises(DawnbenchError, match="another process is resuming"):
        resume(folder, ended=True)
    writer.close("interrupted")
    resume(folder, ended=True)


def test_a_run_that_was_resumed_while_another_process_prepared_to_is_left_alone(
    killed: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = killed("2.3")
    check = module.Session.check_continues

    def meanwhile(self: module.Session, record: RunRecord) -> None:
        check(self, record)
        monkeypatch.undo()
        resume(folder, ended=True)

    monkeypatch.setattr(module.Session, "check_continues", meanwhile)
    with pytest.raises(DawnbenchError, match="another process has resumed"):
        resume(folder, ended=True)
    assert len((folder / "trials.jsonl").read_text().splitlines()) == TRIALS


def test_a_file_system_that_goes_away_ends_the_run_in_a_sentence(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(SilentObserver):
        def epoch_ended(self, record: EpochRecord) -> None:
            monkeypatch.setattr(os.path, "samestat", stale)

    def stale(*_: Any) -> bool:
        raise OSError(errno.ESTALE, "Stale file handle")

    with pytest.raises(DawnbenchError, match=r"the run folder .* was deleted or moved"):
        run(recipe, device="cpu", seed=7, out=tmp_path, observer=Gone())
    monkeypatch.undo()
    (folder,) = tmp_path.iterdir()
    assert len(read_run(folder).epochs) == 1
