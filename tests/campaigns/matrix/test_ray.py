"""Trials on a Ray cluster of this machine, by the stand-in of `dawnbench run`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.coordinator import run_campaign
from dawnbench.campaigns.matrix.executors.ray_cluster import SHARED, RayExecutor
from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import RunRequest, read_campaign
from dawnbench.records.reader import read_run
from tests.campaigns.matrix.conftest import FILE, StandIn
from tests.campaigns.matrix.test_stopping import until
from tests.cli.made_runs import invoke

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow


@pytest.fixture
def executor(trials: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayExecutor]:
    """A cluster that stays until the end of the test."""
    made = RayExecutor("local")
    monkeypatch.setattr(made, "close", lambda: None)
    yield made
    ray.shutdown()


def test_results_come_back_lost_workers_are_tried_again_and_an_end_is_an_end(
    trials: StandIn, executor: RayExecutor, tmp_path: Path
) -> None:
    trials.faults(1, "worker")
    trials.faults(2, "kill")
    trials.faults(3, "wrong")
    recipe = tmp_path / "mine.py"
    recipe.write_text("# read by the stand-in only\n")
    requests = tuple(RunRequest("davidnet", (), seed, "cpu") for seed in range(5))
    plan = CampaignPlan("many", (*requests, RunRequest("mine.py", (), 5)), {"mine.py": recipe.read_bytes()})
    out = tmp_path / "out"
    run_campaign(plan, out, executor, retries=2, resuming=False, ended=lambda _: None)
    campaign = read_campaign(out)
    outcomes = [
        [attempt.outcome for attempt in campaign.attempts_at(request)] for request in campaign.record.requests
    ]
    well = ["finished"]
    assert outcomes == [well, ["died", *well], ["died", *well], ["failed"], well, well]
    runs = [read_run(folder).record for folder in (out / "runs").iterdir()]
    assert sorted(run.seed for run in runs) == [0, 1, 2, 4, 5]
    lost = campaign.attempts_at(requests[1])[0]
    assert lost.reason is not None
    assert lost.reason.startswith("its worker was lost: ")
    found = campaign.result(requests[0])
    assert found is not None
    assert found.worker is not None
    assert found.worker.startswith("process ")
    assert found.marks == ((SHARED,) if (os.cpu_count() or 1) > 1 else ())
    # The trial of the worker that was killed died with it.
    assert [(line[0], line[1]) for line in trials.ran].count(("end", "1")) == 1

    # Stopped by a signal, it leaves a readable folder, from which it goes on.
    trials.faults(6, "hang")
    plan = CampaignPlan("stopped", (RunRequest("davidnet", (), 6, "cpu"),), {})

    def interrupt() -> None:
        until(lambda: trials.starts(6) == 1)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_campaign(plan, tmp_path / "two", executor, retries=2, resuming=False, ended=lambda _: None)
    thread.join()
    campaign = read_campaign(tmp_path / "two")
    assert [attempt.outcome for attempt in campaign.attempts] == ["interrupted"]
    run_campaign(plan, tmp_path / "two", executor, retries=2, resuming=True, ended=lambda _: None)
    assert [attempt.outcome for attempt in read_campaign(tmp_path / "two").attempts][-1] == "finished"

    with pytest.raises(DawnbenchError, match="no node of the Ray cluster has a GPU"):
        executor.check("cuda")
    with pytest.raises(DawnbenchError, match="on Ray ask for cuda, cpu or auto"):
        executor.check("cuda:1")


def test_a_cluster_that_is_not_there_is_a_sentence(trials: StandIn, tmp_path: Path) -> None:
    (tmp_path / "nightly.toml").write_text(FILE)
    code, _, error = invoke("campaign", "nightly.toml", "--ray", "127.0.0.1:1")
    assert code == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in error
