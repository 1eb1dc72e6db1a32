"""Kill running trainings at random moments and check what is left.

`python -m tests.reliability.kills [NUMBER]` prints a Markdown table. The parent imports torch once and
forks, so that a kill costs a second or two.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from dawnbench.cli import main
from dawnbench.records.reader import read_run

TERM_SHARE = 0.25
MAX_SECONDS = 1.0
"""Up to which a run goes on before its kill."""
RUN = ("run", "quickstart", "--json", "--trials=1000", "--epochs=2", "--set=model.widths=[2,2,2,2]")


def main_with(kills: int) -> int:
    """Kill so many runs, print the table, and return 1 if anything was lost."""
    importlib.import_module("dawnbench.cli.run")  # loads torch before the forks
    draw, counts, troubles = random.Random(0), Counter[tuple[str, str]](), []
    for number in range(kills):
        how = signal.SIGTERM if draw.random() < TERM_SHARE else signal.SIGKILL
        with tempfile.TemporaryDirectory() as folder:
            outcome, found = _one(Path(folder), how, draw.uniform(0, MAX_SECONDS))
        counts[how.name, outcome] += 1
        troubles += [f"kill {number} ({how.name}): {trouble}" for trouble in found]
    print("| signal | the run is then | kills |\n| --- | --- | ---: |")
    for (name, outcome), count in sorted(counts.items()):
        print(f"| {name} | {outcome} | {count} |")
    print(f"\n{kills} kills, {len(troubles)} troubles")
    print("\n".join(troubles))
    return bool(troubles)


def _one(folder: Path, how: signal.Signals, after: float) -> tuple[str, list[str]]:
    """Return what the run's status is after the kill, and what is wrong, a sentence each."""
    child, reader = forked((*RUN, "--out", str(folder)))
    with os.fdopen(reader) as output:
        first = output.readline()  # the folder exists from here on
        time.sleep(after)
        os.kill(child, how)
        rest = output.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = [json.loads(line) for line in (first + rest).split("\n")[:-1]]
    return _look(Path(said[0]["folder"]), said, how, code)


def forked(arguments: Sequence[str], prepare: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Run the command in a fork of this process; return its process id and the end of its output to read."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    os.close(reader)
    os.dup2(writer, 1)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.argv = ["dawnbench", *arguments]
    try:
        prepare()
        main(list(arguments))
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(int(ended.code or 0))
    finally:
        os._exit(99)


def _look(folder: Path, said: list[dict[str, Any]], how: signal.Signals, code: int) -> tuple[str, list[str]]:
    run = read_run(folder)
    there = {("epoch", epoch.trial, epoch.epoch) for epoch in run.epochs}
    there |= {("trial", trial.trial, None) for trial in run.trials}
    told = {(e["event"], e["trial"], e.get("epoch")) for e in said if e["event"] in ("epoch", "trial")}
    troubles = [f"{lost} was told and is not in the folder" for lost in told - there]
    killed = how == signal.SIGKILL
    status, ended = ("died", -signal.SIGKILL) if killed else ("interrupted", 130)
    if (run.record.status, code) != (status, ended):
        troubles.append(f"status {run.record.status}, exit {code}")
    if not killed and not (folder / "log.md").exists():
        troubles.append("there is no log.md")
    for verb in ("show", "log", "report"):
        result = CliRunner().invoke(main, [verb, str(folder)])
        if result.exit_code:
            troubles.append(f"{verb} exits with {result.exit_code}: {result.output[-200:]}")
    return run.record.status, troubles


if __name__ == "__main__":
    sys.exit(main_with(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
