"""Every figure of the documentation that needs an NVIDIA GPU, measured by one command in nine minutes.

`make gpu-check`, or `PYTHONPATH=. python benchmarks/gpu_check.py [--out FOLDER] [--budget SECONDS]
[--only WORD] [--peer NAME=FILE ...]`; peers take long, so measure them by `--only peers`. Needs
torch, the packages of pyproject.toml and CIFAR-10 (DAWNBENCH_DATA, the cache or a download; the generated set
takes its place where there is none). Writes gpu-check-<gpu>.md, the trials' logs and a sample of telemetry.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gpu.child import ROOT, PartError, ask
from benchmarks.gpu.energy import compare_energy
from benchmarks.gpu.peers import SEPARATOR, VARIABLE, measure_peers
from benchmarks.gpu.settings import DRY, REAL, Settings
from benchmarks.gpu.suite import run_suite
from benchmarks.gpu.trials import Trials, describe_trials, keep_log, run_trials
from dawnbench.records.reader import Run

NO_GPU = 2
BUDGET_SECONDS = 520.0
"""Leaves twenty of nine minutes for what is over its limit to be ended."""
FACTS_SECONDS = 120.0
SAMPLE_LINES = 40
DRY_VARIABLES = {"OMP_NUM_THREADS": "1", "TORCHDYNAMO_DISABLE": "1"}
"""A dry run is about the path: threads do not pay on tiny tensors, and compiling on a CPU takes a minute."""


@dataclass(frozen=True)
class Part:
    """One section of the results."""

    title: str
    limit: float
    """Seconds after which it is broken off."""
    least: float
    """Seconds under which it is not worth beginning."""
    measure: Callable[[float], list[str]]
    """From the seconds it may take to lines of markdown."""


class Check:
    """The check under way: its settings, its clock and what it found."""

    def __init__(self, settings: Settings, out: Path, slug: str, runs: Path, peers: tuple[str, ...]) -> None:
        self.settings, self.out, self.slug, self.runs, self.peers = settings, out, slug, runs, peers
        self._davidnet: Run | None = None

    def parts(self) -> list[Part]:
        """Return the sections in their order.

        The limits of all but the last add up to the budget; the last has what is left of it.
        """
        return [
            Part("Tests marked gpu", 90, 20, run_suite),
            self._trials(Trials("davidnet", False), 100),
            self._trials(Trials("davidnet", True), 90),
            self._trials(Trials("davidnet-10", False), 60),
            self._trials(Trials("davidnet-10", True), 70),
            Part("The harness's own cost", 50, 40, lambda s: ask("overhead", self.settings, s)),
            Part("Time inside kernels, and waiting", 40, 20, lambda s: ask("kernels", self.settings, s)),
            Part("Cost of a telemetry read", 10, 3, lambda s: ask("sensors", self.settings, s)),
            Part("Energy: the counter and the samples", 10, 0, lambda _: self._energy()),
            Part("Peers", math.inf, 120 if self.peers else 0, self._peers),
        ]

    def _peers(self, seconds: float) -> list[str]:
        return measure_peers(self.peers, self.settings, seconds, self.out, self.slug, self.runs)

    def _trials(self, which: Trials, limit: float) -> Part:
        title = f"{which.recipe}, {'compile=true' if which.compiled else 'compile=false'}"

        def measure(seconds: float) -> list[str]:
            run = run_trials(which, self.settings, seconds, self.runs)
            log = f"gpu-check-{self.slug}-{which.name}-log.md"
            keep_log(run, self.out / log)
            if which == Trials("davidnet", False):
                self._davidnet = run
            return [*describe_trials(run), f"- [log]({log})"]

        return Part(title, limit, 30, measure)

    def _energy(self) -> list[str]:
        if self._davidnet is None:
            raise PartError("skipped: the trials of davidnet did not come to an end")
        lines = (self._davidnet.folder / "telemetry.jsonl").read_text(encoding="utf-8").splitlines(True)
        sample = "gpu-telemetry-sample.jsonl"
        (self.out / sample).write_text("".join(lines[:SAMPLE_LINES]), encoding="utf-8")
        return [*compare_energy(self._davidnet), "", f"The run's first samples: [{sample}]({sample})."]


def perform(part: Part, left: float) -> list[str]:
    """Return the part's lines, or the sentence that says why there are none."""
    if left < part.least:
        return [f"skipped: {left:.0f} s of the time were left, and it needs {part.least:.0f} s"]
    try:
        return part.measure(min(part.limit, left))
    except PartError as error:
        text = str(error)
        return [text if text.startswith("skipped") else f"failed: {text}"]
    except Exception as error:  # whatever it is, the other parts are still worth having
        return [f"failed: {type(error).__name__}: {error}"]


def section(part: Part, deadline: float) -> list[str]:
    """Return the part's section; the deadline is by time.monotonic."""
    began = time.monotonic()
    lines = perform(part, deadline - began)
    return ["", f"## {part.title}", "", *lines, "", f"(took {time.monotonic() - began:.0f} s)", ""]


def heading(facts: dict[str, Any], dry: bool) -> list[str]:
    command = (
        "make gpu-check" if len(sys.argv) == 1 else f"python benchmarks/gpu_check.py {' '.join(sys.argv[1:])}"
    )
    known = [f"- {name}: {value}" for name, value in facts.items() if value is not None and name != "uuid"]
    dry_run = ["A dry run on tiny settings: nothing here is a measurement.", ""] if dry else []
    return [
        f"# GPU check on {facts['gpu']}",
        "",
        *dry_run,
        "## Environment",
        "",
        *known,
        f"- begun: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        f"- command: `{command}`",
        "",
    ]


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Measure on this machine's GPU what the documentation quotes."
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results", help="Where the results go.")
    parser.add_argument("--budget", type=float, default=BUDGET_SECONDS, help="Seconds for all of it.")
    parser.add_argument("--dry-run", action="store_true", help="Tiny settings on the CPU, to try the path.")
    parser.add_argument("--only", default="", metavar="WORD", help="Parts with this word in their titles.")
    parser.add_argument(
        "--peer",
        action="append",
        default=list(filter(None, os.environ.get(VARIABLE, "").split(SEPARATOR))),
        metavar="NAME=FILE",
        help=f"A peer's script, to be measured beside ours; repeatable, or {VARIABLE}.",
    )
    given = parser.parse_args()
    began = time.monotonic()
    settings = DRY if given.dry_run else REAL
    if given.dry_run:
        os.environ.update(DRY_VARIABLES)
    try:
        facts = ask("facts", settings, FACTS_SECONDS)
    except PartError as error:
        print(f"gpu-check: this machine cannot be described: {error}", file=sys.stderr)
        return NO_GPU
    if facts["gpu"] is None:
        print(
            f"gpu-check: torch {facts['torch']} finds no NVIDIA GPU; run this where there is one, "
            "or with --dry-run",
            file=sys.stderr,
        )
        return NO_GPU
    settings = replace(settings, uuid=facts["uuid"], data=facts["data"])
    slug = "dry-run" if given.dry_run else slug_of(facts["gpu"])
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as runs:
        check = Check(settings, out, slug, Path(runs), tuple(given.peer))
        text = "\n".join(heading(facts, given.dry_run))
        # A measurement has the machine for itself; a dry run need not.
        with ThreadPoolExecutor(2 if given.dry_run else 1) as pool:
            parts = [part for part in check.parts() if given.only.lower() in part.title.lower()]
            sections = pool.map(lambda part: section(part, began + given.budget), parts)
            for part, lines in zip(parts, sections, strict=True):
                print(part.title, flush=True)
                text += "\n".join(lines)
                # After each part: a check that is ended early keeps what it has.
                (out / f"gpu-check-{slug}.md").write_text(text, encoding="utf-8")
    print(out / f"gpu-check-{slug}.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
