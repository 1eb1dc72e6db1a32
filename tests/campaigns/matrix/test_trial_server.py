"""Trials that share a process: their results are those of trials that do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dawnbench.campaigns.session as session_module
from dawnbench import campaigns
from dawnbench.campaigns.matrix.executors import kept
from dawnbench.campaigns.matrix.executors.kept import TrialServers
from dawnbench.campaigns.matrix.trial_server import Order, TrialServer, serve
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.overrides import adapt
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import TINY_RECIPE

Ordered = Callable[..., Order]


@pytest.fixture
def order(tmp_path: Path) -> Ordered:
    (tmp_path / "tiny.py").write_text(TINY_RECIPE)
    made = []

    def make(seed: int, *settings: str, tag: str = "request=abc") -> Order:
        out = tmp_path / f"attempt-{len(made)}"
        out.mkdir()
        made.append(out)
        given = ("--trials=1", f"--seed={seed}", "--device=cpu", "--json", "--set=epochs=2")
        return Order(
            str(tmp_path / "tiny.py"),
            (*given, *(f"--set={one}" for one in settings), f"--tag={tag}", "--note=beware"),
            str(out),
        )

    return make


def run_of(order: Order) -> Run:
    (folder,) = (path for path in Path(order.out).iterdir() if path.is_dir())
    return read_run(folder)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hears of each model that is prepared."""
    found: list[str] = []
    prepare = session_module.prepare

    def noted(recipe: Any, *rest: Any) -> Any:
        found.append(" ".join(recipe.changed))
        return prepare(recipe, *rest)

    monkeypatch.setattr(session_module, "prepare", noted)
    return found


def test_seeds_share_what_was_prepared_and_give_their_own_numbers(
    order: Ordered, built: list[str], tmp_path: Path
) -> None:
    server = TrialServer()
    orders = [order(5), order(6), order(5)]
    for one in orders:
        server.run(one)
    assert built == ["epochs=2"]
    runs = [run_of(one) for one in orders]
    assert [run.record.seed for run in runs] == [5, 6, 5]
    assert [(run.record.status, len(run.trials), run.trials[0].trial) for run in runs] == [
        ("finished", 1, 1)
    ] * 3
    losses = [[epoch.train_loss for epoch in run.epochs] for run in runs]
    assert losses[0] == losses[2] != losses[1]
    recipe = replace(server._recipes[orders[0].recipe], epochs=2, trials=1)
    alone = read_run(campaigns.run(recipe, device="cpu", seed=6, out=tmp_path / "alone"))
    assert [epoch.train_loss for epoch in alone.epochs] == losses[1]


def test_each_run_has_its_own_tags_notes_and_the_same_set_up(order: Ordered) -> None:
    server = TrialServer()
    orders = [order(0, tag="request=one"), order(1, tag="request=two")]
    for one in orders:
        server.run(one)
    first, second = map(run_of, orders)
    assert (first.record.tags, second.record.tags) == ({"request": "one"}, {"request": "two"})
    assert first.record.notes == second.record.notes == ("beware",)
    assert second.record.command[:2] == ("dawnbench", "run")
    lengths = [
        {
            one.name: one.length_ns
            for one in run.trials[0].segments
            if one.name in ("load", "build", "compile")
        }
        for run in (first, second)
    ]
    assert lengths[0] == lengths[1]
    assert lengths[0].keys() == {"load", "build", "compile"}


def test_schedules_epochs_and_targets_share_what_was_prepared(
    order: Ordered, built: list[str], tmp_path: Path
) -> None:
    server = TrialServer()
    orders = [order(5), order(5, "schedule.rates=[0,0.2,0]"), order(5, "target=0.5"), order(5)]
    orders.append(order(5, "epochs=3"))
    for one in orders:
        server.run(one)
    assert built == ["epochs=2"]
    runs = [run_of(one) for one in orders]
    losses = [[epoch.train_loss for epoch in run.epochs] for run in runs]
    assert losses[0] == losses[2] == losses[3] != losses[1]
    assert len(losses[4]) == 3
    assert runs[4].record.model.flops_per_trial == 1.5 * (runs[3].record.model.flops_per_trial or 0)
    assert runs[1].record.recipe["changed"] == ["epochs=2", "schedule.rates=[0.0,0.2,0.0]"]
    highest = [max(rate for _, rate in run.record.learning_rates) for run in runs[:2]]
    assert highest[1] == pytest.approx(highest[0] / 2)
    assert (runs[2].record.target, runs[2].trials[0].target) == (0.5, 0.5)
    recipe = adapt(server._recipes[orders[0].recipe], ["epochs=2", "schedule.rates=[0,0.2,0]"], trials=1)
    alone = read_run(campaigns.run(recipe, device="cpu", seed=5, out=tmp_path / "alone"))
    assert [epoch.train_loss for epoch in alone.epochs] == losses[1]
    assert alone.record.recipe_digest == runs[1].record.recipe_digest


def test_other_settings_are_prepared_anew(order: Ordered, built: list[str]) -> None:
    server = TrialServer()
    for one in (order(0), order(0, "optimizer.momentum=0.8"), order(1, "optimizer.momentum=0.8"), order(1)):
        server.run(one)
    assert built == ["epochs=2", "epochs=2 optimizer.momentum=0.8", "epochs=2"]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (DawnbenchError("there is no data set x"), {"status": 2, "reason": "there is no data set x"}),
        (KeyboardInterrupt("by SIGTERM"), {"status": 130, "reason": "by SIGTERM"}),
        (RuntimeError("CUDA error: lost"), {"status": 70, "reason": "RuntimeError: CUDA error: lost"}),
    ],
)
def test_an_error_is_answered_and_ends_the_process(
    order: Ordered, error: BaseException, answer: dict[str, Any]
) -> None:
    answers: list[dict[str, Any]] = []
    left = iter([order(0), order(1), order(2)])
    lines = (json.dumps({"recipe": o.recipe, "arguments": o.arguments, "out": o.out}) for o in left)

    def run(one: Order) -> None:
        if one.given("seed") == ["1"]:
            raise error

    assert serve(lines, answers.append, run) == answer["status"]
    assert answers == [{"status": 0, "reason": ""}, answer]
    assert next(left).given("seed") == ["2"]


class Pretending:
    """A process that answers at once."""

    def __init__(self, environment: dict[str, str], device: str, _inherited: Sequence[int]) -> None:
        self.environment, self.device, self.program = environment, device, ()
        self.process = SimpleNamespace(poll=lambda: None)

    def ask(self, _order: object) -> dict[str, Any]:
        return {"status": 0, "reason": ""}


def test_a_trial_gets_a_process_of_its_device_that_has_its_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_Server", Pretending)
    servers, used = TrialServers(), []

    def perform(device: str, seed: int, *settings: str, gpu: str = "") -> int:
        words = (f"--device={device}", f"--seed={seed}", *(f"--set={one}" for one in settings))
        servers.perform("tiny", words, "out", {"CUDA_VISIBLE_DEVICES": gpu}, (), used.append)
        return used.index(used[-1])

    assert [perform("cpu", 0), perform("cpu", 1), perform("mps", 0), perform("cpu", 2)] == [0, 0, 2, 0]
    assert [perform("cuda", 0, gpu="0"), perform("cuda", 0, gpu="1"), perform("cuda", 1, gpu="0")] == [
        4,
        5,
        4,
    ]


@pytest.mark.slow
def test_a_process_that_is_killed_is_replaced(order: Ordered) -> None:
    servers = TrialServers()
    processes: list[subprocess.Popen[bytes]] = []

    def perform(one: Order, started: Callable[[subprocess.Popen[bytes]], None]) -> dict[str, Any]:
        return servers.perform(one.recipe, one.arguments, one.out, {}, (), started)

    try:
        orders = [order(seed) for seed in range(4)]
        assert [perform(one, processes.append)["status"] for one in orders[:2]] == [0, 0]
        assert processes[0] is processes[1]
        killed = perform(orders[2], lambda process: os.kill(process.pid, signal.SIGKILL))
        assert killed["status"] == -signal.SIGKILL
        assert perform(orders[3], processes.append)["status"] == 0
        assert processes[2] is not processes[0]
        assert run_of(orders[1]).trials[0].seed == 1
    finally:
        servers.close()
    assert all(process.returncode is not None for process in processes)
