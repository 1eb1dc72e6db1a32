"""What the trials of a run or a baseline come to, as a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.rules import stops_at_target
from dawnbench.records.schema import SCHEMA_VERSION, StoppingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.claim import Claim
from dawnbench.stats.cost import MILLION, cost_of_energy, emission_of_energy
from dawnbench.stats.inference_summary import InferenceSummary
from dawnbench.stats.run_warnings import RunWarning
from dawnbench.stats.sample import Sample
from dawnbench.stats.spending import Spending
from dawnbench.stats.trial_summary import Summary
from dawnbench.stats.trial_values import Times


@dataclass(frozen=True, slots=True)
class Figures:
    """Values of several trials; all fields but `count` are in the unit that the name of the figure says."""

    count: int
    mean: float
    median: float
    std: float | None
    """Sample standard deviation (n - 1); None for a single value."""
    least: float
    most: float
    low: float | None
    """Lower bound of the mean's 95 % interval; None if there is none."""
    high: float | None
    """Upper bound."""


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The times under one timing rule."""

    rule: str
    seconds: Figures | None
    """Of the trials that the rule gives a time for."""
    missed: int
    """Trials that missed what the rule requires, such as the target."""
    expected_seconds: float | None
    """To the target if one retries until a trial reaches it; None if none did."""
    expected_seconds_low: float | None
    """Lower bound of its 95 % interval."""
    expected_seconds_high: float | None
    """Upper bound; None if there is none."""


@dataclass(frozen=True, slots=True)
class CostFigures:
    """What a trial costs, as far as prices were given and energy was measured."""

    machine_dollars: float | None
    """For the expected time under `rule`."""
    electricity_to_target_dollars: float | None
    electricity_per_trial_dollars: float | None
    carbon_to_target_grams: float | None
    """Of CO2 equivalent."""
    carbon_per_trial_grams: float | None
    """Of CO2 equivalent."""


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """Throughput in batches of one size."""

    batch_size: int
    images_per_second: Figures


@dataclass(frozen=True, slots=True)
class InferenceFigures:
    """How fast a model answers, over the passes of an inference run; seconds and joules are of one image.

    The mean latency is under the rule `inference` in `times`.
    """

    runtime: str
    """torch, torch compiled or onnx."""
    images: int
    """Of a pass."""
    median_seconds: Figures
    p90_seconds: Figures
    p99_seconds: Figures
    max_seconds: Figures
    throughputs: tuple[BatchFigures, ...]
    """In ascending order of the batch size."""
    dollars_per_million_images: float | None
    """Of the machine; None without a price."""


@dataclass(frozen=True, slots=True)
class SummaryDocument:
    """What `dawnbench show RUN --json` prints."""

    kind: Literal["dawnbench show run"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    name: str
    """Of the run folder or the baseline, or the glob as given."""
    created: str
    """UTC, ISO 8601; of the first run if there are several."""
    dawnbench_version: str
    recipe_name: str
    recipe_digest: str
    changed: tuple[str, ...]
    """What was changed in the recipe, as `path=value`."""
    target: float
    """Validation accuracy to reach, 0 to 1."""
    data: str
    """The data's source, as the user named it."""
    fingerprint: str
    """Of the data; results on different data are not comparable."""
    device: str
    """What was asked for: cpu, cuda, cuda:1, mps."""
    device_name: str
    precision: str
    threads: int | None
    """Threads of the processor that computed; None if a GPU computed, and in older runs."""
    tags: dict[str, str]
    """The user's own labels for the run, by key; of several runs, those that all have."""
    rule: str
    """The timing rule that `costs` and `warnings` go by."""
    trials: int
    """Those that say something about the recipe."""
    reached: int
    """Trials in which an epoch reached the target."""
    diverged: int
    left_out: int
    """Trials that were interrupted or failed before the target."""
    times: tuple[RuleFigures, ...]
    epochs_to_target: Figures | None
    accuracy: Figures | None
    """Validation accuracy after the last epoch, 0 to 1."""
    energy_joules: Figures | None
    """Of a whole trial; of an inference run, of one image."""
    energy_to_target_joules: Figures | None
    claim: Claim | None
    """Whether the mean accuracy is at least the target; a trial that diverged counts as 0."""
    stopping: StoppingRecord | None
    """How `--trials auto` decided on the number of trials; null for a number fixed in advance."""
    costs: CostFigures
    warnings: tuple[str, ...]
    """What is doubtful about the figures, one sentence each."""
    inference: InferenceFigures | None = None
    """Left out for a training."""
    devices: int = 1
    """How many of `device_name` trained each trial together. Left out for one."""
    nodes: int = 1
    """How many machines those are in. Left out for one device."""


def summary_json(series: TrialSet, summary: Summary, found: Sequence[RunWarning], spent: Spending) -> str:
    """Return the results with their spread as JSON, which show-run-v1.json describes."""
    one = series.identity
    of_trials = (f"trial {trial.trial}: {warning}" for trial in series.trials for warning in trial.warnings)
    document = SummaryDocument(
        kind="dawnbench show run",
        schema_version=SCHEMA_VERSION,
        name=series.name,
        created=series.created,
        dawnbench_version=series.dawnbench_version,
        recipe_name=one.recipe_name,
        recipe_digest=one.recipe_digest,
        changed=one.changed,
        target=one.target,
        data=one.data,
        fingerprint=one.fingerprint,
        device=one.device,
        device_name=one.device_name,
        precision=one.precision,
        threads=one.threads,
        tags=series.tags,
        rule=spent.rule,
        trials=summary.trials,
        reached=summary.reached,
        diverged=summary.diverged,
        left_out=summary.left_out,
        times=tuple(map(_rule_figures, summary.times)),
        epochs_to_target=_figures(summary.epochs),
        accuracy=_figures(summary.accuracy),
        energy_joules=_figures(summary.energy),
        energy_to_target_joules=_figures(summary.energy_to_target),
        claim=summary.claim,
        stopping=series.stopping,
        costs=_costs(summary, spent),
        warnings=(*map(str, found), *of_trials, *series.warnings),
        inference=None if summary.inference is None else _inference(one.inference, summary.inference, spent),
        devices=one.devices,
        nodes=one.nodes,
    )
    content = asdict(document)
    if document.inference is None:
        del content["inference"]
    if document.devices == 1:
        del content["devices"], content["nodes"]
    return as_json(finite(content))


def _inference(runtime: str, found: InferenceSummary, spent: Spending) -> InferenceFigures:
    return InferenceFigures(
        runtime=runtime,
        images=found.images,
        median_seconds=_known_figures(found.median),
        p90_seconds=_known_figures(found.p90),
        p99_seconds=_known_figures(found.p99),
        max_seconds=_known_figures(found.longest),
        throughputs=tuple(
            BatchFigures(size, _known_figures(rates)) for size, rates in found.throughputs.items()
        ),
        dollars_per_million_images=None if spent.dollars is None else MILLION * spent.dollars,
    )


def _figures(sample: Sample | None) -> Figures | None:
    return None if sample is None else _known_figures(sample)


def _known_figures(sample: Sample) -> Figures:
    low, high = (None, None) if sample.interval is None else (sample.interval.low, sample.interval.high)
    return Figures(sample.count, sample.mean, sample.median, sample.std, sample.least, sample.most, low, high)


def _rule_figures(times: Times) -> RuleFigures:
    expected = times.expected
    interval = None if expected is None else expected.interval
    return RuleFigures(
        rule=times.rule,
        seconds=_figures(times.sample),
        missed=len(times.missed),
        expected_seconds=None if expected is None else expected.seconds,
        expected_seconds_low=None if interval is None else interval.low,
        expected_seconds_high=None if interval is None else interval.high,
    )


def _costs(summary: Summary, spent: Spending) -> CostFigures:
    prices = spent.prices
    to_target = None if summary.energy_to_target is None else summary.energy_to_target.mean
    if stops_at_target(spent.rule):
        to_target = spent.joules
    per_trial = None if summary.energy is None else summary.energy.mean
    return CostFigures(
        machine_dollars=spent.dollars,
        electricity_to_target_dollars=cost_of_energy(to_target, prices),
        electricity_per_trial_dollars=cost_of_energy(per_trial, prices),
        carbon_to_target_grams=emission_of_energy(to_target, prices),
        carbon_per_trial_grams=emission_of_energy(per_trial, prices),
    )
