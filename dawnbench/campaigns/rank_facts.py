"""What each rank tells the others about an epoch or a trial, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dawnbench.engine.distributed import Ranks
from dawnbench.records.schema import EpochRecord, TrialRecord
from dawnbench.telemetry.many_gpus import of_all_nodes, total


@dataclass(frozen=True, slots=True)
class _Told:
    leads_node: bool
    """A node's first rank reads the sensors of the whole node."""


@dataclass(frozen=True, slots=True)
class _Epoch(_Told):
    train_seconds: float | None
    evaluate_seconds: float | None
    joules: float | None


@dataclass(frozen=True, slots=True)
class _Trial(_Told):
    record: TrialRecord


def epoch_of_all(record: EpochRecord, ranks: Ranks) -> EpochRecord:
    """Return rank 0's epoch with the slowest rank's times and the energy of all nodes.

    Waits for all ranks.
    """
    if ranks.size == 1:
        return record
    own = _Epoch(ranks.place.leads_node, record.train_seconds, record.evaluate_seconds, record.energy_joules)
    told: list[_Epoch] = ranks.gather(own)
    return replace(
        record,
        energy_joules=total(one.joules for one in told if one.leads_node),
        slowest_train_seconds=max(one.train_seconds or 0.0 for one in told),
        slowest_evaluate_seconds=max(one.evaluate_seconds or 0.0 for one in told),
    )


def trial_of_all(record: TrialRecord, ranks: Ranks) -> TrialRecord:
    """Return rank 0's trial with what the sensors of all nodes showed, and every rank's warnings.

    Waits for all ranks.
    """
    if ranks.size == 1:
        return record
    told: list[_Trial] = ranks.gather(_Trial(ranks.place.leads_node, record))
    leaders = [one.record.telemetry for one in told if one.leads_node]
    peaks = [one.record.peak_memory_bytes for one in told]
    warnings = [
        f"rank {rank}: {warning}" if rank else warning
        for rank, one in enumerate(told)
        for warning in one.record.warnings
    ]
    telemetry = [summary for summary in leaders if summary is not None]
    return replace(
        record,
        telemetry=of_all_nodes(telemetry) if len(telemetry) == len(leaders) else record.telemetry,
        peak_memory_bytes=max((peak for peak in peaks if peak is not None), default=None),
        warnings=tuple(warnings),
    )
