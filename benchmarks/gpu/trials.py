"""Parts (b) and (c): a recipe's trials, by the command line as anybody would run it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.gpu.child import ROOT, PartError, environment, last_line
from benchmarks.gpu.settings import Settings
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import TrialRecord
from dawnbench.report.log import write_log
from dawnbench.report.units import percent, seconds

GRACE_SECONDS = 10.0
"""That an interrupted run has to write its records."""
STRICT_SECONDS = 12.0
EPOCHS_APART = 1.03


@dataclass(frozen=True)
class Trials:
    """Which trials."""

    recipe: str
    compiled: bool

    @property
    def name(self) -> str:
        return f"{self.recipe}{'-compiled' if self.compiled else ''}"


def run_trials(which: Trials, settings: Settings, limit: float, folder: Path) -> Run:
    """Run as many of the trials as the time allows; what is under way at the limit is broken off.

    Raises:
        PartError: no trial came to its end.
    """
    out = folder / which.name
    sets = (f"compile={str(which.compiled).lower()}", *settings.overrides)
    command = [sys.executable, "-m", "dawnbench", "run", which.recipe, "--out", str(out)]
    command += ["--device", settings.device, "--data", settings.data, "--trials", str(settings.trials)]
    command += [word for setting in sets for word in ("--set", setting)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that torch.compile's workers can be ended with it
    )
    said = wait_or_interrupt(process, limit)
    found = sorted(out.glob("*/run.json"))
    run = read_run(found[-1].parent) if found else None
    if run is None or not any(trial.status == "finished" for trial in run.trials):
        raise PartError(said)
    write_log(run.folder)
    return run


def wait_or_interrupt(process: subprocess.Popen[str], limit: float) -> str:
    """Return the process's last word, ending it as Ctrl-C does when the time is over."""
    try:
        return last_line(process.communicate(timeout=limit)[1])
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return f"not done within {limit:.0f} s"


def keep_log(run: Run, target: Path) -> None:
    shutil.copyfile(run.folder / "log.md", target)


def describe_trials(run: Run) -> list[str]:
    """Return the trials' table and what they come to."""
    finished = [trial for trial in run.trials if trial.status == "finished"]
    header = ["trial", "strict", "dawnbench", "epochs to target", "final accuracy", "epochs, slowest/fastest"]
    lines = [f"| {' | '.join(header)} |", "|" + " ---: |" * len(header)]
    lines += [_row(run, trial) for trial in finished]
    spreads = [_spread(run, trial) for trial in finished]
    strict = [trial.seconds["strict"] or 0.0 for trial in finished]
    lines += [
        "",
        f"- {len(finished)} of {run.record.trials} trials finished, precision {run.record.precision}; "
        f"median strict time {median(strict):.3f} s",
        f"- at most {STRICT_SECONDS:g} s strict: {_verdict([s <= STRICT_SECONDS for s in strict])}",
        f"- epochs of a trial within 3 %: {_verdict([spread <= EPOCHS_APART for spread in spreads])}",
        "- train seconds of the first trial's epochs: "
        + ", ".join(f"{epoch.train_seconds:.4f}" for epoch in run.epochs_of(finished[0].trial)),
    ]
    return lines + [f"- trial {t.trial}: {warning}" for t in finished for warning in t.warnings]


def _row(run: Run, trial: TrialRecord) -> str:
    cells = [
        str(trial.trial),
        seconds(trial.seconds["strict"]),
        seconds(trial.seconds["dawnbench"]),
        str(trial.epochs_to_target or "-"),
        percent(trial.accuracy),
        f"{_spread(run, trial):.3f}",
    ]
    return f"| {' | '.join(cells)} |"


def _spread(run: Run, trial: TrialRecord) -> float:
    times = [epoch.train_seconds for epoch in run.epochs_of(trial.trial)]
    return max(times) / min(times)


def _verdict(met: list[bool]) -> str:
    return f"{'met' if all(met) else 'NOT met'} ({sum(met)} of {len(met)} trials)"
