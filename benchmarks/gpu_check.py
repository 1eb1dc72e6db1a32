"""Measure on this machine's GPU what the documentation quotes, the most valuable first, within a budget.

`make gpu-check`, or `PYTHONPATH=. python benchmarks/gpu_check.py [--out FOLDER] [--budget SECONDS]
[--only NAME ...] [--peer NAME=FILE ...]`. Needs torch, the packages of pyproject.toml and CIFAR-10
(DAWNBENCH_DATA, the cache or a download); neither git nor, with the data there, a network. Writes
gpu-check.json after each figure, gpu-check.md with a summary, which it also prints at the end, and in
gpu-check-parts/ each part's log and run folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.gpu.parts import DRY, Figures, Mode, Part, plan_parts
from benchmarks.gpu.summary import page
from benchmarks.processes import ROOT, environment
from dawnbench import telemetry
from dawnbench.records.files import write
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import gpu_facts

DONE, FAILED, NO_RESULT, INTERRUPTED = 0, 1, 2, 130
DRY_VARIABLES = {"OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"}
"""Threads do not help with tiny tensors, and compiling on a CPU takes a minute."""
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
    peer = "Also measure this peer's script, which takes long; repeatable."
    add("--out", type=Path, default=ROOT / "docs" / "results" / "gpu-check", help="Write the results here.")
    add("--budget", type=float, default=520.0, metavar="SECONDS", help="Stop after this time.")
    add("--only", action="append", default=[], metavar="NAME", help=only)
    add("--data", help="Train on this data instead of each recipe's own.")
    add("--dry-run", action="store_true", help="Use tiny settings on the CPU, to try the path.")
    add("--peer", action="append", default=[], metavar="NAME=FILE", help=peer)
    given = parser.parse_args()
    if "peers" in given.only and not given.peer:
        parser.error("--only peers needs --peer NAME=FILE; python -m benchmarks.peers --help lists them")
    return given


def interrupt(*_: object) -> NoReturn:
    """Turn the first signal into an interrupt and ignore further ones, so that the results get written."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class Child:
    """A process whose output goes to a file and which can be ended with all that it started."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        """Start this Python with the arguments, in the checkout."""
        self._log, self._began = log, time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            streams = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
            where: dict[str, Any] = {"cwd": ROOT, "env": environment(), "start_new_session": True, **streams}
            self._process = subprocess.Popen([sys.executable, *arguments], **where)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status; None if it still runs after that time."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def end(self, grace: float = 0.0) -> None:
        """Interrupt it as Ctrl-C does if there is a grace in seconds, then kill it and what it started."""
        if grace and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self.wait(grace)
        # torch.compile's workers outlive a process that is killed.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def outcome(self, code: int | None, unfinished: str) -> Figures:
        """Return how it ended, after how many seconds, and its last lines."""
        state = unfinished if code is None else "failed" if code else "done"
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.rstrip() for line in lines if line.strip()][-LAST_LINES:]
        return {"state": state, "seconds": time.monotonic() - self._began, "said": said}


class Check:
    """One check under way; its results are complete on the disk after each figure."""

    def __init__(self, given: argparse.Namespace, mode: Mode, facts: Figures, began: float) -> None:
        """Count the budget, in seconds, from `began`, a time by time.monotonic."""
        self._out, self._mode, self._began, self._budget = given.out.resolve(), mode, began, given.budget
        self.folder = self._out / "gpu-check-parts"
        shutil.rmtree(self.folder, ignore_errors=True)  # figures of an earlier check are not this one's
        begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.found: Figures = {"facts": facts, "dry_run": given.dry_run, "begun": begun}
        self.found |= {"budget_seconds": given.budget, "fills": {}, "parts": {}}

    def take(self, parts: Sequence[Part]) -> bool:
        """Fill the caches side by side, then run the parts one at a time; return whether none failed.

        Raises:
            KeyboardInterrupt: re-raised once what was measured is noted and no process is left.
        """
        for part in parts:
            self._note("parts", part.name, {"state": "not measured", "recipe": part.recipe})
        filled = self._fill(dict.fromkeys(part.recipe for part in parts if part.recipe))
        return all([filled, *map(self._perform, parts)])

    def save(self) -> str:
        """Write both files and return the summary."""
        text = page(self.found)
        write(json.dumps(self.found, indent=1) + "\n", self._out / "gpu-check.json")
        write(text, self._out / "gpu-check.md")
        return text

    def _note(self, section: str, name: str, figures: Figures) -> None:
        known = self.found[section].setdefault(name, {})
        if known | figures != known:
            known.update(figures)
            self.save()

    def _left(self, share: float = 1.0) -> float:
        """Return the seconds until that share of the budget is spent."""
        return self._began + share * self._budget - time.monotonic()

    def _fill(self, recipes: dict[str, None]) -> bool:
        """Fill the cache for each recipe, in half as many processes as there are cores."""
        waiting, running = list(recipes), dict[str, Child]()
        try:
            while (waiting or running) and self._left(FILL_SHARE) > 0:
                while waiting and len(running) < max(1, (os.cpu_count() or 1) // 2):
                    recipe = waiting.pop(0)
                    words = ("-m", "benchmarks.gpu.fill", recipe, *self._mode.words(recipe))
                    running[recipe] = Child(words, self.folder / f"fill-{Path(recipe).stem}.log")
                for recipe, child in list(running.items()):
                    code = child.wait(POLL_SECONDS / len(running))
                    if code is not None:
                        self._note_fill(recipe, running.pop(recipe), code)
        finally:
            for recipe, child in running.items():
                self._note_fill(recipe, child, None)
        return all(fill["state"] != "failed" for fill in self.found["fills"].values())

    def _note_fill(self, recipe: str, child: Child, code: int | None) -> None:
        child.end()
        figures = child.outcome(code, "broken off")
        if code == 0:
            figures |= json.loads(figures.pop("said")[-1])
        self._note("fills", recipe, figures)
        self._tell(f"filling the cache for {recipe}: {figures['state']}")

    def _perform(self, part: Part) -> bool:
        """Run a part for the remaining time, note its figures as they come; return whether it succeeded."""
        seconds = min(self._left() - GRACE_SECONDS, part.share * self._budget)
        if seconds < MIN_SECONDS:
            return True
        began, code, unfinished = time.monotonic(), None, "interrupted"
        child = Child(part.arguments, self.folder / f"{part.name}.log")
        try:
            while code is None and time.monotonic() - began < seconds:
                code = child.wait(POLL_SECONDS)
                self._note("parts", part.name, {"state": "running"} | _read(part.figures))
            unfinished = "broken off"
        finally:
            child.end(GRACE_SECONDS)
            figures = _read(part.figures) | child.outcome(code, unfinished)
            self._note("parts", part.name, figures)
            self._tell(f"{part.name}: {figures['state']}")
        return not code

    def _tell(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:4.0f} s  {what}", flush=True)


def _read(figures: Callable[[], Figures]) -> Figures:
    try:
        return figures()
    except Exception as error:  # a file may be half written, and the other parts are still worth having
        return {"unreadable": f"{type(error).__name__}: {error}"}


def main() -> int:
    given, began = arguments(), time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    mode = DRY if given.dry_run else Mode("cuda", None)
    mode = replace(mode, data=given.data or mode.data)
    facts: dict[str, Any] = telemetry.environment(None)
    try:
        facts["device"] = facts["cpu"]["model"] if given.dry_run else gpu_facts(None).name
    except NoGpuError as error:
        print(f"gpu-check: finds no NVIDIA GPU ({error}); run this on a machine with one", file=sys.stderr)
        return NO_RESULT
    if given.dry_run:
        os.environ.update(DRY_VARIABLES)
    check, code = Check(given, mode, facts, began), FAILED
    only = [str(Path(name).resolve()) if name.endswith(".py") else name for name in given.only]
    peers = [f"{name}={Path(file).resolve()}" for name, _, file in (one.partition("=") for one in given.peer)]
    try:
        code = DONE if check.take(plan_parts(mode, check.folder, only=only, peers=peers)) else FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        print(check.save(), end="", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
