"""The marker that compares a test's runs with a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.integrations.pytest_plugin.measured import MeasuredRun
from dawnbench.records.baseline import baseline_path, read_baseline
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.share import parse_share
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.regression.judge import DEFAULT_METRICS, METRICS, judge
from dawnbench.stats.regression.judgement import Judgement, Metric


@dataclass(frozen=True)
class Guard:
    """The criteria for a test's runs."""

    path: Path
    """A baseline file, or the folder that contains RECIPE/DEVICE.json."""
    metrics: tuple[Metric, ...]
    rule: str
    max_slowdown: float
    """A fraction."""
    max_accuracy_drop: float
    """A fraction: 0.001 is 0.1 points."""

    def check(self, item: pytest.Item, runs: Sequence[MeasuredRun]) -> None:
        """Fail the test if a run regressed, or if there is no run to judge."""
        if not runs:
            raise _failure(
                "the test made no run with the fixture dawnbench_run, so the baseline guards nothing"
            )
        judged = [self._judge(item, measured.series) for measured in runs]
        texts = [_text(measured, judgement) for measured, judgement in zip(runs, judged, strict=True)]
        broken = [text for text, found in zip(texts, judged, strict=True) if found.outcome != "holds"]
        if broken:
            pytest.fail("\n\n".join(broken), pytrace=False)
        item.add_report_section("call", "dawnbench", "\n\n".join(texts))

    def _judge(self, item: pytest.Item, series: TrialSet) -> Judgement:
        path = item.config.rootpath / self.path
        if path.suffix != ".json":
            path = baseline_path(path, series.recipe_name, series.device_name)
        try:
            if not path.exists():
                raise DawnbenchError(
                    f"there is no baseline {path} for {series.recipe_name} on {series.device_name}; make one "
                    "with `dawnbench run --trials 10` and `dawnbench baseline save`"
                )
            return judge(
                series,
                read_baseline(path),
                metrics=self.metrics,
                rule=self.rule,
                max_slowdown=self.max_slowdown,
                max_accuracy_drop=self.max_accuracy_drop,
            )
        except DawnbenchError as error:
            raise _failure(str(error)) from None


def guard_of(marker: pytest.Mark) -> Guard:
    """Return the guard that a marker describes; an invalid marker fails the test before training."""
    try:
        return dawnbench_baseline(*marker.args, **marker.kwargs)
    except (TypeError, ValueError, DawnbenchError) as error:
        raise _failure(str(error).removeprefix("dawnbench_baseline() ")) from None


def dawnbench_baseline(
    path: str | Path,
    *,
    metrics: Sequence[Metric] = DEFAULT_METRICS,
    rule: str = "dawnbench",
    max_slowdown: float | str = 0.02,
    max_accuracy_drop: float | str = 0.001,
) -> Guard:
    """Return the guard for the marker's arguments.

    Raises:
        ValueError, DawnbenchError: an argument is invalid.
    """
    unknown = [metrics] if isinstance(metrics, str) else [m for m in metrics if m not in METRICS]
    if unknown or not metrics:
        raise ValueError(f"metrics={metrics!r} is not a non-empty tuple of {', '.join(METRICS)}")
    if rule not in RULES_BY_NAME:
        raise ValueError(f"unknown timing rule {rule!r}; use one of {', '.join(RULES_BY_NAME)}")
    slowdown = parse_share(max_slowdown, "max_slowdown=")
    drop = parse_share(max_accuracy_drop, "max_accuracy_drop=")
    return Guard(Path(path), tuple(metrics), rule, slowdown, drop)


def _text(measured: MeasuredRun, judgement: Judgement) -> str:
    # pytest's final summary shows the first line.
    lines = [judgement.line, f"  {judgement.recipe_name} compared with the baseline {judgement.baseline}"]
    lines += [f"  {gate.metric} {gate.outcome}: {gate.sentence}" for gate in judgement.gates]
    lines += [f"  note: {note}" for note in judgement.notes]
    return "\n".join([*lines, f"  run: {measured.folder}"])


def _failure(why: str) -> BaseException:
    return pytest.fail.Exception(f"dawnbench_baseline: {why}", pytrace=False)
