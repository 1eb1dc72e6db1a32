"""A campaign with a time limit: what it starts, in which order, and what it stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.coordinator import run_campaign
from dawnbench.campaigns.matrix.file import load_campaign_file
from dawnbench.campaigns.matrix.time_limit import TimeLimit
from dawnbench.records.campaign import RunRequest, read_campaign
from tests.campaigns.matrix.pretended import Came, Pretended

MATRIX = """
recipes = ["quickstart"]
seeds = 3
devices = ["cpu"]
[settings]
epochs = [1, 2]
"""
SEARCH = """
recipes = ["quickstart"]
seeds = 3
devices = ["cpu"]
[search]
candidates = 20
[search.settings]
optimizer.momentum = {low = 0.5, high = 0.99}
"""
ONE, TWO = (RunRequest("quickstart", (f"batch_size={size}",), 0, "cpu") for size in (64, 128))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def timed(limit: TimeLimit, clock: Clock, request: RunRequest, seconds: float) -> None:
    limit.started(request)
    clock.now += seconds
    limit.ended(request)


def run(
    folder: Path, text: str, seconds: float, *, lasting: float = 10.0, resuming: bool = False
) -> Pretended:
    """Run trials that last so long within a limit of so many seconds."""
    clock = Clock()

    def trial(settings: dict[str, str], seed: int) -> Came:
        clock.now += lasting
        return Came(seconds=1 + 0.01 * seed)

    path = folder / "hunt.toml"
    path.write_text(text)
    executor = Pretended(trial)
    executor.frees_itself = False  # else the next trial may move the clock before the end of this one is seen
    run_campaign(
        load_campaign_file(path, lambda _: None),
        folder / "out",
        executor,
        retries=0,
        resuming=resuming,
        ended=lambda _: executor.free(),
        limit=TimeLimit(seconds, clock),
    )
    return executor


def test_a_first_trial_may_start_and_later_ones_by_those_before_them() -> None:
    clock = Clock()
    limit = TimeLimit(100, clock)
    assert limit.allows(ONE)
    timed(limit, clock, ONE, 40)  # with the compiler
    assert limit.allows(TWO)
    timed(limit, clock, ONE, 5)
    assert limit.left == 55
    clock.now += 20
    assert limit.allows(ONE)
    assert not limit.allows(TWO)
    assert not limit.allows(None)
    clock.now += 30
    assert not limit.allows(ONE)


def test_no_trial_starts_that_would_end_too_late(tmp_path: Path) -> None:
    executor = run(tmp_path, MATRIX, 45)
    assert len(executor.ran) == 4
    campaign = read_campaign(tmp_path / "out")
    assert campaign.record.status == "finished"
    assert [campaign.state(one) for one in campaign.record.requests].count("waiting") == 2


def test_the_seeds_of_one_combination_run_after_each_other(tmp_path: Path) -> None:
    executor = run(tmp_path, MATRIX, 1000)
    assert [words.split()[1] for words in executor.ran] == ["epochs=1"] * 3 + ["epochs=2"] * 3


def test_another_schedule_needs_no_new_programs() -> None:
    clock = Clock()
    limit = TimeLimit(60, clock)
    timed(limit, clock, ONE, 40)
    timed(limit, clock, ONE, 5)
    assert limit.allows(
        RunRequest("quickstart", ("batch_size=64", "epochs=3", "schedule.rates=[0, 0.2, 0]"), 0, "cpu")
    )
    assert not limit.allows(TWO)


def test_what_was_left_runs_when_it_is_resumed(tmp_path: Path) -> None:
    first = run(tmp_path, MATRIX, 25)
    second = run(tmp_path, MATRIX, 1000, resuming=True)
    assert len(first.ran) == 2
    assert len({*first.ran, *second.ran}) == len(first.ran) + len(second.ran) == 6


def test_a_search_ends_in_time_and_goes_on_later(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    first = run(tmp_path, SEARCH, 75)
    assert len(first.ran) == 7
    second = run(tmp_path, SEARCH, 35, resuming=True)
    assert len(second.ran) == 3
    assert not {*first.ran} & {*second.ran}


def test_a_trial_that_takes_too_long_is_stopped_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "hunt.toml"
    path.write_text(MATRIX)
    executor = Pretended(lambda settings, seed: Came(hangs=True))
    run_campaign(
        load_campaign_file(path, lambda _: None),
        tmp_path / "out",
        executor,
        retries=0,
        resuming=False,
        ended=lambda _: None,
        limit=TimeLimit(0.2),
    )
    campaign = read_campaign(tmp_path / "out")
    assert campaign.record.status == "finished"
    assert [campaign.state(one) for one in campaign.record.requests] == ["interrupted", *["waiting"] * 5]
