"""Kill trainings with SIGKILL at every kind of segment, resume them, and check that nothing was lost.

`python -m tests.reliability.resumes [NUMBER]` prints a Markdown table. A run is killed up to three times: at
first, and while it is resumed. What it comes to is compared with the same run left alone. The parent makes
that run and forks.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dawnbench.cli import main
from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import TINY_RECIPE
from tests.reliability.kills import forked

TRIALS, EPOCHS = 3, 3
RUN = (
    *("run", "tiny.py", f"--trials={TRIALS}", f"--epochs={EPOCHS}", "--checkpoint-every=1"),
    *("--save-model", "--json", "--device=cpu"),
)
RESUME = ("--recipe=tiny.py", "--json")
OCCASIONS = {
    **dict.fromkeys(("load", "build", "compile"), 1),
    **dict.fromkeys(("to_device", "reset", "init", "final_evaluate"), TRIALS),
    **dict.fromkeys(("checkpoint", "evaluate"), TRIALS * (EPOCHS - 1)),
    **dict.fromkeys(("train", "record"), TRIALS * EPOCHS),
}
"""How often each kind of segment occurs in a run."""
MAX_DELAY = 0.02
"""Seconds between the start of a segment and the kill; most segments of this run take 1 to 20 ms."""
KILLS = (0.6, 0.3)
"""How likely the first and the second resumption are killed as well."""
LINES = ("trials", "epochs")
TIMES = (
    *("train_seconds", "evaluate_seconds", "slowest_train_seconds", "slowest_evaluate_seconds"),
    "energy_joules",
)


def main_with(number: int) -> int:
    """Kill at least so many times, print the table, and return 1 if anything was lost."""
    # Before torch is loaded: many threads of a tiny model mostly wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    draw, troubles = random.Random(0), []
    kills: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("tiny.py").write_text(TINY_RECIPE)
        whole = read_run(_left_alone(Path("whole")))
        while sum(kills.values()) < number:
            troubles += _one(Path(f"after-{sum(kills.values())}"), draw, whole, kills)
    print("| killed in | resumed from a checkpoint | from the seed | nothing to resume |")
    print("| --- | ---: | ---: | ---: |")
    for segment in OCCASIONS:
        counts = (str(kills[segment, how]) for how in ("checkpoint", "seed", "nothing"))
        print(f"| `{segment}` | {' | '.join(counts)} |")
    print(f"\n{sum(kills.values())} kills, {len(troubles)} troubles")
    print("\n".join(troubles))
    return bool(troubles)


def _one(out: Path, draw: random.Random, whole: Run, kills: Counter[tuple[str, str]]) -> list[str]:
    """Run and kill once or more, and resume to the end; return what is wrong, a sentence each."""
    segment = _killed((*RUN, "--out", str(out)), draw)
    if segment is None:
        return []
    folders = [path for path in out.iterdir() if (path / "run.json").exists()] if out.exists() else []
    if not folders:
        kills[segment, "nothing"] += 1
        return []
    (folder,) = folders
    before = lines(folder)
    code = 0
    for chance in (*KILLS, 0.0):
        if draw.random() >= chance:
            code, again = _ended(*forked(("resume", str(folder), *RESUME))), None
        else:
            again = _killed(("resume", str(folder), *RESUME), draw)
        _count(kills, segment, folder)
        if again is None:  # it ended, perhaps because no such segment was left to be killed in
            break
        segment = again
    troubles = [] if code == 0 else [f"resume exits with {code}"]
    return [f"killed in {segment}: {trouble}" for trouble in troubles + lost(folder, before, whole)]


def lines(folder: Path) -> dict[str, bytes]:
    """Return the lines of the run so far, by file."""
    return {name: (folder / f"{name}.jsonl").read_bytes() for name in LINES}


def lost(folder: Path, before: dict[str, bytes], whole: Run) -> list[str]:
    """Return what is wrong with a run that was resumed to its end, a sentence each.

    `before` is what it had recorded when it was killed, `whole` the same run left alone.
    """
    run, after = read_run(folder), lines(folder)
    troubles = [f"{name}.jsonl was changed" for name in LINES if not after[name].startswith(before[name])]
    if _results(run) != _results(whole):
        troubles.append(f"the results differ: {_results(run)}, not {_results(whole)}")
    if run.record.status != "finished" or run.warnings:
        troubles.append(f"{run.record.status}, {run.warnings}")
    left = sorted(path.name for path in folder.iterdir() if path.suffix in (".pt", ".partial"))
    return troubles + [f"{name} is left" for name in left]


def _count(kills: Counter[tuple[str, str]], segment: str, folder: Path) -> None:
    """Count a kill by what the resumption after it did."""
    resumptions = read_run(folder).record.resumptions
    kills[segment, "checkpoint" if resumptions and resumptions[-1].after_epochs else "seed"] += 1


def _left_alone(out: Path) -> Path:
    """Run in this process, so that its forks find everything loaded."""
    importlib.import_module("dawnbench.cli.resume")
    result = CliRunner().invoke(main, (*RUN, "--out", str(out)))
    assert result.exit_code == 0, result.output
    (folder,) = out.iterdir()
    return folder


def _killed(arguments: tuple[str, ...], draw: random.Random) -> str | None:
    """Run the command and kill it in a segment; return the segment's kind, or None if it ended before."""
    segment = draw.choice(list(OCCASIONS))
    occasion, delay = draw.randint(1, OCCASIONS[segment]), draw.uniform(0, MAX_DELAY)
    code = _ended(*forked(arguments, lambda: _kill_in(segment, occasion, delay)))
    return segment if code == -signal.SIGKILL else None


def _ended(child: int, reader: int) -> int:
    with os.fdopen(reader) as output:
        output.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _kill_in(kind: str, occasion: int, delay: float) -> None:
    """Let this process kill itself some time after the start of a segment."""
    from dawnbench.engine.ledger import Ledger

    original: Callable[..., Any] = Ledger.segment
    seen: list[str] = []

    @contextmanager
    def segment(self: Ledger, name: str, epoch: int | None = None) -> Iterator[None]:
        with original(self, name, epoch):
            seen.append(name)
            if name == kind and seen.count(name) == occasion:
                threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
            yield

    Ledger.segment = segment  # type: ignore[method-assign]


def _results(run: Run) -> tuple[list[Any], list[Any]]:
    epochs = [{k: v for k, v in asdict(epoch).items() if k not in TIMES} for epoch in run.epochs]
    return [(t.trial, t.seed, t.status, t.accuracy, t.epochs_to_target) for t in run.trials], epochs


if __name__ == "__main__":
    sys.exit(main_with(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
