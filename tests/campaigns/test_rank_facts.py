"""What four ranks on two nodes tell each other about an epoch and a trial."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from dawnbench.campaigns.rank_facts import epoch_of_all, trial_of_all
from dawnbench.engine.distributed import SINGLE, Ranks
from dawnbench.engine.launched import Launched
from dawnbench.records.schema import TelemetrySummary
from tests.records.examples import TRIAL, epoch

Record = TypeVar("Record")
SIZE = 4
NOTHING = TelemetrySummary(0, {}, (), None, None, None)
"""What a rank that does not lead its node reads."""


class ThreadRanks(Ranks):
    """Ranks that are threads of this process, two on each of two nodes."""

    def __init__(self, rank: int, table: list[Any], barrier: threading.Barrier) -> None:
        super().__init__(Launched(rank, SIZE, rank % 2, 2, rank // 2, 2))
        self._table, self._barrier = table, barrier

    def gather(self, value: Any) -> list[Any]:
        self._table[self.rank] = value
        self._barrier.wait(10)
        return list(self._table)


def on_all_ranks(work: Callable[[Record, Ranks], Record], records: list[Record]) -> list[Record]:
    """Return what each rank makes of its record and those of the others."""
    table, barrier = [None] * SIZE, threading.Barrier(SIZE)
    with ThreadPoolExecutor(SIZE) as pool:
        ranks = [ThreadRanks(rank, table, barrier) for rank in range(SIZE)]
        return list(pool.map(work, records, ranks))


def test_an_epoch_has_the_first_ranks_times_beside_the_slowest_ones() -> None:
    own = [
        epoch(train_seconds=1.0 + rank, evaluate_seconds=1.0 - rank / 8, energy_joules=joules)
        for rank, joules in enumerate((10.0, None, 30.0, None))
    ]
    first = on_all_ranks(epoch_of_all, own)[0]
    assert (first.train_seconds, first.slowest_train_seconds) == (1.0, 4.0)
    assert (first.evaluate_seconds, first.slowest_evaluate_seconds) == (1.0, 1.0)
    assert first.energy_joules == 40.0  # of the two ranks that read a node's counters


def test_an_epochs_energy_is_unknown_if_that_of_a_node_is() -> None:
    own = [epoch(energy_joules=joules) for joules in (10.0, None, None, None)]
    assert on_all_ranks(epoch_of_all, own)[0].energy_joules is None


def test_a_trial_has_the_energy_of_all_nodes_the_highest_peak_and_every_warning() -> None:
    def own(rank: int, joules: float | None) -> Any:
        telemetry = NOTHING if joules is None else replace(NOTHING, energy_joules=joules, samples=5)
        warnings = (f"something about {rank}",) if rank != 1 else ()
        return replace(TRIAL, telemetry=telemetry, warnings=warnings, peak_memory_bytes=100 + rank)

    first = on_all_ranks(trial_of_all, [own(0, 10.0), own(1, None), own(2, 30.0), own(3, None)])[0]
    assert first.telemetry is not None
    assert (first.telemetry.energy_joules, first.telemetry.samples) == (40.0, 5)
    assert first.peak_memory_bytes == 103
    assert first.warnings == ("something about 0", "rank 2: something about 2", "rank 3: something about 3")


def test_one_process_records_what_it_saw() -> None:
    assert epoch_of_all(epoch(), SINGLE) == epoch()
    assert trial_of_all(TRIAL, SINGLE) == TRIAL


@pytest.mark.parametrize("count", [0, 1, 7, 10_000])
def test_the_shares_of_the_ranks_are_the_whole_in_order(count: int) -> None:
    shares = [Launched(rank, 3).share(count) for rank in range(3)]
    assert [i for share in shares for i in range(count)[share]] == list(range(count))
    sizes = [share.stop - share.start for share in shares]
    assert max(sizes) - min(sizes) <= 1
