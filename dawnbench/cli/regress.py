"""A run judged against its baseline, printed and exported."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from dawnbench.cli.exit_codes import DONE, NOT_MEASURED, REGRESSION
from dawnbench.cli.group import not_comparable, sentence
from dawnbench.errors import DawnbenchError
from dawnbench.export.bencher import bencher as to_bencher
from dawnbench.export.github_action_benchmark import github_action_benchmark as to_github_action
from dawnbench.export.judgement_json import judgement_json
from dawnbench.export.junit import junit as to_junit
from dawnbench.records.baseline import baseline_path, read_baseline
from dawnbench.records.files import write
from dawnbench.records.rules import known_rule
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.console import open_console
from dawnbench.report.github_summary import add_to_step_summary
from dawnbench.report.github_summary import github_summary as to_github_summary
from dawnbench.report.judgement import judgement_report
from dawnbench.safe_text import one_line, plain_lines
from dawnbench.stats.regression.judge import DEFAULT_METRICS, judge
from dawnbench.stats.regression.judgement import Judgement, Metric, Outcome
from dawnbench.stats.sources import open_trial_set

BASELINES = Path("baselines")
EXIT_CODES: dict[Outcome, int] = {
    "holds": DONE,
    "regression": REGRESSION,
    "too fast": REGRESSION,
    "not comparable": NOT_MEASURED,
    "too few trials": NOT_MEASURED,
}


def judge_and_show(
    run: str,
    *,
    baseline: Path | None,
    metrics: Sequence[Metric],
    max_slowdown: float,
    max_accuracy_drop: float,
    rule: str,
    across: bool,
    as_json: bool,
    github_summary: bool,
    junit: Path | None,
    github_action_benchmark: Path | None,
    bencher: Path | None,
) -> int:
    """Print the judgement, write the formats asked for, and return the exit code.

    The closing line is printed in any case; an error ends it as not comparable.
    """
    try:
        known_rule(rule)
        series = open_trial_set(run)
        found = judge(
            series,
            read_baseline(baseline or _default(series)),
            metrics=tuple(dict.fromkeys(metrics)) or DEFAULT_METRICS,
            rule=rule,
            max_slowdown=max_slowdown,
            max_accuracy_drop=max_accuracy_drop,
            across=across,
        )
        # Shown before anything is written, so that a full disk does not hide a regression.
        if as_json:
            click.echo(judgement_json(found), nl=False)
        else:
            open_console().print(judgement_report(found), highlight=False)
        _write(found, junit, github_action_benchmark, bencher)
        if github_summary:
            _summarise(found, as_json)
    except (DawnbenchError, OSError) as error:
        click.echo(f"dawnbench: {one_line(sentence(error))}", err=True)
        click.echo(not_comparable(sentence(error)), err=as_json)
        return NOT_MEASURED
    except Exception:
        # A bug of ours, whose traceback would end with status 1 and read as a regression.
        traceback.print_exc()
        click.echo(not_comparable("dawnbench itself failed; standard error has the traceback"), err=as_json)
        return NOT_MEASURED
    click.echo(one_line(found.line), err=as_json)
    return EXIT_CODES[found.outcome]


def _default(series: TrialSet) -> Path:
    path = baseline_path(BASELINES, series.recipe_name, series.device_name)
    if not path.is_file():
        raise DawnbenchError(
            f"there is no {path}, the baseline of {series.recipe_name} on {series.device_name}; save one by "
            "`dawnbench baseline save RUN --name NAME`, or name a file with --baseline"
        )
    return path


def _write(
    found: Judgement, junit: Path | None, github_action_benchmark: Path | None, bencher: Path | None
) -> None:
    if junit is not None:
        write(to_junit(found, datetime.now(UTC)), junit)
    if github_action_benchmark is not None:
        write(to_github_action(found), github_action_benchmark)
    if bencher is not None:
        write(to_bencher(found), bencher)


def _summarise(found: Judgement, as_json: bool) -> None:
    """Add the table to GitHub's file, or print it where there is none."""
    text = to_github_summary(found)
    if not add_to_step_summary(text, os.environ):
        click.echo(plain_lines(text).rstrip("\n"), err=as_json)
