"""What an attempt came to, by its exit status, its words and its run folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.job import Performed
from dawnbench.campaigns.matrix.outcomes import judge
from dawnbench.records.schema import Reading, TelemetrySummary
from tests.records.examples import TRIAL
from tests.records.folders import make_run

START = "2026-02-03T04:05:06+00:00"


@pytest.mark.parametrize(
    ("status", "said", "outcome", "reason"),
    [
        (-9, "", "died", "it was killed by SIGKILL, as the system does when memory runs out"),
        (137, "", "died", "it was killed by SIGKILL, as the system does when memory runs out"),
        (-11, "", "died", "it was killed by SIGSEGV"),
        (130, "", "died", "it was killed by SIGINT"),
        (None, "its worker was lost: the node died", "died", "its worker was lost: the node died"),
        (2, "batch_size=512 ran out of memory (CUDA); try batch_size=256", "died", None),
        (70, "unexpected error (RuntimeError: CUDA error: unspecified launch failure)", "died", None),
        (2, "cuda:0 stopped working (Xid 79); what was recorded is kept.", "died", None),
        (2, "batch_size=512 needs 90 GB and cuda:0 has 80 GB free", "failed", None),
        (70, "unexpected error (KeyError: 'x')", "failed", None),
        (0, "", "failed", "it ended with exit status 0 without a result"),
    ],
)
def test_what_is_not_the_trials_fault_died(
    tmp_path: Path, status: int | None, said: str, outcome: str, reason: str | None
) -> None:
    verdict = judge(tmp_path, Performed(status, said, START, START))
    assert (verdict.outcome, verdict.run) == (outcome, None)
    assert verdict.reason == (said if reason is None else reason)
    assert judge(tmp_path, Performed(status, said, START, START), stopped=True).outcome == "interrupted"


def test_a_result_counts_whatever_became_of_its_process(tmp_path: Path) -> None:
    run = make_run(tmp_path / "20260203T040506Z-davidnet-0a1b2c")
    for performed in (None, Performed(-9, "", START, START)):
        verdict = judge(tmp_path, performed, stopped=True)
        assert (verdict.outcome, verdict.run, verdict.reason) == ("finished", run, None)


def test_a_run_whose_trial_failed_is_no_result(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [replace(TRIAL, status="failed")], status="failed")
    verdict = judge(tmp_path, Performed(2, "the disk is full", START, START))
    assert (verdict.outcome, verdict.run, verdict.reason) == ("failed", run, "the disk is full")


@pytest.mark.parametrize(("peak", "marked"), [(0.0, False), (1.0, True)])
def test_other_processes_on_the_gpu_are_a_mark(tmp_path: Path, peak: float, marked: bool) -> None:
    readings = {"gpu_other_processes": Reading(peak / 10, peak, "processes")}
    trial = replace(TRIAL, telemetry=TelemetrySummary(10, readings, (), None, None, None))
    make_run(tmp_path / "run", [trial])
    marks = judge(tmp_path, Performed(0, "", START, START)).marks
    assert marks == (("other processes used the GPU during the trial",) if marked else ())
