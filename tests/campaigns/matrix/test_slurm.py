"""Trials as jobs of submitit's executor for this machine, by the stand-in of `dawnbench run`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import psutil
import pytest

from dawnbench.campaigns.matrix.coordinator import run_campaign
from dawnbench.campaigns.matrix.executors.slurm import JOB, SlurmExecutor
from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import RunRequest, read_campaign
from dawnbench.records.reader import read_run
from tests.campaigns.matrix.conftest import FILE, StandIn
from tests.campaigns.matrix.test_stopping import until
from tests.cli.made_runs import invoke

pytest.importorskip("submitit")
slow = pytest.mark.slow


@slow
def test_a_preempted_job_is_queued_again_and_that_is_on_record(trials: StandIn, tmp_path: Path) -> None:
    trials.faults(0, "hang")
    trials.faults(1, "wrong")
    requests = tuple(RunRequest("davidnet", (), seed, "cpu") for seed in range(3))
    executor = SlurmExecutor([], cluster="local", slots=3)
    out = tmp_path / "out"

    def preempt() -> None:
        until(lambda: trials.starts(0) == 1 and any(out.glob(f"attempts/{requests[0].id}-1/*/run.json")))
        job_id = (out / "attempts" / f"{requests[0].id}-1" / JOB).read_text()
        (task,) = psutil.Process(int(job_id)).children()
        task.send_signal(signal.SIGUSR2)  # as Slurm does before it takes a machine away

    thread = threading.Thread(target=preempt)
    thread.start()
    run_campaign(
        CampaignPlan("jobs", requests, {}), out, executor, retries=0, resuming=False, ended=lambda _: None
    )
    thread.join()
    campaign = read_campaign(out)
    assert [[a.outcome for a in campaign.attempts_at(one)] for one in requests] == [
        ["finished"],
        ["failed"],
        ["finished"],
    ]
    assert trials.starts(0) == 2
    preempted = campaign.result(requests[0])
    assert preempted is not None
    assert len(preempted.restarts) == 1
    assert preempted.restarts[0].ended <= preempted.started
    assert preempted.worker is not None
    assert preempted.worker.startswith("job ")
    # What the machine that was taken away had recorded is kept, and no part of the results.
    (left,) = (out / "attempts" / f"{requests[0].id}-1").iterdir()
    assert read_run(left).record.status == "interrupted"
    assert len(list((out / "runs").iterdir())) == 2
    assert campaign.attempts_at(requests[1])[0].reason == "there is no data set cifar10"


@slow
def test_jobs_that_outlive_their_campaign_are_cancelled_before_it_goes_on(
    trials: StandIn, tmp_path: Path
) -> None:
    trials.faults(0, "hang")
    request = RunRequest("davidnet", (), 0, "cpu")
    plan, out = CampaignPlan("jobs", (request,), {}), tmp_path / "out"
    from dawnbench.campaigns.matrix.opening import begin

    executor = SlurmExecutor([], cluster="local")
    folder = begin(out, plan, executor, retries=0)
    job = folder.start(request)
    executor.submit(job)  # and the campaign's process is gone
    until(lambda: trials.starts(0) == 1)
    folder.close("interrupted")
    assert (job.out / JOB).read_text().isdecimal()
    again = SlurmExecutor([], cluster="local")
    run_campaign(plan, out, again, retries=0, resuming=True, ended=lambda _: None)
    assert [attempt.outcome for attempt in read_campaign(out).attempts] == ["died", "finished"]
    begun = [(line[0], line[1]) for line in trials.ran]
    assert begun in ([("begin", "0"), ("end", "0")] * 2, [("begin", "0"), ("begin", "0"), ("end", "0")])


def test_what_a_job_needs_must_be_said(
    trials: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nightly.toml").write_text(FILE)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, error = invoke("campaign", "nightly.toml", "--slurm")
    assert code == 2
    assert "--slurm needs the command sbatch; run the campaign on a login node" in error
    with pytest.raises(DawnbenchError, match="name cpu or cuda"):
        SlurmExecutor([], cluster="local").check("auto")
    with pytest.raises(DawnbenchError, match=r"submitit does not take these --sbatch options: .*partitoin"):
        SlurmExecutor(["partitoin=gpu"], cluster="local").check("cpu")
    with pytest.raises(DawnbenchError, match="'gpu' is not KEY=VALUE, such as partition=gpu"):
        SlurmExecutor(["gpu"], cluster="local")


def test_options_that_exclude_each_other_are_refused(trials: StandIn, tmp_path: Path) -> None:
    (tmp_path / "nightly.toml").write_text(FILE)
    for arguments, said in (
        (("--slurm", "--ray", "local"), "--ray and --slurm exclude each other"),
        (("--sbatch", "partition=gpu"), "--sbatch is for jobs of --slurm"),
    ):
        code, _, error = invoke("campaign", "nightly.toml", *arguments)
        assert code == 2
        assert said in error
