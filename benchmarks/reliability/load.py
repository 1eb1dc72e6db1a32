"""What each command costs on run folders as large as a day leaves them.

`python -m benchmarks.reliability.load [NAME...]` prints a Markdown table; each command is a process of its
own. `--share 0.1` makes the folders smaller for a try.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

import psutil

from benchmarks.reliability.folders import make_folder, make_trial

MEASURE = """
import json, os, signal, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.STDOUT)
signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT))
_, status, usage = os.wait4(child.pid, 0)
scale = 1 if sys.platform == "darwin" else 1024
processor = usage.ru_utime + usage.ru_stime
print(json.dumps([time.perf_counter() - began, processor, usage.ru_maxrss * scale / 1e6, status]))
"""
"""A small process between, since a child is charged with the memory of the parent that it was forked from."""

WATCHED_SECONDS = 25.0


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall_seconds: float
    processor_seconds: float
    megabytes: float
    """The most that was resident at one time."""
    status: int


@dataclass(frozen=True)
class Case:
    """A command on a folder."""

    name: str
    folder: str
    words: tuple[str, ...]
    """What follows `dawnbench`; RUN and OUT stand for the run folder and for a new place."""


VERBS = {
    "show": ("show", "RUN"),
    "log": ("log", "RUN"),
    "report": ("report", "RUN", "-o", "OUT/report.md"),
    "page": ("report", "RUN", "-o", "OUT/report.html"),
    "write-up": ("report", "RUN", "--style", "writeup", "-o", "OUT/writeup.md"),
    "site": ("site", "RUNS", "-o", "OUT/site"),
    "export json": ("export", "RUN", "--format", "json", "-o", "OUT/run.json"),
    "export csv": ("export", "RUN", "--format", "csv", "-o", "OUT"),
    "export parquet": ("export", "RUN", "--format", "parquet", "-o", "OUT"),
    "export mlperf": ("export", "RUN", "--format", "mlperf", "-o", "OUT", "--author", "A"),
    "export tensorboard": ("export", "RUN", "--format", "tensorboard", "-o", "OUT"),
}
FOLDERS = {
    "one trial": {"trials": 1, "epochs": 2, "trial_seconds": 2.0, "hertz": 20.0},
    "2,000 trials of 50 epochs": {"trials": 2_000, "epochs": 50, "trial_seconds": 5.0, "hertz": 0.0},
    "a day at 20 Hz": {"trials": 500, "epochs": 10, "trial_seconds": 172.7, "hertz": 20.0},
}


def main() -> None:
    """Make the folders, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join([*VERBS, 'watch'])}; all if none is given")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials, for a try")
    parser.add_argument("--folders", nargs="*", choices=list(FOLDERS), default=list(FOLDERS))
    parser.add_argument("--keep", type=Path, help="where the folders lie, to be used again")
    options = parser.parse_args()
    place = options.keep or Path(mkdtemp(prefix="load-"))
    names = options.names or [*VERBS, "watch"]
    print(f"{_machine()}\n")
    print("| folder | command | wall, s | processor, s | peak memory, MB |")
    print("| --- | --- | ---: | ---: | ---: |", flush=True)
    try:
        for folder in options.folders:
            run = (
                place
                / folder.replace(" ", "-").replace(",", "")
                / "runs"
                / "20260101T000000Z-davidnet-000000"
            )
            if not run.exists():
                shape = FOLDERS[folder]
                trials = max(1, round(shape["trials"] * options.share))
                make_folder(run, **{**shape, "trials": trials})  # type: ignore[arg-type]
            for name, cost in _measured(run, names, folder, place):
                failed = "" if cost.status == 0 else f" (exit status {cost.status >> 8})"
                print(
                    f"| {folder} | {name}{failed} | {cost.wall_seconds:.1f} | {cost.processor_seconds:.1f} "
                    f"| {cost.megabytes:,.0f} |",
                    flush=True,
                )
    finally:
        if options.keep is None:
            shutil.rmtree(place)


def _measured(run: Path, names: list[str], folder: str, place: Path) -> Iterator[tuple[str, Cost]]:
    for name in names:
        out = place / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        if name == "watch":
            if folder == "one trial":
                continue
            yield f"watch, {WATCHED_SECONDS:.0f} s", _watch(run, out)
            continue
        words = {"RUN": str(run), "RUNS": str(run.parent)}
        yield name, measure([words.get(w, w.replace("OUT", str(out))) for w in VERBS[name]], out)


def measure(words: list[str], out: Path) -> Cost:
    """Return what `dawnbench` with these words costs; `out` is a folder for what it leaves."""
    process = _start(words, out)
    return Cost(*json.loads(process.communicate()[0]))


def _start(words: list[str], out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dawnbench", *words]
    return subprocess.Popen(
        [sys.executable, "-c", MEASURE, str(out / "printed"), *command],
        env=os.environ | {"XDG_CACHE_HOME": str(out / "cache")},
        stdout=subprocess.PIPE,
        text=True,
    )


def _watch(run: Path, out: Path) -> Cost:
    """Measure `watch` on a copy that gets an epoch each second, without its start."""
    costs = [_watch_for(run, out / str(seconds), seconds) for seconds in (10.0, 10.0 + WATCHED_SECONDS)]
    short, long = costs
    return Cost(
        long.wall_seconds - short.wall_seconds,
        long.processor_seconds - short.processor_seconds,
        long.megabytes,
        long.status if long.status >> 8 != 130 else 0,
    )


def _watch_for(run: Path, out: Path, seconds: float) -> Cost:
    copy = out / run.name
    shutil.copytree(run, copy)
    record = json.loads((copy / "run.json").read_text())
    record |= {"status": "running", "trials": record["trials"] + 1}
    (copy / "run.json").write_text(json.dumps(record))
    _, rows = make_trial(random.Random(0), record["trials"], 100, 100.0, 0)
    process = _start(["watch", str(copy)], out)
    ended = threading.Event()

    def append() -> None:
        with (copy / "epochs.jsonl").open("a") as file:
            for row in rows:
                file.write(json.dumps(asdict(row)) + "\n")
                file.flush()
                if ended.wait(1.0):
                    return

    writer = threading.Thread(target=append)
    writer.start()
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    printed = process.communicate()[0]
    ended.set()
    writer.join()
    return Cost(*json.loads(printed))


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
