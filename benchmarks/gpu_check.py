"""Measure on this machine's GPU what the documentation quotes, the most valuable first, within a budget.

`make gpu-check`, or `PYTHONPATH=. python benchmarks/gpu_check.py [--out FOLDER] [--budget SECONDS]
[--only NAME ...]`. Needs torch, the packages of pyproject.toml and CIFAR-10 (DAWNBENCH_DATA, the cache or a
download); neither git nor, with the data there, a network. Writes gpu-check.json after each figure,
gpu-check.md with a summary, which it also prints at the end, and in gpu-check-parts/ each part's log and run
folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.gpu.plan import Figures, Mode, Part, dry_mode, fill_of, plan_parts
from benchmarks.gpu.summary import page
from benchmarks.processes import ROOT, environment
from dawnbench import telemetry
from dawnbench.records.files import write
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import gpu_facts
from dawnbench.user_folders import cache_folder

DONE, FAILED, NO_RESULT, INTERRUPTED = 0, 1, 2, 130
DRY_VARIABLES = {"OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"}
"""Threads do not help with tiny tensors, and compiling on a CPU takes a minute."""
FILL_VARIABLES = {"TORCHINDUCTOR_COMPILE_THREADS": "2"}
"""Half as many recipes as there are cores are filled at once; each would start a worker for every core."""
FILL_SHARE = 0.4
"""Of the budget, at most."""
MIN_SECONDS = 15.0
"""With less time left a part is not started."""
GRACE_SECONDS = 8.0
"""For a part that is ended early to write its records; reserved from the budget."""
POLL_SECONDS = 1.0
LAST_LINES = 8


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gpu-check", description="Measure on this machine's GPU what the documentation quotes."
    )
    add = parser.add_argument
    only = "Run this part, or a further recipe or its file; repeatable, in that order."
    add("--out", type=Path, default=ROOT / "docs" / "results" / "gpu-check", help="Write the results here.")
    add("--budget", type=float, default=520.0, metavar="SECONDS", help="Stop after this time.")
    add("--only", action="append", default=[], metavar="NAME", help=only)
    add("--data", help="Train on this data instead of each recipe's own.")
    add("--dry-run", action="store_true", help="Use tiny settings on the CPU, to try the path.")
    return parser.parse_args()


class Check:
    """One check under way; its results are complete on the disk after each figure."""

    def __init__(self, given: argparse.Namespace, mode: Mode, facts: Figures, began: float) -> None:
        """Count the budget, in seconds, from `began`, a time by time.monotonic."""
        self._out, self._mode, self._began = given.out.resolve(), mode, began
        self._budget: float = given.budget
        self._folder = self._out / "gpu-check-parts"
        shutil.rmtree(self._folder, ignore_errors=True)  # figures of an earlier check are not this one's
        begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._found: Figures = {"facts": facts, "dry_run": given.dry_run, "begun": begun}
        self._found |= {"budget_seconds": given.budget, "fills": {}, "parts": {}}
        self._found["cache_was_empty"] = _cache_is_empty()
        self._lock = threading.Lock()
        self.interrupted = threading.Event()
        """Set it to end what runs and to start nothing more."""

    def take(self, only: Sequence[str]) -> bool:
        """Fill the caches side by side, then run the parts one at a time; return whether none failed."""
        parts = plan_parts(self._mode, self._folder, only)
        for part in parts:
            self._note("parts", part.name, {"state": "not measured", "recipe": part.recipe})
        recipes = dict.fromkeys(part.recipe for part in parts if part.recipe)
        fills = [fill_of(recipe, self._mode, self._folder) for recipe in recipes]
        with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2)) as pool:
            filled = list(pool.map(self._fill, fills))
        return all([*filled, *map(self._measure, parts)])

    def save(self) -> str:
        """Write both files and return the summary."""
        text = page(self._found)
        write(json.dumps(self._found, indent=1) + "\n", self._out / "gpu-check.json")
        write(text, self._out / "gpu-check.md")
        return text

    def _note(self, section: str, name: str, figures: Figures) -> None:
        with self._lock:
            known = self._found[section].setdefault(name, {})
            if known | figures != known:
                known.update(figures)
                self.save()

    def _left(self, share: float = 1.0) -> float:
        """Return the seconds until that share of the budget is spent."""
        return self._began + share * self._budget - time.monotonic()

    def _fill(self, part: Part) -> bool:
        return self._perform(part, "fills", self._left(FILL_SHARE))

    def _measure(self, part: Part) -> bool:
        return self._perform(part, "parts", min(self._left() - GRACE_SECONDS, part.share * self._budget))

    def _perform(self, part: Part, section: str, seconds: float) -> bool:
        """Run a part for so long, note its figures as they come; return whether it did not fail."""
        if seconds < MIN_SECONDS or self.interrupted.is_set():
            return True
        what = f"{section.removesuffix('s')}-{Path(part.name).stem}"
        began, code, log = time.monotonic(), None, self._folder / f"{what}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *part.arguments],
                cwd=ROOT,
                env=environment() | (FILL_VARIABLES if section == "fills" else {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while code is None and time.monotonic() - began < seconds and not self.interrupted.is_set():
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(POLL_SECONDS)
                figures = _read(part)
                self._note(section, part.name, {"state": "running"} | figures)
                if part.until in figures:
                    code = 0
        finally:
            _end(process)
        unfinished = "interrupted" if self.interrupted.is_set() else "broken off"
        state = unfinished if code is None else "failed" if code else "done"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.rstrip() for line in lines if line.strip()][-LAST_LINES:]
        ended = {"state": state, "seconds": time.monotonic() - began, "said": said}
        self._note(section, part.name, _read(part) | ended)
        print(f"{time.monotonic() - self._began:4.0f} s  {what}: {state}", flush=True)
        return not code


def _end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a process that still runs as Ctrl-C does, then kill it and what it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    # torch.compile's workers outlive a process that is killed.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _cache_is_empty() -> bool:
    """Return whether nothing is compiled yet; False if nobody knows where torch keeps it."""
    named, own = os.environ.get("TORCHINDUCTOR_CACHE_DIR"), cache_folder()
    cache = Path(named) if named else own and own / "inductor"
    return cache is not None and not (cache.is_dir() and any(cache.iterdir()))


def _read(part: Part) -> Figures:
    try:
        return part.figures()
    except Exception as error:  # a file may be half written, and the other parts are still worth having
        return {"unreadable": f"{type(error).__name__}: {error}"}


def main() -> int:
    given, began = arguments(), time.monotonic()
    facts: dict[str, Any] = telemetry.environment(None)
    try:
        facts["device"] = facts["cpu"]["model"] if given.dry_run else gpu_facts(None).name
    except NoGpuError as error:
        print(f"gpu-check: finds no NVIDIA GPU ({error}); run this on a machine with one", file=sys.stderr)
        return NO_RESULT
    if given.dry_run:
        os.environ.update(DRY_VARIABLES)
    mode = dry_mode(given.data) if given.dry_run else Mode("cuda", given.data)
    check, code = Check(given, mode, facts, began), FAILED
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: check.interrupted.set())
    try:
        code = DONE if check.take(given.only) else FAILED
    finally:
        print(check.save(), end="", flush=True)
    return INTERRUPTED if check.interrupted.is_set() else code


if __name__ == "__main__":
    sys.exit(main())
