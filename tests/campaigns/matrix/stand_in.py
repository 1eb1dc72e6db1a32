"""Stands in for `dawnbench run`: a process that leaves a run folder, or a fault, within milliseconds.

`python stand_in.py PLACE RECIPE --seed=N --out=FOLDER ...`; PLACE has `template`, a run folder to copy;
`faults/N`, one fault per attempt at seed N; and `ran`, to which each attempt adds a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

INTERRUPTED = 130


def main(place: Path, words: list[str]) -> int:
    given: dict[str, list[str]] = {}
    for word in words:
        name, _, value = word.partition("=")
        given.setdefault(name, []).append(value)
    seed = int(given["--seed"][0])
    faults = place / "faults" / str(seed)
    left = faults.read_text().split() if faults.exists() else []
    fault = left[0] if left else "none"
    faults.parent.mkdir(exist_ok=True)
    faults.write_text(" ".join(left[1:]))
    note(place, "begin", seed)
    try:
        return act(place, fault, seed, given)
    finally:
        note(place, "end", seed)


def act(place: Path, fault: str, seed: int, given: dict[str, list[str]]) -> int:
    if fault == "hang":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    folder = Path(given["--out"][0]) / f"20260203T040506Z-davidnet-{os.urandom(3).hex()}"
    write(place, folder, "running", seed, given)
    if fault == "kill":
        note(place, "end", seed)
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "worker":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if fault == "hang":
        try:
            time.sleep(60)
        finally:
            write(place, folder, "interrupted", seed, given)
    if fault == "wrong":
        print("dawnbench: there is no data set cifar10", file=sys.stderr)
        return 2
    if fault == "memory":
        print("dawnbench: batch_size=512 ran out of memory (CUDA); try batch_size=256", file=sys.stderr)
        return 2
    time.sleep(0.5 if fault == "slow" else 0.05)
    write(place, folder, "finished", seed, given, trial="diverged" if fault == "diverge" else "finished")
    return 3 if fault == "diverge" else 0


def write(
    place: Path, folder: Path, status: str, seed: int, given: dict[str, list[str]], trial: str | None = None
) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("epochs.jsonl", "telemetry.jsonl", "trials.jsonl"):
        (folder / name).touch()
    record = json.loads((place / "template/run.json").read_text())
    tags = dict(tag.split("=", 1) for tag in given.get("--tag", []))
    record |= {"status": status, "seed": seed, "tags": tags, "notes": given.get("--note", [])}
    partial = folder / "partial"
    partial.write_text(json.dumps(record))
    partial.replace(folder / "run.json")
    if trial is not None:
        line = json.loads((place / "template/trials.jsonl").read_text())
        reason = "the loss is not finite" if trial == "diverged" else None
        line |= {"seed": seed, "status": trial, "reason": reason}
        (folder / "trials.jsonl").write_text(json.dumps(line) + "\n")


def note(place: Path, what: str, seed: int) -> None:
    with (place / "ran").open("a") as file:
        file.write(f"{what} {seed} {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[3:]))
