"""The verb `dawnbench regress`: judge a run against its baseline."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.exit_codes import DONE, NOT_MEASURED, REGRESS_EXPLAINED, REGRESSION
from dawnbench.cli.group import Judging, main, not_comparable, sentence
from dawnbench.cli.options import across_option, reading_rule_option
from dawnbench.cli.parameter_types import SHARE
from dawnbench.cli.run_argument import complete_run
from dawnbench.errors import DawnbenchError
from dawnbench.safe_text import one_line, plain_lines

if TYPE_CHECKING:
    from dawnbench.records.trial_set import TrialSet
    from dawnbench.stats.regression.judge import Criteria
    from dawnbench.stats.regression.judgement import Judgement, Metric, Outcome

BASELINES = Path("baselines")
EXIT_CODES: dict[Outcome, int] = {
    "holds": DONE,
    "regression": REGRESSION,
    "too fast": REGRESSION,
    "not comparable": NOT_MEASURED,
    "too few trials": NOT_MEASURED,
}


@main.command(cls=Judging, epilog=REGRESS_EXPLAINED)
@click.argument("run", shell_complete=complete_run)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="The reference; by default baselines/RECIPE/DEVICE.json for the run's recipe and device.",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    type=click.Choice(["time", "epochs", "accuracy", "energy"]),
    help="Metric to judge; repeatable. By default time, epochs and accuracy; of an inference run time "
    "and accuracy.",
)
@click.option(
    "--max-slowdown",
    type=SHARE,
    default="2%",
    show_default=True,
    help="Allowed increase in time and energy.",
)
@click.option(
    "--max-accuracy-drop",
    type=SHARE,
    default="0.1%",
    show_default=True,
    help="Allowed drop in mean final accuracy, in percentage points.",
)
@reading_rule_option
@across_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print the judgement as JSON; the closing line goes to stderr."
)
@click.option(
    "--github-summary",
    is_flag=True,
    help="Add a table to $GITHUB_STEP_SUMMARY, or print it if that is unset.",
)
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML to this file.")
@click.option(
    "--github-action-benchmark",
    type=click.Path(path_type=Path),
    help="Write customSmallerIsBetter JSON to this file.",
)
@click.option("--bencher", type=click.Path(path_type=Path), help="Write Bencher Metric Format to this file.")
def regress(
    run: str,
    baseline: Path | None,
    metrics: tuple[Metric, ...],
    rule: str | None,
    across: bool,
    **options: Any,
) -> None:
    """Judge RUN against a baseline.

    RUN is a run (its folder, its name, or latest), or a quoted glob of run folders whose trials are pooled.

    Time to the target, epochs to the target and final accuracy are judged separately, or the latency and the
    accuracy of an inference run; the last line begins with `regress: `.
    """
    from dawnbench.stats.regression.judge import Criteria

    slowdown, drop = options.pop("max_slowdown"), options.pop("max_accuracy_drop")
    criteria = Criteria(tuple(dict.fromkeys(metrics)) or None, rule, slowdown, drop, across)
    sys.exit(judge_and_show(run, baseline, criteria, Outputs(**options)))


@dataclass(frozen=True, slots=True)
class Outputs:
    """The forms in which a judgement is printed and written."""

    as_json: bool
    """Print the judgement as JSON; the closing line goes to standard error."""
    github_summary: bool
    """Add a table to the step's summary on GitHub, or print it elsewhere."""
    junit: Path | None
    """The file for JUnit XML."""
    github_action_benchmark: Path | None
    """The file for customSmallerIsBetter JSON."""
    bencher: Path | None
    """The file for Bencher Metric Format."""


def judge_and_show(run: str, baseline: Path | None, criteria: Criteria, outputs: Outputs) -> int:
    """Print the judgement, write the requested formats, and return the exit code.

    `baseline` is None for the baseline of the run's recipe and device. The closing line is always
    printed; after an error it says "not comparable".
    """
    from dawnbench.export.judgement_json import judgement_json
    from dawnbench.records.baseline import read_baseline
    from dawnbench.report.text.console import open_console
    from dawnbench.report.text.judgement import judgement_report
    from dawnbench.stats.pooling import open_trial_set
    from dawnbench.stats.regression.judge import judge

    try:
        series = open_trial_set(run)
        found = judge(series, read_baseline(baseline or _default(series)), criteria)
        # Print before writing any file, so that a full disk does not hide a regression.
        if outputs.as_json:
            click.echo(judgement_json(found), nl=False)
        else:
            open_console().print(judgement_report(found), highlight=False)
        _write(found, outputs)
        if outputs.github_summary:
            _summarise(found, outputs.as_json)
    except (DawnbenchError, OSError) as error:
        return _not_measured(sentence(error), outputs)
    except Exception:
        # Our own bug; an uncaught exception would exit with status 1 and read as a regression.
        traceback.print_exc()
        return _not_measured("dawnbench itself failed; standard error has the traceback", outputs)
    click.echo(one_line(found.line), err=outputs.as_json)
    return EXIT_CODES[found.outcome]


def _not_measured(why: str, outputs: Outputs) -> int:
    click.echo(not_comparable(why), err=outputs.as_json)
    return NOT_MEASURED


def _default(series: TrialSet) -> Path:
    from dawnbench.records.baseline import baseline_path

    one = series.identity
    path = baseline_path(BASELINES, one.workload, one.hardware)
    if not path.is_file():
        raise DawnbenchError(
            f"there is no {path}, the baseline of {one.workload} on {one.hardware}; save "
            "one with `dawnbench baseline save RUN --name NAME`, or name a file with --baseline"
        )
    return path


def _write(found: Judgement, outputs: Outputs) -> None:
    from dawnbench.export.bencher import bencher
    from dawnbench.export.github_action_benchmark import github_action_benchmark
    from dawnbench.export.junit import junit
    from dawnbench.records.files import write

    if outputs.junit is not None:
        write(junit(found, datetime.now(UTC)), outputs.junit)
    if outputs.github_action_benchmark is not None:
        write(github_action_benchmark(found), outputs.github_action_benchmark)
    if outputs.bencher is not None:
        write(bencher(found), outputs.bencher)


def _summarise(found: Judgement, as_json: bool) -> None:
    """Add the table to GitHub's file, or print it if there is none."""
    from dawnbench.report.text.github_summary import add_to_step_summary, github_summary

    text = github_summary(found)
    if not add_to_step_summary(text, os.environ):
        click.echo(plain_lines(text).rstrip("\n"), err=as_json)
