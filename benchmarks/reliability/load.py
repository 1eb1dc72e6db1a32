"""What each command costs on run folders as large as a day leaves them.

`python -m benchmarks.reliability.load [NAME...]` prints a Markdown table; each command is a process of its
own. `--share 0.1` makes the folders smaller for a try.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.processes import Cost, cost_of, start
from benchmarks.runs import make_trial, write_run
from dawnbench.cli.exit_codes import INTERRUPTED
from dawnbench.telemetry import environment

WATCHED_SECONDS, WATCHED_START = 25.0, 10.0
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
"""What follows `dawnbench`; RUN, RUNS and OUT stand for the run folder, its parent and a new folder."""
FOLDERS = {
    "one trial": {"trials": 1, "epochs": 2, "trial_seconds": 2.0, "hertz": 20.0},
    "2,000 trials of 50 epochs": {"trials": 2_000, "epochs": 50, "trial_seconds": 5.0, "hertz": 0.0},
    "a day at 20 Hz": {"trials": 500, "epochs": 10, "trial_seconds": 172.7, "hertz": 20.0},
}


def main() -> None:
    """Make the folders, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join([*VERBS, 'watch'])}; all if none is given")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials, for a quick try")
    parser.add_argument("--folders", nargs="*", choices=list(FOLDERS), default=list(FOLDERS))
    parser.add_argument("--keep", type=Path, help="keep the folders here, to use them again")
    options = parser.parse_args()
    place = options.keep or Path(mkdtemp(prefix="load-"))
    machine = environment(None)
    memory, cpu = machine["memory_bytes"] / 2**30, machine["cpu"]
    cores = f"two of {cpu['logical_cores']} cores ({cpu['model']})"
    print(f"On {cores}, {memory:.0f} GiB, Python {machine['python']}\n")
    print("| folder | command | wall, s | processor, s | peak memory, MB |")
    print("| --- | --- | ---: | ---: | ---: |", flush=True)
    try:
        for folder in options.folders:
            name = folder.replace(" ", "-").replace(",", "")
            run = place / name / "runs" / "20260101T000000Z-davidnet-10-000000"
            if not run.exists():
                shape = FOLDERS[folder]
                trials = max(1, round(shape["trials"] * options.share))
                write_run(run, **{**shape, "trials": trials})
            for verb, cost in _measured(run, options.names or [*VERBS, "watch"], place / "out"):
                failed = "" if cost.status == 0 else f" (exit status {cost.status >> 8})"
                figures = f"{cost.wall_seconds:.1f} | {cost.processor_seconds:.1f} | {cost.megabytes:,.0f}"
                print(f"| {folder} | {verb}{failed} | {figures} |", flush=True)
    finally:
        if options.keep is None:
            shutil.rmtree(place)


def _measured(run: Path, names: list[str], out: Path) -> Iterator[tuple[str, Cost]]:
    for name in names:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        if name != "watch":
            words = {"RUN": str(run), "RUNS": str(run.parent)}
            yield name, measure([words.get(w, w.replace("OUT", str(out))) for w in VERBS[name]], out)
        elif run.parent.parent.name != "one-trial":
            yield f"watch, {WATCHED_SECONDS:.0f} s", _watch(run, out)


def measure(words: list[str], out: Path) -> Cost:
    """Return what `dawnbench` with these words costs; `out` is a folder for what it leaves."""
    return cost_of(start(words, out / "printed", out / "cache"))


def _watch(run: Path, out: Path) -> Cost:
    """Measure `watch` on a copy that gets an epoch each second, without its start."""
    seconds = (WATCHED_START, WATCHED_START + WATCHED_SECONDS)
    short, long = (_watch_for(run, out / str(one), one) for one in seconds)
    return replace(
        long,
        wall_seconds=long.wall_seconds - short.wall_seconds,
        processor_seconds=long.processor_seconds - short.processor_seconds,
        status=0 if long.status >> 8 == INTERRUPTED else long.status,
    )


def _watch_for(run: Path, out: Path, seconds: float) -> Cost:
    copy = out / run.name
    shutil.copytree(run, copy)
    record = json.loads((copy / "run.json").read_text())
    record |= {"status": "running", "trials": record["trials"] + 1}
    (copy / "run.json").write_text(json.dumps(record))
    _, rows = make_trial(record["trials"], 100, 100.0, True, 0)
    process = start(["watch", str(copy)], out / "printed", out / "cache")
    ended = threading.Event()

    def append() -> None:
        with (copy / "epochs.jsonl").open("a") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")
                file.flush()
                if ended.wait(1.0):
                    return

    writer = threading.Thread(target=append)
    writer.start()
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    cost = cost_of(process)
    ended.set()
    writer.join()
    return cost


if __name__ == "__main__":
    main()
