"""A whole run as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.reader import Run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, RunRecord, TrialRecord
from dawnbench.stats.cost import cost_of_energy, cost_of_time, emission_of_energy
from dawnbench.stats.price_list import UNPRICED, PriceList


@dataclass(frozen=True, slots=True)
class TrialSamples:
    """What the hardware showed during a trial, sample by sample; all lists have the same length."""

    trial: int
    """Counted from 1."""
    t_ns: tuple[int, ...]
    """Since the trial began."""
    values: dict[str, tuple[float | None, ...]]
    """By metric, in the unit of the trial's `readings`; null where a sample has none."""
    throttle: tuple[tuple[str, ...], ...]
    """Why the GPU ran below its clocks."""


@dataclass(frozen=True, slots=True)
class TrialCosts:
    """What a trial cost at the document's prices; null if a price, a time or a reading is missing."""

    trial: int
    """Counted from 1."""
    dollars: dict[str, float | None]
    """Of the machine for the time under each rule."""
    electricity_to_target_dollars: float | None
    co2_to_target_grams: float | None


@dataclass(frozen=True, slots=True)
class RunDocument:
    """A run folder's content in one JSON object."""

    kind: Literal["dawnbench run"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    name: str
    """The run folder's."""
    run: RunRecord
    trials: tuple[TrialRecord, ...]
    """In the order in which they ended."""
    epochs: tuple[EpochRecord, ...]
    """Of all trials, in the order in which they ended."""
    telemetry: tuple[TrialSamples, ...]
    """Of the trials during which there were samples."""
    warnings: tuple[str, ...]
    """What of the run folder could not be read, a sentence each."""
    prices: Prices = NO_PRICES
    """What `costs` are computed at: given to the export, else recorded with the run, else configured."""
    costs: tuple[TrialCosts, ...] = ()
    """Of all trials, in their order; empty in older documents."""


def run_json(run: Run, prices: PriceList = UNPRICED) -> Iterator[str]:
    """Yield the parts of a run as JSON, which the published schema `run-v1.json` describes.

    Joined they are a `RunDocument`. Apart they take little memory, however long the run. A value that is not
    finite is null.

    Raises:
        DawnbenchError: the telemetry cannot be read, or different prices are configured for the device.
    """
    known = prices.prices_of(run.record)
    samples = read_samples(run.folder)
    head = {
        "kind": "dawnbench run",
        "schema_version": SCHEMA_VERSION,
        "name": run.folder.resolve().name,
        "run": asdict(run.record),
    }
    yield _json(head).removesuffix("\n}")
    yield ',\n  "trials": '
    yield from _list(_json(asdict(trial)) for trial in run.trials)
    yield ',\n  "epochs": '
    yield from _list(_json(asdict(epoch)) for epoch in run.epochs)
    yield ',\n  "telemetry": '
    yield from _list(() if samples is None else _by_trial(run, samples))
    yield ',\n  "warnings": '
    yield from _list(_json(warning) for warning in (*run.warnings, *(samples.warnings if samples else ())))
    yield ',\n  "prices": ' + _json(asdict(known)).replace("\n", "\n  ")
    yield ',\n  "costs": '
    yield from _list(_json(asdict(_costs(trial, known))) for trial in run.trials)
    yield "\n}\n"


def _costs(trial: TrialRecord, prices: Prices) -> TrialCosts:
    joules = None if trial.telemetry is None else trial.telemetry.energy_to_target_joules
    return TrialCosts(
        trial.trial,
        {rule: cost_of_time(seconds, prices) for rule, seconds in trial.seconds.items()},
        cost_of_energy(joules, prices),
        emission_of_energy(joules, prices),
    )


def _json(content: Any) -> str:
    return as_json(finite(content)).removesuffix("\n")


def _list(items: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a list that is a member of the document."""
    begun = False
    for item in items:
        yield ",\n    " if begun else "[\n    "
        yield item.replace("\n", "\n    ")
        begun = True
    yield "\n  ]" if begun else "[]"


def _by_trial(run: Run, samples: Samples) -> Iterator[str]:
    """Yield a `TrialSamples` for each trial that has samples.

    It is built as text, since the numbers of a day would take gigabytes as Python objects.
    """
    known: dict[tuple[str, ...], str] = {}
    for trial in run.trials:
        seen = samples.of_trial(trial)
        if seen is None:
            continue
        for reasons in dict.fromkeys(seen.throttle):
            known.setdefault(reasons, _json(reasons).replace("\n", "\n    "))
        columns = [f"    {_json(name)}: {_numbers(column, 6)}" for name, column in seen.values.items()]
        values = "{\n" + ",\n".join(columns) + "\n  }" if columns else "{}"
        throttle = ",\n    ".join(known[reasons] for reasons in seen.throttle)
        yield (
            f'{{\n  "trial": {trial.trial},\n  "t_ns": {_numbers(seen.t_ns, 4)},\n  "values": {values},\n'
            f'  "throttle": [\n    {throttle}\n  ]\n}}'
        )


def _numbers(column: np.ndarray, indent: int) -> str:
    """Return a list of numbers, one per line after `indent` spaces; null if not finite."""
    values = column.tolist()
    for place in np.flatnonzero(~np.isfinite(column)):
        values[place] = None
    before = "\n" + " " * indent
    return f"[{before}{json.dumps(values)[1:-1].replace(', ', ',' + before)}{before[:-2]}]"
