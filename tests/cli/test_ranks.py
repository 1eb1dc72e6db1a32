"""One trial in two processes: what they print, leave behind and exit with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dawnbench.cli.exit_codes import MISSED
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import BY_TORCHRUN, TINY_RECIPE, Finished, only_run, process_in, small_run

ROOT = Path(__file__).parents[2]


def two_processes(python: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the command as `--gpus 2` does, in an empty folder."""
    (folder / "tiny.py").write_text(TINY_RECIPE)
    return subprocess.Popen(
        [python, "-c", BY_TORCHRUN, *small_run("--device=cpu", *arguments)],
        cwd=folder,
        env=os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def together(warm: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Run]:
    """Ten trials that miss their target, in JSON lines."""
    folder = tmp_path_factory.mktemp("together")
    limits = ("--epochs=2", "--target=0.999999", "--require-target", "--json", "--save-model")
    process = two_processes(warm, folder, "--trials=auto", "--until=1%", "--max-trials=10", *limits)
    out, err = process.communicate(timeout=240)
    assert process.returncode == MISSED, err
    return Finished(process.args, process.returncode, out, err), read_run(only_run(folder))


def test_one_folder_says_that_two_devices_trained_each_trial(together: tuple[Finished, Run]) -> None:
    _, run = together
    assert (run.record.devices, run.record.nodes, run.record.status) == (2, 1, "finished")
    assert [(t.trial, t.status) for t in run.trials] == [(n, "finished") for n in range(1, 11)]
    assert len(run.epochs) == 20
    assert run.record.stopping is not None
    assert run.record.stopping.ended == "no times"  # decided by rank 0 for both
    assert (run.folder / "model.safetensors").is_file()
    assert (run.folder / "log.md").is_file()


def test_rank_0_speaks_for_both_and_its_exit_code_is_that_of_the_command(
    together: tuple[Finished, Run],
) -> None:
    finished, _ = together
    events = [json.loads(line)["event"] for line in finished.stdout.splitlines()]
    assert events.count("run") == events.count("summary") == 1
    assert events.count("trial") == 10
    assert finished.returncode == MISSED
    assert "Traceback" not in finished.stderr


def test_the_slowest_ranks_times_are_beside_those_of_the_first(together: tuple[Finished, Run]) -> None:
    for epoch in together[1].epochs:
        assert epoch.train_seconds is not None
        assert epoch.slowest_train_seconds is not None
        assert epoch.slowest_train_seconds >= epoch.train_seconds > 0
        assert epoch.train_images == 1408  # every image of the batches once, whoever trained on it
        assert epoch.validation_images == 360


def started(process: subprocess.Popen[str], folder: Path) -> dict[int, psutil.Process]:
    """Wait until a trial is under way and return the two processes by rank."""
    epochs = None
    while epochs is None or not epochs.read_bytes():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
        epochs = next(folder.glob("runs/*/epochs.jsonl"), None)
    below = psutil.Process(process.pid).children(recursive=True)
    return {int(one.environ()["RANK"]): one for one in below if "RANK" in one.environ()}


ENDINGS: dict[str, tuple[Callable[[dict[int, psutil.Process]], None], set[str], str]] = {
    # Whichever comes first: the broken connection, or torchrun's signal.
    "a killed rank": (lambda ranks: ranks[1].kill(), {"failed", "interrupted"}, "another rank ended"),
    "ctrl-C": (
        lambda ranks: [one.send_signal(signal.SIGINT) for one in ranks.values()],  # type: ignore[dict-item]
        {"interrupted"},
        "interrupted from the keyboard",
    ),
}


@pytest.mark.slow
def test_a_run_of_two_devices_is_resumed_by_two_processes(warm: str, tmp_path: Path) -> None:
    process = two_processes(warm, tmp_path, "--trials=3", "--epochs=2")
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    folder = only_run(tmp_path)
    kept = (folder / "trials.jsonl").read_text().splitlines(keepends=True)[:2]
    (folder / "trials.jsonl").write_text("".join(kept))
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"status": "interrupted"}))

    resumed = process_in(tmp_path, warm)("resume", str(folder), "--recipe=tiny.py")
    assert resumed.returncode == 0, resumed.stderr
    run = read_run(folder)
    assert (run.record.devices, run.record.status) == (2, "finished")
    assert [(trial.trial, trial.status) for trial in run.trials] == [(n, "finished") for n in (1, 2, 3)]
    assert (folder / "trials.jsonl").read_text().startswith("".join(kept))
    assert all(epoch.slowest_train_seconds is not None for epoch in run.epochs_of(3))


@pytest.mark.slow
def test_a_run_of_two_devices_that_is_told_to_stop_goes_on_from_its_checkpoint(
    warm: str, tmp_path: Path
) -> None:
    process = two_processes(warm, tmp_path, "--trials=1", "--epochs=40", "--checkpoint-every=100")
    started(process, tmp_path)
    process.terminate()
    _, err = process.communicate(timeout=120)
    folder = only_run(tmp_path)
    (trial,) = read_run(folder).trials
    assert trial.status == "interrupted", err
    assert trial.reason is not None
    assert trial.reason.endswith(f"`dawnbench resume {folder.name}` goes on from its checkpoint")
    assert (folder / "checkpoint.pt").is_file()

    resumed = process_in(tmp_path, warm)("resume", str(folder), "--recipe=tiny.py")
    assert resumed.returncode == 0, resumed.stderr
    run = read_run(folder)
    (trial,) = run.trials
    assert (run.record.devices, trial.status) == (2, "finished")
    assert trial.resumed_after is not None
    assert trial.resumed_after >= 1
    assert [epoch.epoch for epoch in run.epochs] == list(range(1, 41))
    assert not (folder / "checkpoint.pt").exists()


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_ends_early_leaves_a_sentence_and_a_readable_folder(ending: str, tmp_path: Path) -> None:
    end, statuses, reason = ENDINGS[ending]
    process = two_processes(sys.executable, tmp_path, "--epochs=100000")
    end(started(process, tmp_path))
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    run = read_run(only_run(tmp_path))
    assert run.record.status in statuses
    (trial,) = run.trials
    assert trial.status in statuses
    assert trial.reason is not None
    assert reason in trial.reason
    assert len(run.epochs) >= 1
    assert err.count("dawnbench: ") == (1 if trial.status == "failed" else 0) or "ended early" in err


RANK_1 = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}


@pytest.fixture
def as_rank(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def become(rank: int) -> None:
        for name, value in (RANK_1 | {"RANK": str(rank), "GROUP_WORLD_SIZE": "1"}).items():
            monkeypatch.setenv(name, value)

    return become


def test_another_verb_by_torchrun_is_refused_in_one_sentence(
    as_rank: Callable[[int], None], dawnbench: Callable[..., Finished]
) -> None:
    as_rank(0)
    first = dawnbench("ab", "quickstart", "quickstart")
    assert (first.returncode, first.stdout) == (2, "")
    assert first.stderr == (
        "dawnbench: only `dawnbench run` and `resume` train one trial in several processes; start "
        "`dawnbench ab` without torchrun\n"
    )
    as_rank(1)
    second = dawnbench("ab", "quickstart", "quickstart")
    assert (second.returncode, second.stdout, second.stderr) == (2, "", "")


def test_a_series_is_refused_and_a_later_rank_says_who_it_is(
    as_rank: Callable[[int], None], dawnbench: Callable[..., Finished]
) -> None:
    as_rank(1)
    result = dawnbench("run", "mnist-ladder")
    assert result.returncode == 2
    assert result.stderr.startswith("dawnbench: rank 1: mnist-ladder is a series")


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("cpu", "--gpus=2 takes that many NVIDIA GPUs, so it does not go with --device cpu"),
        ("auto", "and this machine has 0; several processes on a CPU: torchrun --nproc-per-node 2"),
    ],
)
def test_gpus_that_are_not_there_are_refused(
    device: str, sentence: str, dawnbench: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    result = dawnbench(*small_run("--gpus=2", f"--device={device}"))
    assert result.returncode == 2
    assert sentence in result.stderr


def test_one_gpu_needs_no_torchrun(dawnbench: Callable[..., Finished], tmp_path: Path) -> None:
    result = dawnbench(*small_run("--gpus=1", "--device=cpu", "--trials=1", "--epochs=1"))
    assert result.returncode == 0, result.stderr
    assert read_run(only_run(tmp_path)).record.devices == 1


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"WORLD_SIZE": "many"}, "WORLD_SIZE='many' is not a whole number from 1"),
        ({"RANK": "2"}, "RANK=2 of WORLD_SIZE=2"),
    ],
)
def test_variables_that_torchrun_did_not_set_are_refused(
    variables: dict[str, str],
    sentence: str,
    as_rank: Callable[[int], None],
    dawnbench: Callable[..., Finished],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_rank(0)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = dawnbench("run", "quickstart")
    assert result.returncode == 2
    assert sentence in result.stderr
