"""The large figures at the top of a run's page, and the facts about the run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dawnbench.records.prices import NO_PRICES
from dawnbench.records.reader import Run
from dawnbench.records.rules import known_rule
from dawnbench.records.schema import RunRecord
from dawnbench.records.tags import tags_text
from dawnbench.report.text.costs import price_facts, up_to
from dawnbench.report.text.passes import model_fact
from dawnbench.report.text.stopping import stopping_sentence
from dawnbench.report.units import flops, latency, number_bytes, percent, significant
from dawnbench.stats.cost import MILLION, dollars
from dawnbench.stats.inference_summary import InferenceSummary
from dawnbench.stats.sample import Sample
from dawnbench.stats.spending import Spending
from dawnbench.stats.trial_summary import Summary


@dataclass(frozen=True, slots=True)
class Tile:
    """One large figure at the top of the page."""

    label: str
    figure: str
    note: str


def tiles(summary: Summary, target: float, spent: Spending) -> list[Tile]:
    """Return the large figures: time under a rule, trials that reached the target, accuracy, energy, cost.

    Of an inference run: latency, throughput, accuracy, energy, cost.
    """
    if summary.inference is not None:
        return _inference_tiles(summary.inference, summary.accuracy, target, spent)
    found, rule = [], spent.rule
    times = next((times for times in summary.times if times.rule == rule), None)
    if times is not None and times.expected is not None and times.reached:
        expected, goal = times.expected, percent(target)
        what = f"Mean time to {goal}" if known_rule(rule).stops_at_target else "Mean time of a trial"
        spread = "" if expected.interval is None else _range(expected.interval.low, expected.interval.high)
        found.append(Tile(what, f"{significant(expected.seconds)} s", spread or f"{rule} rule"))
    found.append(Tile("Reached the target", f"{summary.reached} of {summary.trials}", "trials"))
    if summary.accuracy is not None:
        claim = summary.claim
        standing = f"target {percent(target)}: {claim.standing}" if claim else ""
        found.append(Tile("Mean final accuracy", percent(summary.accuracy.mean), standing))
    if summary.energy_to_target is not None:
        energy = summary.energy_to_target
        spread = "" if energy.interval is None else _range(energy.interval.low, energy.interval.high, "J")
        found.append(Tile("Mean energy to target", f"{significant(energy.mean)} J", spread))
    if spent.dollars is not None:
        price = f"at {dollars(spent.prices.cost_per_hour)} per hour, {rule} rule"
        found.append(Tile(f"Cost {up_to(rule)}", dollars(spent.dollars), price))
    return found


def _inference_tiles(
    found: InferenceSummary, accuracy: Sample | None, target: float, spent: Spending
) -> list[Tile]:
    mean, interval = found.mean, found.mean.interval
    spread = "inference rule"
    if interval is not None:
        spread = _range(1000 * interval.low, 1000 * interval.high, "ms")
    tiles = [
        Tile("Mean latency of an image", latency(mean.mean), spread),
        Tile("99th percentile", latency(found.p99.mean), f"median {latency(found.median.mean)}"),
    ]
    if found.throughputs:
        size = max(found.throughputs, key=lambda size: found.throughputs[size].mean)
        most = f"{found.throughputs[size].mean:,.0f} images/s"
        tiles.append(Tile("Most throughput", most, f"in batches of {size}"))
    if accuracy is not None:
        reaches = "reaches" if accuracy.least >= target else "misses"
        tiles.append(Tile("Accuracy", percent(accuracy.mean), f"{reaches} {percent(target)}"))
    if found.energy is not None:
        tiles.append(Tile("Energy per image", f"{significant(1000 * found.energy.mean)} mJ", ""))
    if spent.dollars is not None:
        price = f"at {dollars(spent.prices.cost_per_hour)} per hour"
        tiles.append(Tile(f"Cost {up_to(spent.rule)}", dollars(MILLION * spent.dollars), price))
    return tiles


def _range(low: float, high: float, unit: str = "s") -> str:
    if not math.isfinite(high):
        return f"95 % interval of the mean from {significant(low)} {unit}, with no upper bound"
    return f"95 % interval of the mean {significant(low)} to {significant(high)} {unit}"


def _model(record: RunRecord) -> str:
    model = record.model
    if record.inference is not None:
        return f"{model_fact(record.inference)}; {model.parameters + model.fixed_parameters:,} parameters"
    return (
        f"{model.parameters:,} parameters trained, {model.fixed_parameters:,} fixed; "
        f"{flops(model.flops_per_step)} per step, {flops(model.flops_per_trial)} per trial"
    )


def software(run: Run) -> str:
    """Return the version that made the run, and the commit if it was a checkout."""
    commit = (run.record.environment.get("git") or {}).get("commit")
    return f"dawnbench {run.record.dawnbench_version}" + (f" at commit {commit[:12]}" if commit else "")


def facts(run: Run) -> list[tuple[str, str]]:
    """Return the run's device, data, model and software, by name."""
    record = run.record
    data = record.data
    height, width, channels = data.image_shape
    found = [
        ("Run", run.folder.resolve().name),
        ("Begun", f"{record.created}, {record.status}"),
        *([("Tags", tags_text(record.tags))] if record.tags else []),
        ("Target", f"{percent(record.target)} validation accuracy"),
        ("Device", f"{record.identity.hardware} ({record.device}), precision {record.identity.conditions}"),
        (
            "Data",
            f"{data.source}: {data.train_images:,} training and {data.validation_images:,} validation "
            f"images, {height} x {width} x {channels}, {data.classes} classes",
        ),
        ("Data fingerprint", data.fingerprint),
        *([("Changed in the recipe", ", ".join(changed))] if (changed := record.identity.changed) else []),
        ("Recipe digest", record.recipe_digest),
        ("Model", _model(record)),
        ("Software", software(run)),
    ]
    if record.prices != NO_PRICES:
        found.append(("Prices given", price_facts(record.prices)))
    if record.stopping is not None:
        found.append(("Trials", stopping_sentence(record.stopping)))
    if record.predicted_memory_bytes is not None:
        found.append(("Memory predicted", number_bytes(record.predicted_memory_bytes)))
    return found
