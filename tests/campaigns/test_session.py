"""A session from its preparation to its end, on a perceptron that trains in milliseconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import dawnbench.campaigns.session as module
from dawnbench.campaigns.observer import SilentObserver
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup, startup
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.prepare import prepare
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Schedule
from dawnbench.recipes import Recipe, SchedulePart, find_recipe
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import PairingRecord, RunRecord, Segment
from dawnbench.records.store import RunWriter
from dawnbench.telemetry import Sampler
from tests.campaigns.bench import interrupt_once
from tests.cli.conftest import TINY_RECIPE
from tests.records.examples import RUN


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)
    return replace(find_recipe(str(tmp_path / "tiny.py")), epochs=2, trials=3)


class Heard(SilentObserver):
    def __init__(self) -> None:
        self.started: list[tuple[RunRecord, Path, int]] = []
        self.notes: list[str] = []

    def noted(self, sentence: str) -> None:
        self.notes.append(sentence)

    def run_started(self, record: RunRecord, folder: Path, steps: int) -> None:
        self.started.append((record, folder, steps))


Open = Callable[..., Session]


@pytest.fixture
def opened(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that prepares a session; what `describe_model` loads is left out, it takes long."""
    monkeypatch.setattr(module, "describe_model", lambda *_: RUN.model)

    def prepare(**changes: Any) -> Session:
        usual = {
            "seed": 7,
            "out": tmp_path / "runs",
            "observer": SilentObserver(),
            "command": ("dawnbench", "run"),
            "startup": Startup((Segment("startup", None, -2 * 10**9, 2 * 10**9),)),
        }
        return Session(changes.pop("recipe", recipe), CpuDevice("cpu"), **{**usual, **changes})

    return prepare


def sampler() -> Sampler:
    return Sampler([], lambda _samples: None)


def run_of(session: Session) -> Run:
    return read_run(session.folder)


def test_nothing_is_on_the_disk_before_it_begins(opened: Open, tmp_path: Path) -> None:
    session = opened()
    assert not (tmp_path / "runs").exists()
    session.close("failed")
    assert not (tmp_path / "runs").exists()


def test_it_begins_with_a_run_folder_that_says_all_about_the_run(opened: Open, recipe: Recipe) -> None:
    heard = Heard()
    session = opened(observer=heard)
    session.begin(sampler())
    record = run_of(session).record
    assert (record.status, record.recipe_name, record.trials, record.seed) == ("running", "tiny", 3, 7)
    assert (record.recipe, record.recipe_digest) == (
        json.loads(json.dumps(recipe.to_dict())),
        recipe.digest(),
    )
    assert (record.command, record.device, record.precision) == (("dawnbench", "run"), "cpu", "fp32")
    assert (record.data.train_images, record.data.validation_images, record.data.classes) == (1437, 360, 10)
    assert record.pairing is None
    steps = 2 * (1437 // recipe.batch_size)
    assert [(one.recipe_name, folder, count) for one, folder, count in heard.started] == [
        ("tiny", session.folder, steps)
    ]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_threads_that_compute_are_recorded(opened: Open, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        session = opened()
        session.begin(sampler())
    finally:
        torch.set_num_threads(before)
    assert run_of(session).record.environment["cpu"]["threads"] == threads


def test_a_trial_goes_from_the_runs_seed_plus_its_number_less_one(opened: Open) -> None:
    session = opened()
    session.begin(sampler())
    session.warm_up()
    for number in (1, 2):
        session.trial(number)
    session.close("finished")
    run = run_of(session)
    assert run.record.status == "finished"
    assert [(one.trial, one.seed, one.status) for one in run.trials] == [
        (1, 7, "finished"),
        (2, 8, "finished"),
    ]
    assert [(one.trial, one.epoch) for one in run.epochs] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_the_set_up_is_timed_in_its_order_and_leads_every_trial(opened: Open) -> None:
    session = opened()
    session.begin(sampler())
    session.warm_up()
    session.trial(1)
    session.close("finished")
    (trial,) = run_of(session).trials
    before = [segment.name for segment in trial.segments if segment.start_ns < 0]
    assert list(dict.fromkeys(before)) == ["startup", "load", "record", "build", "compile"]
    assert before.index("build") < before.index("compile") == len(before) - 1
    assert before.count("build") == 1
    assert trial.seconds["cold"] is None or trial.seconds["cold"] > 2


def test_a_start_that_cannot_be_told_gives_no_cold_time_and_is_noted(opened: Open) -> None:
    heard = Heard()
    session = opened(observer=heard, startup=startup(lambda: -3594.0))
    session.begin(sampler())
    session.warm_up()
    session.trial(1)
    session.close("finished")
    run = run_of(session)
    (trial,) = run.trials
    assert trial.seconds["cold"] is None
    assert "startup" not in [segment.name for segment in trial.segments]
    assert "-3,594.00 s" in run.record.notes[0]
    assert heard.notes == list(run.record.notes)


def test_telemetry_goes_into_its_folder(opened: Open) -> None:
    session = opened()
    session.begin(sampler())
    session.append_samples([{"t_ns": 1}, {"t_ns": 2, "cpu_utilization": 3.0}])
    session.close("finished")
    lines = (session.folder / "telemetry.jsonl").read_text().splitlines()
    assert [json.loads(line)["t_ns"] for line in lines] == [1, 2]


@pytest.mark.parametrize("pairing", [None, PairingRecord("c0ffee", "A")])
def test_a_side_of_a_campaign_has_its_model_built_once_before_it_is_timed(
    opened: Open, monkeypatch: pytest.MonkeyPatch, pairing: PairingRecord | None
) -> None:
    """The first model of a process costs more than the second, which only side A would pay."""
    built: list[float] = []

    def slow_at_first(*arguments: Any) -> Any:
        if not built:
            time.sleep(0.5)
        built.append(time.perf_counter())
        return prepare(*arguments)

    monkeypatch.setattr(module, "prepare", slow_at_first)
    session = opened(pairing=pairing)
    (build,) = (segment for segment in session.setup.segments() if segment.name == "build")
    assert len(built) == (1 if pairing is None else 2)
    assert (build.length_ns < 0.5e9) == (pairing is not None)
    session.begin(sampler())
    assert run_of(session).record.pairing == pairing


def test_a_disk_that_is_full_at_the_end_does_not_hide_what_came_before(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened()
    session.begin(sampler())

    def full(_status: str) -> None:
        raise DawnbenchError("cannot write")

    monkeypatch.setattr(session.writer, "close", full)
    session.close("failed")


def test_an_interrupt_while_the_end_is_noted_does_not_prevent_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened()
    session.begin(sampler())
    interrupt_once(monkeypatch, RunWriter, "write_run")
    with pytest.raises(KeyboardInterrupt):
        session.close("finished")
    assert run_of(session).record.status == "finished"


def test_a_recipe_that_cannot_be_prepared_leaves_nothing(
    opened: Open, recipe: Recipe, tmp_path: Path
) -> None:
    nowhere = replace(recipe.dataset, name="nowhere.npz")
    for broken in (
        replace(recipe, batch_size=5000),
        replace(recipe, dataset=nowhere),
        replace(recipe, epochs=10**12),
    ):
        with pytest.raises(DawnbenchError):
            opened(recipe=broken)
    assert not (tmp_path / "runs").exists()


def test_a_schedule_with_a_rate_that_json_does_not_have_is_refused_before_there_is_a_folder(
    opened: Open, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(DawnbenchError, match="a learning rate of nan at step"):
        opened(recipe=replace(recipe, schedule=NanSpec()))
    assert not (tmp_path / "runs").exists()


@dataclass(frozen=True)
class NanSpec(SchedulePart, kind="nan_in_a_test"):
    def build(self) -> Schedule:
        class Broken(Schedule):
            def __call__(self, epoch: float) -> float:
                return float("nan") if epoch > 1 else 0.1

        return Broken()


@pytest.mark.timeout(60)
def test_a_hundred_million_epochs_begin_at_once(opened: Open, recipe: Recipe) -> None:
    session = opened(recipe=replace(recipe, epochs=10**8))
    session.begin(sampler())
    session.warm_up()
    session.close("interrupted")
    assert run_of(session).record.learning_rates[-1][0] == 10**8 * 11 - 1
