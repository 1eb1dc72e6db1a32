"""report.md: a run from the result in one paragraph to the command that reproduces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dawnbench.records.published import read_published
from dawnbench.records.reader import Run
from dawnbench.records.rules import suiting_rule
from dawnbench.records.schema import TrialRecord
from dawnbench.records.trial_set import TrialSet, trial_set_of
from dawnbench.report.text.comparison_sections import (
    Held,
    comparison_blocks,
    comparisons,
    ladder_blocks,
)
from dawnbench.report.text.costs import cost_sentences, energy_sentence
from dawnbench.report.text.headline import headline
from dawnbench.report.text.log_views import LogView, log_view
from dawnbench.report.text.markdown import fenced, table
from dawnbench.report.text.model_table import model_table
from dawnbench.report.text.passes import passes_table
from dawnbench.report.text.sections import (
    reproducing_command,
    run_facts,
    segments_table,
    telemetry_table,
    timing_table,
)
from dawnbench.report.units import setting
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.progress import median_trial
from dawnbench.stats.run_warnings import find_warnings
from dawnbench.stats.spending import spending
from dawnbench.stats.trial_summary import summarise

Pictures = Mapping[str, str]
"""Paths of figures by name, as the report links to them."""

CAPTIONS = {
    "accuracy": "Validation accuracy against time, the target and when it was reached",
    "latency": "Mean, median and percentiles of the latency by pass",
    "throughput": "Images per second by batch size",
    "curves": "Loss and accuracy by epoch",
    "learning-rate": "Learning rate by step",
    "segments": "Time by segment, one bar per trial",
    "telemetry": "Telemetry of the median trial",
    "ladder": "The run among published times",
    "ratio": "Ratio of times with its interval",
    "times": "The trials' times, their mean and its interval",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """Paths of a report's figures, as the report links to them."""

    runs: tuple[Pictures, ...] = ()
    """For each run."""
    ratios: tuple[str | None, ...] = ()
    """For each run after the first that can be compared with it."""
    ladder: str | None = None


def report(
    runs: Sequence[Run],
    rule: str,
    view: LogView,
    drawn: Drawn | None = None,
    held: Held | None = None,
    prices: PriceList = UNPRICED,
) -> str:
    """Return the text of a report on one or more runs, with links to the figures that were drawn.

    `held` is the result of `comparisons` for these runs, if the caller has it.
    """
    drawn = drawn or Drawn()
    series = [trial_set_of(run) for run in runs]
    rule = suiting_rule(runs[0].record.kind, rule)
    found, refused = held or comparisons(series, rule)
    ladder = _ladder(series[0], rule, drawn)
    pictures = drawn.runs or ({},) * len(runs)
    if len(runs) == 1:
        return _joined(run_parts(runs[0], rule, view, pictures[0], prices, level=1, further=ladder))
    parts = [f"# {len(runs)} runs", _overview(series, rule)]
    parts += _comparisons(series, found, refused, drawn, prices)
    parts += ladder
    for run, of_run in zip(runs, pictures, strict=True):
        parts += run_parts(run, rule, view, of_run, prices, level=2)
    return _joined(parts)


def run_parts(
    run: Run,
    rule: str,
    view: LogView,
    pictures: Pictures,
    prices: PriceList,
    *,
    level: int,
    further: Sequence[str] = (),
) -> list[str]:
    """Return the blocks of a run's report; its title is a heading of level `level`.

    `further` are blocks that go after the results and before the warnings.
    """
    record, series = run.record, trial_set_of(run)
    rule = suiting_rule(record.kind, rule)
    summary, spent = summarise(series), spending(series, rule, prices.prices_of(series))
    title, below = "#" * level, "#" * (level + 1)
    suffix = "" if level == 1 else f" ({markdown(series.name)})"
    parts = [
        f"{title} {markdown(record.identity.recipe)} on {markdown(record.identity.hardware)}{suffix}",
        markdown_block(headline(series, summary, rule)),
        *_picture("accuracy", pictures),
        *_picture("latency", pictures),
    ]

    def section(heading: str, *blocks: str) -> None:
        # Headings with the same text in one document would share an anchor.
        parts.append(f"{below} {heading}{suffix}")
        parts.extend(blocks)

    median = median_trial(run.trials, rule)
    number = median.trial if median is not None else run.epochs[0].trial if run.epochs else 0
    if run.epochs_of(number):
        section(
            "Training log",
            _which(median, len(run.trials), rule),
            log_view(view, run.epochs_of(number), record.recipe),
            *_picture("curves", pictures),
            *_picture("learning-rate", pictures),
        )
    if run.trials:
        said = [energy_sentence(spent), *cost_sentences(spent, summary)]
        costs = "\n".join(f"- {markdown_block(sentence)}" for sentence in said)
        if record.inference is None:
            section("Trials", timing_table(run, spent), costs, *_picture("times", pictures))
        else:
            of_passes = (*_picture("times", pictures), *_picture("throughput", pictures))
            section("Passes", passes_table(run, spent), costs, *of_passes)
        section("Time by segment", segments_table(run), *_picture("segments", pictures))
        section("Telemetry", telemetry_table(run), *_picture("telemetry", pictures))
    parts.extend(further)
    warnings = [f"trial {t.trial}: {warning}" for t in run.trials for warning in t.warnings]
    notes = [*run.warnings, *record.notes, *warnings, *map(str, find_warnings(series, rule))]
    if notes:
        section("What to beware of", "\n".join(f"- {markdown_block(note)}" for note in notes))
    layers = model_table(record.model, trains=record.inference is None)
    section("Environment", run_facts(run), layers, _machine(run))
    section("How to reproduce", *_reproduce(run))
    return parts


def _overview(series: Sequence[TrialSet], rule: str) -> str:
    return "\n".join(
        f"- {markdown_block(one.name)}: {markdown(headline(one, summarise(one), rule))}" for one in series
    )


def _comparisons(
    series: Sequence[TrialSet],
    found: Sequence[Comparison],
    refused: Sequence[str],
    drawn: Drawn,
    prices: PriceList,
) -> list[str]:
    parts = [f"## Against {markdown(series[0].name)}"]
    for i, comparison in enumerate(found):
        picture = drawn.ratios[i] if drawn.ratios else None
        parts += comparison_blocks(comparison, prices)
        parts += [f"![{CAPTIONS['ratio']}]({picture})"] if picture else []
    return parts + [f"{markdown_block(why)}." for why in refused]


def _ladder(series: TrialSet, rule: str, drawn: Drawn) -> list[str]:
    blocks = ladder_blocks(series, read_published(), rule)
    picture = [f"![{CAPTIONS['ladder']}]({drawn.ladder})"] if drawn.ladder else []
    return ["## Among published times", *blocks, *picture] if blocks else []


def _which(median: TrialRecord | None, trials: int, rule: str) -> str:
    if median is None:
        return "The first trial, which did not finish."
    which = "the only one" if trials == 1 else f"the median of {trials} by the {rule} rule"
    return f"Trial {median.trial} (seed {median.seed}), {which}."


def _picture(name: str, pictures: Pictures) -> list[str]:
    return [f"![{CAPTIONS[name]}]({pictures[name]})"] if name in pictures else []


def _machine(run: Run) -> str:
    rows = [[markdown(name), markdown(value)] for name, value in _flat(run.record.environment)]
    return table(["Software and machine", "Value"], rows) if rows else "No environment was recorded."


def _flat(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield every known fact, with nested ones under names such as `cpu model`."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        elif value is not None:
            label = f"{before}{name.removesuffix('_bytes')}".replace("_", " ")
            yield label, setting(name, value)


def _reproduce(run: Run) -> list[str]:
    record = run.record
    commit = (record.environment.get("git") or {}).get("commit")
    at = f"dawnbench {record.dawnbench_version}" + (f" at commit {commit[:12]}" if commit else "")
    on_each = f", on each of the {record.nodes} nodes" if record.nodes > 1 else ""
    where = (
        f"With {markdown(at)}, data with fingerprint "
        f"{markdown(record.data.fingerprint[:16])} "
        f"and recipe digest {markdown(record.recipe_digest[:16])}{on_each}:"
    )
    if not record.command:
        return [f"{where} it was run from Python; the whole recipe is in run.json."]
    return [where, fenced(" ".join(reproducing_command(record).split()), "console")]


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"
