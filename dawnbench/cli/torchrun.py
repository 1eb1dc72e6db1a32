"""One trial in several processes: starting them, and what each of them says and exits with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

import dawnbench
from dawnbench.cli.exit_codes import CRASHED, DIVERGED, DONE, INTERRUPTED, MISSED, NOT_MEASURED
from dawnbench.cli.group import sentence
from dawnbench.cli.signals import MEANT_TO_STOP
from dawnbench.engine.launched import Launched
from dawnbench.errors import DawnbenchError

EXIT_CODE_FILE = "DAWNBENCH_EXIT_CODE_FILE"
"""The variable that names the file to which rank 0 writes its exit code, as torchrun's own is 0 or 1."""

ENDED = (DONE, DIVERGED, MISSED)
"""The exit codes of a run that came to its end."""


def check_gpus(gpus: int, device: str) -> None:
    """Check that this machine has so many GPUs for a trial; loads torch.

    Raises:
        DawnbenchError: it has not, or the device is not a GPU.
    """
    if device not in ("auto", "cuda"):
        raise DawnbenchError(
            f"--gpus={gpus} takes that many NVIDIA GPUs, so it does not go with --device {device}; leave one "
            "of them out (several processes on a CPU: torchrun --nproc-per-node "
            f"{gpus} -m dawnbench run ... --device cpu)"
        )
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpus > count:
        raise DawnbenchError(
            f"--gpus={gpus} needs that many NVIDIA GPUs, and this machine has {count}; several processes on "
            f"a CPU: torchrun --nproc-per-node {gpus} -m dawnbench run ... --device cpu"
        )


def run_by_torchrun(processes: int, arguments: Sequence[str]) -> int:
    """Run `dawnbench` with these arguments in so many processes of this machine and return the exit code.

    Signals that should stop it are passed on.

    Raises:
        DawnbenchError: a process ended early; torchrun has printed which one and why.
    """
    # The processes run this very package, wherever they are started.
    package = str(Path(dawnbench.__file__).parents[1])
    path = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "exit-code"
        environment = os.environ | {
            EXIT_CODE_FILE: str(answer),
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONSAFEPATH": "1",
        }
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        words = [*launcher, f"--nproc-per-node={processes}", "-m", "dawnbench", *arguments]
        process = subprocess.Popen(words, env=environment)
        with _passing_on_signals(process) as passed_on:
            status = process.wait()
        code = int(answer.read_text()) if answer.exists() else None
    # torchrun interrupts rank 0 if another one ended, perhaps before rank 0 could tell which.
    untold = code == INTERRUPTED and not passed_on
    if code is None or untold or (code == 0 and status != 0):
        raise DawnbenchError(
            "a process of the run ended early, and with it the run; torchrun's report above says which one"
        )
    return code


@contextmanager
def _passing_on_signals(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass signals on to the process; yield those that came."""
    came: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if number != signal.SIGINT:  # a terminal sends this one to the whole group
            process.send_signal(number)

    numbers = [number for number in MEANT_TO_STOP if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def as_rank(place: Launched) -> Iterator[None]:
    """Run one rank's command, which exits: rank 0 speaks for all, the others only of failures of their own.

    Raises:
        DawnbenchError: the block failed; on all but rank 0 it names the rank.
    """
    if place.size == 1:
        yield
        return
    from dawnbench.engine.distributed import LostRankError, SaidByFirstError

    answer = os.environ.get(EXIT_CODE_FILE) if place.rank == 0 else None
    code = CRASHED
    try:
        yield
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else DONE
        # All ranks have come to an end: nothing for torchrun to report.
        if code in ENDED and (answer is not None or place.rank):
            sys.exit(DONE)
        raise
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    except (DawnbenchError, OSError, click.ClickException) as error:
        code = NOT_MEASURED
        if place.rank == 0:
            raise
        if isinstance(error, SaidByFirstError | LostRankError):
            sys.exit(code)
        why = error.format_message() if isinstance(error, click.ClickException) else sentence(error)
        raise DawnbenchError(f"rank {place.rank}: {why}") from error
    finally:
        if answer is not None:
            Path(answer).write_text(str(code))
