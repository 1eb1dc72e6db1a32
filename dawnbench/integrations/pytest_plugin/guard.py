"""The marker that compares the runs of a test with a baseline."""

from __future__ import annotations

import shlex
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
from dawnbench.stats.regression.judge import DEFAULT_METRICS, METRICS, Criteria, judge, obstacles
from dawnbench.stats.regression.judgement import Judgement, Metric

BASELINE_TRIALS = 10
"""The fewest trials that `dawnbench baseline save` accepts."""
RUNS = "baseline-runs"
"""Where the suggested command writes the runs for a baseline, apart from all other runs."""

Command = tuple[str, ...] | None
"""A `dawnbench run` command without a number of trials; None if no command trains the same."""


@dataclass(frozen=True)
class Guard:
    """The baseline and the criteria by which the runs of a test are judged."""

    path: Path
    """A baseline file, or the folder that holds RECIPE/DEVICE.json."""
    criteria: Criteria

    def check_before(self, item: pytest.Item, run: TrialSet, trials: int, command: Command) -> None:
        """Fail the test if it is known before the first trial that a run cannot be judged."""
        found = obstacles(run, trials, self._baseline(item, run, command), self.criteria)
        if found:
            raise _failure("; ".join(found) + "; nothing was trained")

    def check(self, item: pytest.Item, runs: Sequence[MeasuredRun]) -> None:
        """Fail the test if a run does not hold, or if there is no run to judge."""
        if not runs:
            raise _failure(
                "the test made no run with the fixture dawnbench_run, so there is nothing to compare"
            )
        judged = [self._judge(item, measured) for measured in runs]
        told = [_told(measured, judgement) for measured, judgement in zip(runs, judged, strict=True)]
        broken = [text for text, found in zip(told, judged, strict=True) if found.outcome != "holds"]
        if broken:
            pytest.fail("\n\n".join(broken), pytrace=False)
        item.add_report_section("call", "dawnbench", "\n\n".join(told))

    def _judge(self, item: pytest.Item, measured: MeasuredRun) -> Judgement:
        baseline = self._baseline(item, measured.series, measured.run_command)
        try:
            return judge(measured.series, baseline, self.criteria)
        except DawnbenchError as error:
            raise _failure(str(error)) from None

    def _baseline(self, item: pytest.Item, run: TrialSet, command: Command) -> TrialSet:
        """Return the baseline of a run; fail the test if there is none."""
        path = item.config.rootpath / self.path
        if path.suffix != ".json":
            path = baseline_path(path, run.identity.workload, run.identity.hardware)
        try:
            if not path.exists():
                raise DawnbenchError(
                    f"there is no baseline {path} for {run.identity.workload} on {run.identity.hardware}; "
                    + self._how_to_save(run, command)
                )
            return read_baseline(path)
        except DawnbenchError as error:
            raise _failure(str(error)) from None

    def _how_to_save(self, run: TrialSet, command: Command) -> str:
        """Return the commands that save the missing baseline, as run from pytest's root folder."""
        is_file = self.path.suffix == ".json"
        out = self.path.parent if is_file else self.path
        move = ("mv", str(baseline_path(out, run.identity.workload, run.identity.hardware)), str(self.path))
        moved = f" && {shlex.join(move)}" if is_file else ""
        save = ("dawnbench", "baseline", "save", f"{RUNS}/*", "--name", "main", "--out", str(out))
        if command is None:
            return (
                f"make a run of {BASELINE_TRIALS} trials with `dawnbench.run(recipe, out={RUNS!r})` and save "
                f"it with `{shlex.join(save)}{moved}`"
            )
        train = (*command, "--trials", str(BASELINE_TRIALS), "--out", RUNS)
        return f"save one with `{shlex.join(train)} && {shlex.join(save)}{moved}`"


def guard_of(marker: pytest.Mark) -> Guard:
    """Return the guard of a marker; an invalid marker fails the test before anything is trained."""
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
    """Return the guard for the arguments of a marker.

    Raises:
        ValueError, DawnbenchError: an argument is invalid.
    """
    unknown = [metrics] if isinstance(metrics, str) else [m for m in metrics if m not in METRICS]
    if unknown or not metrics:
        raise ValueError(f"metrics={metrics!r} is not a tuple of some of {', '.join(METRICS)}")
    if rule not in RULES_BY_NAME:
        raise ValueError(f"there is no timing rule {rule!r}; there are {', '.join(RULES_BY_NAME)}")
    slowdown = parse_share(max_slowdown, "max_slowdown=")
    drop = parse_share(max_accuracy_drop, "max_accuracy_drop=")
    return Guard(Path(path), Criteria(tuple(metrics), rule, slowdown, drop))


def _told(measured: MeasuredRun, judgement: Judgement) -> str:
    # pytest shows the first line in its closing summary.
    lines = [judgement.line, f"  {judgement.recipe_name} compared with the baseline {judgement.baseline}"]
    lines += [f"  {gate.metric} {gate.outcome}: {gate.sentence}" for gate in judgement.gates]
    lines += [f"  note: {note}" for note in judgement.notes]
    return "\n".join([*lines, f"  run: {measured.folder}"])


def _failure(why: str) -> BaseException:
    return pytest.fail.Exception(f"dawnbench_baseline: {why}", pytrace=False)
