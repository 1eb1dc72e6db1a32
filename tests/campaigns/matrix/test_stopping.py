"""A campaign that is stopped or killed: what runs ends, and the folder says what happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix import opening
from dawnbench.records.campaign import read_campaign
from dawnbench.records.reader import read_run
from tests.campaigns.matrix.conftest import FILE, StandIn
from tests.cli.made_runs import invoke

Write = Callable[[str], Path]
OUT = Path("campaigns/nightly")


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_signal_stops_the_trials_and_leaves_a_readable_folder(trials: StandIn, write_file: Write) -> None:
    trials.faults(1, "hang")
    path = write_file(FILE)

    def interrupt() -> None:
        until(lambda: trials.starts(1) == 1 and any(OUT.glob("attempts/*/*/run.json")))
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, said, _ = invoke("campaign", path)
    thread.join()
    assert code == 130
    assert "1 of 3: davidnet seed 1 on cpu [cpu]: interrupted" in said
    campaign = read_campaign(OUT)
    assert campaign.record.status == "interrupted"
    assert [campaign.state(one) for one in campaign.record.requests] == ["finished", "interrupted", "waiting"]
    stopped = campaign.run_folder(campaign.attempts[-1])
    assert stopped is not None
    assert read_run(stopped).record.status == "interrupted"
    assert invoke("campaign", path, "--resume")[0] == 0
    assert [trials.starts(seed) for seed in range(3)] == [1, 2, 1]


def test_a_killed_campaign_takes_its_trials_with_it_and_is_resumed(
    trials: StandIn, write_file: Write
) -> None:
    trials.faults(1, "hang")
    path = write_file(FILE)
    process = multiprocessing.get_context("fork").Process(target=invoke, args=("campaign", path))
    process.start()
    until(lambda: trials.starts(1) == 1 and any(OUT.glob("attempts/*/*/run.json")))

    code, said, _ = invoke("campaign", "status", OUT)
    assert code == 0
    assert "running: davidnet seed 1 on cpu, attempt 1, since 20" in said
    assert "nightly (local), running: 1 of 3 trials have a result, 1 running, 1 waiting" in said

    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    _, said, _ = invoke("campaign", "status", OUT)
    assert "nightly (local), died: 1 of 3 trials have a result, 1 waiting, 1 died" in said
    assert "died: davidnet seed 1 on cpu, attempt 1: the campaign ended before this attempt did" in said

    assert invoke("campaign", path, "--resume")[0] == 0
    assert [trials.starts(seed) for seed in range(3)] == [1, 2, 1]
    campaign = read_campaign(OUT)
    (hung,) = (one for one in campaign.record.requests if one.seed == 1)
    attempts = campaign.attempts_at(hung)
    assert [attempt.outcome for attempt in attempts] == ["died", "finished"]
    assert attempts[0].reason == "the campaign ended before this attempt did"
    # Its process died with the campaign: it never came to the end of its sleep.
    assert trials.ran.count(["end", "1", "-"]) == 1


def test_one_campaign_at_a_time_works_on_a_folder(
    trials: StandIn, write_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(FILE)
    invoke("campaign", path)
    held = opening._locked(OUT)
    assert held is not None
    monkeypatch.setattr(opening, "LOCK_SECONDS", 0.1)
    code, _, error = invoke("campaign", path, "--resume")
    os.close(held)
    assert code == 2
    assert "a campaign is running in campaigns/nightly, or trials of it are" in error
    assert invoke("campaign", path, "--resume")[0] == 0
