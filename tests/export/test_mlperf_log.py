"""Check logs with the package's own compliance checker and our rule file for CIFAR-10."""

from __future__ import annotations

import builtins
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export.mlperf_log import mlperf_log, rules_text
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import DataRecord
from tests.cli.made_runs import HOSTILE
from tests.records.full_runs import full_run

Events = list[dict[str, Any]]
TOKEN = ":::MLLOG "


def opened(folder: Path, **changes: Any) -> Run:
    return read_run(full_run(folder / "run", **{"trials": 2, "epochs": 5, "hertz": 0, **changes}))


def log_of(run: Run, number: int = 1) -> str:
    text = mlperf_log(run, run.trials[number - 1], "Ada & Co")
    assert text is not None
    return text


def events(text: str) -> Events:
    assert all(line.startswith(TOKEN) for line in text.splitlines())
    return [json.loads(line.removeprefix(TOKEN)) for line in text.splitlines()]


def only(found: Events, key: str) -> dict[str, Any]:
    (event,) = (event for event in found if event["key"] == key)
    return event


def accepts(text: str, tmp_path: Path) -> bool:
    """Return what the package's checker says of a log, warnings being errors."""
    from mlperf_logging.compliance_checker import mlp_compliance  # type: ignore[import-untyped]

    (tmp_path / "cifar10.yaml").write_text(rules_text())
    (tmp_path / "result_0.txt").write_text(text)
    checker = mlp_compliance.make_checker("training", "6.1.0", quiet=False, werror=True)
    config = str((tmp_path / "cifar10.yaml").resolve())
    return bool(mlp_compliance.main(str(tmp_path / "result_0.txt"), config, checker)[0])


@pytest.mark.parametrize("final", [0.943, 0.93])
def test_the_packages_checker_accepts_every_trial(tmp_path: Path, final: float) -> None:
    run = opened(tmp_path, final=final)
    for trial in run.trials:
        assert accepts(log_of(run, trial.trial), tmp_path)


def test_the_packages_command_accepts_one(tmp_path: Path) -> None:
    (tmp_path / "cifar10.yaml").write_text(rules_text())
    (tmp_path / "result_0.txt").write_text(log_of(opened(tmp_path)))
    config = ["--config", str(tmp_path / "cifar10.yaml"), "--werror"]
    done = subprocess.run(
        [sys.executable, "-m", "mlperf_logging.compliance_checker", *config, "result_0.txt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "SUCCESS" in done.stderr) == (0, True), done.stderr


def change(key: str, with_: Callable[[dict[str, Any]], Any]) -> Callable[[Events], Events]:
    def changed(found: Events) -> Events:
        for event in found:
            if event["key"] == key:
                with_(event)
        return found

    return changed


def without(key: str) -> Callable[[Events], Events]:
    return lambda found: [event for event in found if event["key"] != key]


def moved(key: str, before: str, value: str | None = None) -> Callable[[Events], Events]:
    """Put the first line of a key before the first of another, at its time."""

    def changed(found: Events) -> Events:
        line = next(e for e in found if e["key"] == key)
        found.remove(line)
        place = next(i for i, e in enumerate(found) if e["key"] == before and value in (None, e["value"]))
        return [*found[:place], {**line, "time_ms": found[place]["time_ms"]}, *found[place:]]

    return changed


CHEATS: dict[str, Callable[[Events], Events]] = {
    "other data": change("submission_benchmark", lambda e: e.update(value="cifar100")),
    "half the test images": change("eval_samples", lambda e: e.update(value=5_000)),
    "nobody's": change("submission_org", lambda e: e.update(value=" ")),
    "the data loaded before the clock": moved("run_start", "segment_start", "to_device"),
    "training before the clock": moved("epoch_start", "run_start"),
    "the clock stopped and started": lambda found: [
        *found[:-9],
        {**only(found, "run_stop"), "time_ms": found[-9]["time_ms"]},
        {**only(found, "run_start"), "time_ms": found[-9]["time_ms"]},
        *found[-9:],
    ],
    "no clock": without("run_start"),
    "no end": without("run_stop"),
    "no evaluation": without("eval_accuracy"),
    "success without the accuracy": change(
        "eval_accuracy", lambda e: e.update(value=min(e["value"], 0.9399))
    ),
    "percent": change("eval_accuracy", lambda e: e.update(value=100 * e["value"])),
    "a lower target half way": moved("target_accuracy", "epoch_start"),
    "an epoch left out": lambda found: [e for e in found if e["metadata"].get("epoch_num") != 2],
    "a clock put back": change("run_stop", lambda e: e.update(time_ms=e["time_ms"] - 100)),
    "no verdict": change("run_stop", lambda e: e["metadata"].pop("status")),
    "a seed not told": without("seed"),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_the_rules_refuse(tmp_path: Path, cheat: str) -> None:
    honest = events(log_of(opened(tmp_path)))
    cheated = CHEATS[cheat](honest)
    assert not accepts("".join(f"{TOKEN}{json.dumps(event)}\n" for event in cheated), tmp_path)


def test_the_clock_runs_from_the_loading_to_the_target_with_everything_between(tmp_path: Path) -> None:
    run = opened(tmp_path, epochs=5, target=0.90)
    trial = run.trials[1]
    found = events(log_of(run, 2))
    start, stop = only(found, "run_start"), only(found, "run_stop")
    load = next(e for e in found if (e["key"], e["value"]) == ("segment_start", "load"))
    assert found.index(start) < found.index(load)
    assert start["time_ms"] == load["time_ms"]
    # The set-up from the loading on takes 4 s with its pauses, and is put right before the trial.
    showed = next(s for s in trial.segments if s.epoch == trial.epochs_to_target and "evaluate" in s.name)
    assert trial.epochs_to_target is not None
    assert trial.epochs_to_target < 5
    waited = 4_000 + (showed.start_ns + showed.length_ns) / 1e6
    assert stop["time_ms"] - start["time_ms"] == pytest.approx(waited, abs=1.5)
    assert found[-1] is stop
    assert stop["metadata"]["status"] == "success"


def test_accuracies_are_those_of_the_epochs_up_to_the_target(tmp_path: Path) -> None:
    run = opened(tmp_path)
    trial = run.trials[0]
    accuracies = [e for e in events(log_of(run)) if e["key"] == "eval_accuracy"]
    expected = {
        e.epoch: e.validation_accuracy for e in run.epochs_of(1) if e.epoch <= (trial.epochs_to_target or 9)
    }
    assert {e["metadata"]["epoch_num"]: e["value"] for e in accuracies} == expected


def test_a_trial_that_missed_the_target_is_aborted(tmp_path: Path) -> None:
    found = events(log_of(opened(tmp_path, final=0.93)))
    assert only(found, "run_stop")["metadata"]["status"] == "aborted"


def test_the_facts_are_the_runs(tmp_path: Path) -> None:
    recipe = {"name": "x", "batch_size": 512, "dataset": {"name": "/home/ada/cifar10.npz"}}
    found = events(log_of(opened(tmp_path, recipe=recipe), 2))
    facts = {event["key"]: event["value"] for event in found if event["event_type"] == "POINT_IN_TIME"}
    assert (facts["submission_org"], facts["submission_platform"]) == ("Ada & Co", "NVIDIA H200")
    assert (facts["seed"], facts["global_batch_size"], facts["train_samples"]) == (1, 512, 50_000)
    assert facts["recipe"]["dataset"] == {"name": "cifar10.npz"}


def test_the_same_run_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    first, second = (log_of(opened(tmp_path / name)) for name in ("here", "there"))
    assert first == second
    assert str(Path(__file__).parents[2]) not in first
    assert {e["metadata"]["file"] for e in events(first)} == {"trials.jsonl"}
    assert {e["metadata"]["lineno"] for e in events(log_of(opened(tmp_path / "again"), 2))} == {2}


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log_of(opened(tmp_path))
    assert capfd.readouterr() == ("", "")


def test_other_data_which_the_rules_never_accept_is_refused(tmp_path: Path) -> None:
    digits = DataRecord("digits", "ab", 1437, 360, (8, 8, 1), 10)
    run = opened(tmp_path, data=digits)
    with pytest.raises(DawnbenchError) as raised:
        log_of(run)
    assert str(raised.value) == (
        f"{run.folder} trained on digits, and the rules for MLPerf's checker take CIFAR-10 only; "
        "--format csv or json takes any run"
    )


def test_a_hostile_name_stays_in_its_line(tmp_path: Path) -> None:
    text = log_of(opened(tmp_path, device_name=HOSTILE))
    assert only(events(text), "submission_platform")["value"] == HOSTILE
    assert re.fullmatch(r"[\x20-\x7e\n]*", text)
    assert accepts(text, tmp_path)


def test_a_trial_that_never_touched_the_data_has_no_log(tmp_path: Path) -> None:
    run = opened(tmp_path)
    nothing = replace(run.trials[0], segments=(), epochs_to_target=None)
    assert mlperf_log(replace(run, trials=(nothing,)), nothing, "Ada") is None


def test_without_the_package_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("mlperf_logging"):
            raise ImportError(name)
        return real(name, *rest, **named)

    run = opened(tmp_path)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DawnbenchError, match=r"pip install 'dawnbench\[mlperf\]'"):
        log_of(run)
