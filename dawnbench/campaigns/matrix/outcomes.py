"""What an attempt came to: a result, its own fault, or something that happened to it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from dawnbench.campaigns.matrix.job import Performed
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import Outcome
from dawnbench.records.index import is_run_folder, subfolders
from dawnbench.records.reader import Run, read_run

KILLED = {128 + signal.SIGKILL, 128 + signal.SIGTERM, 130}
"""Exit statuses of a shell's command that a signal ended, and of `dawnbench run` interrupted by one that the
campaign did not send, as on a machine that is taken away."""
MACHINE_FAULTS = ("ran out of memory", "CUDA error", "CUDA out of memory", "NCCL error", "stopped working")
"""Words in the reason of an attempt that failed through no fault of the trial's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt came to."""

    outcome: Outcome
    run: Path | None
    """The run folder; None if there is none."""
    reason: str | None
    """Why there is no result, or why the trial diverged."""
    marks: tuple[str, ...] = ()
    """What its own telemetry says against its times."""


def judge(out: Path, performed: Performed | None, *, stopped: bool = False) -> Verdict:
    """Return what the attempt in the folder `out` came to.

    `performed` is None if nobody waited for its end. `stopped` means that the campaign ended it.
    """
    folders = found_runs(out)
    if results := [verdict for one in folders if (verdict := of_run(one)) is not None]:
        return results[0]
    folder = folders[-1] if folders else None
    if stopped:
        return Verdict("interrupted", folder, "the campaign was stopped")
    if performed is None:
        return Verdict("died", folder, "the campaign ended before this attempt did")
    status, reason = performed.status, performed.reason
    if status is None:
        return Verdict("died", folder, reason)
    if status < 0 or status in KILLED:
        return Verdict("died", folder, _killed(status))
    if any(words in reason for words in MACHINE_FAULTS):
        return Verdict("died", folder, reason)
    return Verdict("failed", folder, reason or f"it ended with exit status {status} without a result")


def of_run(folder: Path) -> Verdict | None:
    """Return the result in a run folder; None if its trial has not ended there."""
    try:
        run = read_run(folder, ledgers=False)
    except DawnbenchError:
        return None
    if run.record.status != "finished" or not run.trials:
        return None
    trial = run.trials[-1]
    if trial.status == "diverged":
        return Verdict("diverged", folder, trial.reason, _marks(run))
    return Verdict("finished", folder, None, _marks(run)) if trial.status == "finished" else None


def found_runs(out: Path) -> list[Path]:
    """Return the run folders in an attempt's folder, of which a job that was requeued leaves several.

    Links are left alone: they may lead to the runs of others.
    """
    names = subfolders(out) if out.is_dir() and not out.is_symlink() else []
    paths = [out / name for name in sorted(names)]
    return [path for path in paths if is_run_folder(path) and not path.is_symlink()]


def _marks(run: Run) -> tuple[str, ...]:
    telemetry = run.trials[-1].telemetry
    others = None if telemetry is None else telemetry.readings.get("gpu_other_processes")
    return ("other processes used the GPU during the trial",) if others and others.peak > 0 else ()


def _killed(status: int) -> str:
    number = -status if status < 0 else status - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    memory = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"it was killed by {name}{memory}"
