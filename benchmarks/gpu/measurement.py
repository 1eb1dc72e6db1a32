"""Fill every compile cache, side by side on all cores, then run the parts one at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.gpu.figures import Figures, of_json
from benchmarks.gpu.parts import Mode, Part
from benchmarks.gpu.summary import summarise
from benchmarks.processes import ROOT, environment, last_lines
from dawnbench.records.files import write

FILL_SHARE = 0.4
"""Of the budget, at most."""
MIN_SECONDS = 15.0
"""With less time left a part is not started."""
GRACE_SECONDS = 8.0
"""For a part that is broken off to write its records; reserved from the budget."""
POLL_SECONDS = 1.0
LAST_LINES = 5


class Child:
    """A process whose output goes to a file and which can be ended with all that it started."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        """Start this Python with the arguments, in the checkout."""
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None if it still runs after that time."""
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

    def said(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


class Results:
    """What has been found so far, as JSON and as a summary, both complete on the disk after each figure."""

    def __init__(self, folder: Path, **facts: Any) -> None:
        self._folder = folder
        self.found: Figures = {**facts, "fills": {}, "parts": {}}

    def note(self, section: str, name: str, figures: Figures) -> None:
        """Add figures to those of a part, or of the filling for a recipe."""
        known = self.found[section].setdefault(name, {})
        if known | figures != known:
            known.update(figures)
            self.save()

    def save(self) -> str:
        """Write both files and return the summary."""
        text = "\n".join(summarise(self.found)) + "\n"
        write(json.dumps(self.found, indent=1) + "\n", self._folder / "gpu-check.json")
        write(text, self._folder / "gpu-check.md")
        return text


class Measurement:
    """One check under way."""

    def __init__(self, mode: Mode, results: Results, folder: Path, began: float, budget: float) -> None:
        """Count the budget, in seconds, from `began`, a time by time.monotonic; logs go to the folder."""
        self._mode, self._results, self._folder = mode, results, folder
        self._began, self._budget = began, budget

    def take(self, parts: Sequence[Part]) -> bool:
        """Fill the caches and run the parts; return whether none failed.

        Raises:
            KeyboardInterrupt: re-raised once what was measured is noted and no process is left.
        """
        for part in parts:
            self._results.note("parts", part.name, {"state": "not measured", "recipe": part.recipe})
        filled = self._fill([part.recipe for part in parts if part.recipe])
        return all([filled, *map(self._perform, parts)])

    def _left(self, share: float = 1.0) -> float:
        """Return the seconds until that share of the budget is spent."""
        return self._began + share * self._budget - time.monotonic()

    def _fill(self, recipes: Sequence[str]) -> bool:
        """Fill the cache for each recipe, in half as many processes as there are cores."""
        waiting, fine = list(dict.fromkeys(recipes)), True
        running: dict[str, tuple[Child, float]] = {}
        try:
            while (waiting or running) and self._left(FILL_SHARE) > 0:
                while waiting and len(running) < max(1, (os.cpu_count() or 1) // 2):
                    recipe = waiting.pop(0)
                    words = ("-m", "benchmarks.gpu.fill", recipe, *self._mode.words(recipe))
                    child = Child(words, self._folder / f"fill-{Path(recipe).stem}.log")
                    running[recipe] = child, time.monotonic()
                for recipe, (child, began) in list(running.items()):
                    code = child.wait(POLL_SECONDS / len(running))
                    if code is not None:
                        del running[recipe]
                        self._note_end("fills", recipe, child, began, code, "done")
                        fine = fine and code == 0
        finally:
            for recipe, (child, began) in running.items():
                self._note_end("fills", recipe, child, began, None, "broken off")
        return fine

    def _perform(self, part: Part) -> bool:
        """Run a part for the remaining time, note its figures as they come; return whether it succeeded."""
        seconds = min(self._left() - GRACE_SECONDS, part.share * self._budget)
        if seconds < MIN_SECONDS:
            return True
        began, code, state = time.monotonic(), None, "interrupted"
        child = Child(part.arguments, self._folder / f"{part.name}.log")
        try:
            while code is None and time.monotonic() - began < seconds:
                code = child.wait(POLL_SECONDS)
                self._results.note("parts", part.name, {"state": "running"} | _read(part))
            state = "done" if code is not None else "broken off"
        finally:
            child.end(GRACE_SECONDS)
            self._results.note("parts", part.name, _read(part))
            self._note_end("parts", part.name, child, began, code, state)
        return not code

    def _note_end(
        self, section: str, name: str, child: Child, began: float, code: int | None, state: str
    ) -> None:
        """Note and print how a process ended, with its last lines if it failed."""
        child.end()
        figures: Figures = {"state": state, "seconds": time.monotonic() - began}
        if code:
            figures |= {"state": "failed", "last_lines": last_lines(child.said(), LAST_LINES)}
        elif section == "fills":
            figures |= of_json(child.log)
        self._results.note(section, name, figures)
        what = "filling for " if section == "fills" else ""
        print(f"{time.monotonic() - self._began:4.0f} s  {what}{name}: {figures['state']}", flush=True)


def _read(part: Part) -> Figures:
    try:
        return part.figures() | {"unreadable": None}
    except Exception as error:  # a file may be half written, and the other parts are still worth having
        return {"unreadable": f"{type(error).__name__}: {error}"}
