"""Kill processes of a run whose trials two ranks train together, resume it, and check that nothing was lost.

`python -m tests.reliability.rank_kills [NUMBER]` prints a Markdown table. What each run comes to is compared
with the same run left alone.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import BY_TORCHRUN, TINY_RECIPE
from tests.reliability.resumes import lines, lost

RUN = ("run", "tiny.py", "--trials=3", "--epochs=20", "--checkpoint-every=1", "--device=cpu", "--json")
VICTIMS = ("rank 0", "rank 1", "every process")
PATIENCE = 120
"""Seconds within which the others must have ended."""


def main_with(number: int) -> int:
    """Kill so many runs, print the table, and return 1 if anything was lost."""
    draw, troubles = random.Random(0), []
    kills: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as place:
        whole, seconds = _left_alone(Path(place))
    while sum(kills.values()) < number:
        with tempfile.TemporaryDirectory() as place:
            victim = draw.choice(VICTIMS)
            status, found = _one(Path(place), victim, draw.uniform(0, seconds), whole)
        if status != "finished":  # the kill came too late
            kills[victim, status] += 1
        troubles += [f"{victim}: {trouble}" for trouble in found]
    print("| killed | the run is then | kills |\n| --- | --- | ---: |")
    for (victim, status), count in sorted(kills.items()):
        print(f"| {victim} | {status} | {count} |")
    print(f"\n{sum(kills.values())} kills, {len(troubles)} troubles")
    print("\n".join(troubles))
    return bool(troubles)


def _left_alone(place: Path) -> tuple[Run, float]:
    """Return a run that nobody kills, and the seconds from the appearance of its folder to its end."""
    process = _started(place)
    folder, began = _folder(process, place), time.monotonic()
    assert process.wait() == 0
    return read_run(folder), time.monotonic() - began


def _one(place: Path, victim: str, after: float, whole: Run) -> tuple[str, list[str]]:
    """Return the status of a run after its kill, and what is wrong once it is resumed, a sentence each."""
    process = _started(place)
    folder = _folder(process, place)
    time.sleep(after)
    family = psutil.Process(process.pid).children(recursive=True)
    for one in family:
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if victim in ("every process", f"rank {one.environ().get('RANK')}"):
                one.kill()
    process.wait(PATIENCE)
    _, alive = psutil.wait_procs(family, PATIENCE)
    status, before = read_run(folder).record.status, lines(folder)
    if status == "finished":
        return status, []
    command = [sys.executable, "-m", "dawnbench", "resume", str(folder), "--recipe=tiny.py"]
    resumed = subprocess.run(command, **_surroundings(place), check=False)
    troubles = [f"process {one.pid} goes on" for one in alive]
    if resumed.returncode:
        troubles.append(f"resume exits with {resumed.returncode}")
    return status, troubles + lost(folder, before, whole)


def _started(place: Path) -> subprocess.Popen[bytes]:
    (place / "tiny.py").write_text(TINY_RECIPE)
    return subprocess.Popen([sys.executable, "-c", BY_TORCHRUN, *RUN], **_surroundings(place))


def _folder(process: subprocess.Popen[bytes], place: Path) -> Path:
    """Wait until the run has a record and return its folder."""
    while True:
        for record in place.glob("runs/*/run.json"):
            return record.parent
        assert process.poll() is None
        time.sleep(0.02)


def _surroundings(place: Path) -> dict[str, Any]:
    """Return where the command runs, and where its words go."""
    surroundings = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    return {"cwd": place, "env": surroundings, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


if __name__ == "__main__":
    sys.exit(main_with(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
