"""Whole runs, most in processes of their own: what they print, leave behind and exit with."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from itertools import groupby
from pathlib import Path

import pytest

from dawnbench.cli.signals import MEANT_TO_STOP
from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.report.display.display import Display
from tests.cli.conftest import TINY_RECIPE, Finished, full_disk, only_run, process_in, small_run
from tests.cli.made_runs import invoke
from tests.records.folders import make_run

ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Run]:
    """Two trials in a process of their own, started cold, whose output goes into a pipe."""
    folder = tmp_path_factory.mktemp("piped")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    tags = ("--tag=branch=main", "--tag=note=*a* b")
    notes = ("--note=a backup ran", "--note=the window was open")
    arguments = small_run("--trials=2", "--epochs=2", "--seed=5", "--target=0.01", *tags, *notes)
    result = process_in(folder)(*arguments)
    assert result.returncode == 0, result.stderr
    return result, read_run(only_run(folder))


def test_a_run_in_a_pipe_prints_the_log_table_and_leaves_a_whole_run_folder(
    piped: tuple[Finished, Run],
) -> None:
    result, run = piped
    assert ESCAPE not in result.stdout
    header = (
        "| Epoch | LR       | Time        | TrainLoss | TrainCorrect | TrainAcc | ValLoss  | ValCorrect |"
    )
    assert result.stdout.startswith(
        "note: 2 trials cannot show which of two runs is faster; that takes --trials 5\n"
    )
    assert result.stdout.count(header) == 2
    assert str(run.folder.name) in result.stdout
    assert [(t.trial, t.seed, t.status) for t in run.trials] == [(1, 5, "finished"), (2, 6, "finished")]
    assert [(e.trial, e.epoch) for e in run.epochs] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert run.record.status == "finished"
    assert run.record.tags == {"branch": "main", "note": "*a* b"}
    assert run.record.notes[-2:] == ("a backup ran", "the window was open")
    assert run.record.command[:3] == ("dawnbench", "run", "tiny.py")
    log = (run.folder / "log.md").read_text()
    assert header in log
    assert "| 3 (Linear) " in log


def test_a_ledger_accounts_for_the_trial_and_the_rules_differ_as_they_should(
    piped: tuple[Finished, Run],
) -> None:
    trial = piped[1].trials[0]
    names = [segment.name for segment in trial.segments]
    begin = names.index("to_device")
    setup = [name for name, _ in groupby(names[:begin])]
    assert setup == ["startup", "load", "record", "build", "record", "compile"]
    assert names[begin : begin + 3] == ["to_device", "reset", "init"]
    epochs = names[begin + 3 :]
    assert epochs == ["train", "evaluate", "record", "train", "final_evaluate", "record"]
    within = sum(segment.length_ns for segment in trial.segments[begin:]) / 1e9
    assert within == pytest.approx(trial.wall_seconds, rel=0.1)
    assert trial.epochs_to_target == 1
    seconds = trial.seconds
    assert seconds["dawnbench"] < seconds["airbench"] <= seconds["strict"]
    assert seconds["cold"] > seconds["dawnbench"]


def test_json_lines_tell_the_run_the_epochs_and_the_trials(dawnbench: Callable[..., Finished]) -> None:
    result = dawnbench(*small_run("--trials=1", "--epochs=2", "--json"))
    assert result.returncode == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events] == ["run", "epoch", "epoch", "trial", "summary"]
    assert events[0]["recipe"]["model"]["width"] == 16
    assert events[3]["accuracy"] == events[2]["validation_correct"] / events[2]["validation_images"]


def test_a_run_ends_with_its_mean_the_next_commands_and_its_target(piped: tuple[Finished, Run]) -> None:
    result, run = piped
    folder = f"runs/{run.folder.name}"
    assert result.stdout.splitlines()[-5:] == [
        f"{folder}/log.md",
        "next:",
        f"  dawnbench show {folder}",
        f"  dawnbench report {folder}",
        "target of 1.00 % reached by 2 of 2 trials",
    ]
    mean = sum(trial.seconds["dawnbench"] for trial in run.trials) / 2
    assert f"reached 1.00 % in {mean:.3f} s under the dawnbench rule (mean of 2 trials" in result.stdout


@pytest.mark.parametrize(("target", "code", "says"), [("0.01", 0, "reached by"), ("0.999", 4, "MISSED by")])
def test_a_required_target_decides_the_exit_code_and_the_last_line_tells(
    dawnbench: Callable[..., Finished], target: str, code: int, says: str
) -> None:
    arguments = small_run("--trials=1", "--epochs=1", f"--target={target}")
    required = dawnbench(*arguments, "--require-target")
    assert required.returncode == code
    assert says in required.stdout.splitlines()[-1]
    as_json = dawnbench(*arguments, "--json")
    assert as_json.returncode == 0
    assert json.loads(as_json.stdout.splitlines()[-1])["target_reached"] == (code == 0)


def test_a_required_target_does_not_hide_a_divergence(dawnbench: Callable[..., Finished]) -> None:
    rates = "--set=schedule.rates=[1e30,1e30,1e30]"
    assert dawnbench(*small_run("--trials=1", "--epochs=4", rates, "--require-target")).returncode == 3


def test_the_same_seed_gives_the_same_numbers_in_another_process(
    dawnbench: Callable[..., Finished], piped: tuple[Finished, Run]
) -> None:
    result = dawnbench(*small_run("--trials=2", "--epochs=2", "--seed=5", "--json"))
    events = [json.loads(line) for line in result.stdout.splitlines()]
    names = ("trial", "train_loss", "validation_loss", "train_correct")
    here = [tuple(event[name] for name in names) for event in events if event["event"] == "epoch"]
    there = [tuple(getattr(epoch, name) for name in names) for epoch in piped[1].epochs]
    assert here == there
    assert here[0][1:] != here[2][1:]  # the trials' seeds differ


@pytest.mark.slow
def test_in_a_terminal_of_80_columns_the_table_grows_above_a_bar(command: list[str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "CI")}
    process = subprocess.Popen(
        [*command, *small_run("--trials=1", "--epochs=150")],
        cwd=tmp_path,
        env=environment | {"TERM": "xterm-256color"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = _read_all(ours)
    assert process.wait() == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    lines = [line for line in re.split(r"[\r\n]+", plain) if line]
    assert max(len(line) for line in lines) <= 80
    assert ESCAPE in shown
    assert re.search(r"trial 1/1 epoch \d+/150 .* \d+/1650 steps .* left", plain)
    rows = [line.split() for line in lines if re.match(r"\s+\d+  0\.", line)]
    assert [row[0] for row in rows] == [str(epoch) for epoch in range(1, 151)]
    summary = plain[plain.index("time under each rule") :]
    for word in ("dawnbench", "airbench", "strict", "cold", "accuracy"):
        assert word in summary
    assert only_run(tmp_path).name in summary.replace("\r\n", "")
    assert lines[-1].startswith("target of 97.00 % ")


def _read_all(file: int) -> str:
    chunks = []
    while True:
        try:
            chunk = os.read(file, 65536)
        except OSError:  # how Linux says that the other end is closed
            chunk = b""
        if not chunk:
            return b"".join(chunks).decode()
        chunks.append(chunk)


def _started(command: list[str], folder: Path, epochs_seen: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*command, *small_run("--trials=2", "--epochs=4000")],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    while epochs_seen:
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        epochs_seen -= bool(re.match(r"\| \d", line))
    return process


@pytest.mark.slow
def test_sigterm_from_outside_ends_the_process_with_130(command: list[str], tmp_path: Path) -> None:
    process = _started(command, tmp_path, epochs_seen=2)
    for number in (signal.SIGTERM, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.02)  # two at once are one to Python
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    _check_interrupted(tmp_path, errors, "interrupted by SIGTERM")


@pytest.mark.parametrize(
    ("signals", "reason"),
    [
        ([signal.SIGINT], "interrupted from the keyboard"),
        ([signal.SIGHUP, signal.SIGINT], "interrupted by SIGHUP"),
    ],
)
def test_what_is_meant_to_stop_a_run_records_the_trial_and_exits_130(
    dawnbench: Callable[..., Finished], tmp_path: Path, signals: list[signal.Signals], reason: str
) -> None:
    with _sent_to_this_process(signals, tmp_path, epochs_seen=2):
        result = dawnbench(*small_run("--trials=2", "--epochs=4000"))
    assert result.returncode == 130
    _check_interrupted(tmp_path, result.stderr, reason)


@contextmanager
def _sent_to_this_process(signals: list[signal.Signals], folder: Path, epochs_seen: int) -> Iterator[None]:
    """Send signals once a run below `folder` has recorded a few epochs, and put their handlers back."""
    before = {number: signal.getsignal(number) for number in MEANT_TO_STOP}
    over = threading.Event()

    def send() -> None:
        while sum(path.read_text().count("\n") for path in folder.glob("runs/*/epochs.jsonl")) < epochs_seen:
            if over.wait(0.01):
                return
        for number in signals:
            os.kill(os.getpid(), number)
            time.sleep(0.02)  # two at once are one to Python

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_interrupted(folder: Path, errors: str, reason: str) -> None:
    assert "Traceback" not in errors
    run = read_run(only_run(folder))
    assert run.record.status == "interrupted"
    (trial,) = run.trials
    assert (trial.status, trial.reason, trial.accuracy) == ("interrupted", reason, None)
    assert len(run.epochs) >= 2
    assert trial.seconds["strict"] is None
    assert "interrupted" in (run.folder / "log.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirected", "said"),
    [
        (
            "--json | head -1",
            r"dawnbench: output can no longer be written.*\(Broken pipe\); the run goes on.*\n",
        ),
        (">&- 2>&-", ""),
    ],
)
def test_a_run_whose_output_nobody_takes_goes_on_to_its_end(
    command: list[str], tmp_path: Path, redirected: str, said: str
) -> None:
    run = " ".join([*command, *map(_quoted, small_run("--trials=1", "--epochs=30"))])
    result = subprocess.run(
        ["bash", "-c", f"{run} {redirected}; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0
    assert re.fullmatch(said, result.stderr)
    recorded = read_run(only_run(tmp_path))
    assert (recorded.record.status, len(recorded.epochs)) == ("finished", 30)
    assert (recorded.folder / "log.md").exists()


@pytest.mark.slow
def test_what_a_killed_run_had_appended_can_be_read_and_logged(
    command: list[str], dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    process = _started(command, tmp_path, epochs_seen=2)
    writer = read_run(only_run(tmp_path)).record.process
    assert writer is not None
    os.kill(writer.pid, signal.SIGKILL)  # which `process` may only stand in for
    process.communicate(timeout=60)
    run = read_run(only_run(tmp_path))
    assert run.record.status == "died"
    assert len(run.epochs) >= 2
    result = dawnbench("log", str(run.folder))
    assert result.returncode == 0, result.stderr
    assert "Trial 1 (broken off)" in (run.folder / "log.md").read_text()


def test_a_diverged_trial_is_recorded_the_run_goes_on_and_exits_3(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    result = dawnbench(*small_run("--trials=2", "--epochs=4", "--set=schedule.rates=[1e30,1e30,1e30]"))
    assert result.returncode == 3
    assert "diverged: the training loss was nan" in result.stdout
    run = read_run(only_run(tmp_path))
    assert [trial.status for trial in run.trials] == ["diverged", "diverged"]
    assert run.record.status == "finished"
    assert all(trial.accuracy is None for trial in run.trials)


def test_a_full_disk_is_one_sentence_and_keeps_what_was_recorded(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    with full_disk(20):
        result = dawnbench(*small_run("--epochs=4000"))
    assert result.returncode == 2
    assert re.search(r"dawnbench: cannot write .*\.jsonl: File too large; make room", result.stderr)
    assert "Traceback" not in result.stderr
    run = read_run(only_run(tmp_path))
    assert len(run.epochs) > 10
    assert (run.record.status, run.warnings) == ("failed", ())


def test_the_first_failure_is_told_and_not_that_of_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object, observer: Display, **__: object) -> None:
        folder = make_run(tmp_path / "run", (), ())
        observer.run_started(read_run(folder).record, folder, 10)
        raise DawnbenchError("cannot write epochs.jsonl")

    def cannot(*_: object) -> None:
        raise DawnbenchError("cannot write log.md")

    monkeypatch.setattr("dawnbench.campaigns.run", fails)
    monkeypatch.setattr("dawnbench.report.text.log.write_log", cannot)
    code, _, errors = invoke("run", "quickstart", "--out", tmp_path)
    assert (code, errors) == (2, "dawnbench: cannot write epochs.jsonl\n")


def test_events_of_a_run_that_fails_end_with_its_summary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object, observer: Display, **__: object) -> None:
        folder = make_run(tmp_path / "run", (), (), status="failed")
        observer.run_started(read_run(folder).record, folder, 10)
        raise DawnbenchError("cannot write epochs.jsonl")

    monkeypatch.setattr("dawnbench.campaigns.run", fails)
    code, output, _ = invoke("run", "quickstart", "--json", "--out", tmp_path)
    assert code == 2
    last = json.loads(output.splitlines()[-1])
    assert (last["event"], last["status"], last["trials"]) == ("summary", "failed", 0)
    assert last["target_reached"] is False


def _quoted(argument: str) -> str:
    return f"'{argument}'"


def test_a_users_own_recipe_file_runs_by_its_path_and_takes_overrides(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    result = dawnbench("run", "tiny.py", "--trials=1", "--epochs=3", "--set=model.width=32")
    assert result.returncode == 0, result.stderr
    run = read_run(only_run(tmp_path))
    assert run.record.recipe["model"] == {"kind": "perceptron", "width": 32}
    assert run.record.model.parameters == 64 * 32 + 32 + 32 * 10 + 10
    assert run.trials[0].accuracy is not None
    assert run.trials[0].accuracy > 0.5


def test_a_recipe_file_that_ends_the_process_does_not_end_the_command_with_its_code(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(7)\n")
    result = dawnbench("run", "exits.py")
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "dawnbench: exits.py cannot be run: line 2: it exits the process (exit code 7); a recipe file "
        "must only define `recipe`"
    ]


@pytest.mark.slow
def test_quickstart_reaches_97_percent(dawnbench: Callable[..., Finished], tmp_path: Path) -> None:
    began = time.monotonic()
    result = dawnbench("run", "quickstart", "--trials=1")
    assert result.returncode == 0, result.stderr
    run = read_run(only_run(tmp_path))
    assert "| head (Linear) " in (run.folder / "log.md").read_text()
    (trial,) = run.trials
    assert trial.accuracy >= 0.97
    assert trial.epochs_to_target is not None
    assert trial.seconds["dawnbench"] < time.monotonic() - began
    samples = [json.loads(line) for line in (run.folder / "telemetry.jsonl").read_text().splitlines()]
    within = [s for s in samples if 0 <= s["t_ns"] - (trial.began_ns or 0) <= trial.wall_seconds * 1e9]
    assert len(within) > 10 * trial.wall_seconds, "sampled at 20 Hz, give or take what a busy machine skips"
    assert all(sample["process_memory"] > 0 for sample in within)


@pytest.mark.slow
@pytest.mark.real_data
def test_davidnet_learns_the_real_cifar10(
    dawnbench: Callable[..., Finished], real_data: Path, tmp_path: Path
) -> None:
    narrow = ("--set=model.widths=[16,16,16,16]", "--epochs=1", "--set=schedule.rates=[0.1,0.4,0]")
    result = dawnbench("run", "davidnet", *narrow)
    assert result.returncode == 0, result.stderr
    run = read_run(only_run(tmp_path))
    assert (run.record.data.train_images, run.record.data.validation_images) == (50_000, 10_000)
    (epoch,) = run.epochs
    assert epoch.train_images == 97 * 512
    assert epoch.validation_accuracy > 0.3


@pytest.mark.parametrize(
    "verb", [("run", "tiny.py"), ("ab", "tiny.py", "tiny.py"), ("scale", "tiny.py", "--batch=8")]
)
def test_a_tag_without_a_value_is_refused_before_anything_runs(
    verb: tuple[str, ...], dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    result = dawnbench(*verb, "--tag", "main")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "dawnbench: the tag 'main' has no value; write KEY=VALUE, such as branch=main\n"
    assert not (tmp_path / "runs").exists()
