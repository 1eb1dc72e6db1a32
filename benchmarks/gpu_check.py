"""Measure on this machine's GPU what the documentation quotes, the most valuable first, within a budget.

`make gpu-check`, or `PYTHONPATH=. python benchmarks/gpu_check.py --help`. Needs torch, the packages of
pyproject.toml and CIFAR-10 (DAWNBENCH_DATA, the cache or a download); neither git nor, with the data there, a
network. Writes gpu-check.json after each part, gpu-check.md with a summary, which it also prints at the end,
and in gpu-check-parts/ each part's log and run folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from contextlib import suppress
from pathlib import Path

from benchmarks.gpu.figures import NOT_MEASURED, Figures, page, read_figures
from benchmarks.gpu.plan import SUITE_SHARE, Part, plan_parts
from benchmarks.processes import ROOT, environment
from dawnbench import telemetry
from dawnbench.cli import exit_codes
from dawnbench.records.files import write
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import gpu_facts
from dawnbench.user_folders import cache_folder

FAILED = 1
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
POLL_SECONDS = 0.5
LAST_LINES = 8


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gpu-check", description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    only = "Run this part, or a further recipe or its file; repeatable, in that order."
    add("--out", type=Path, default=ROOT / "docs" / "results" / "gpu-check", help="Write the results here.")
    add("--budget", type=float, default=520.0, metavar="SECONDS", help="Stop after this time.")
    add("--only", action="append", default=[], metavar="NAME", help=only)
    add("--data", help="Train on this data instead of each recipe's own.")
    add("--dry-run", action="store_true", help="Use tiny settings on the CPU, to try the path.")
    return parser.parse_args()


class Check:
    """One check under way; its results are complete on the disk after each part."""

    def __init__(self, given: argparse.Namespace) -> None:
        """Begin to count the budget; raises NoGpuError."""
        self._out, self._budget, self._began = given.out.resolve(), given.budget, time.monotonic()
        self._folder, self._interrupted = self._out / "gpu-check-parts", asyncio.Event()
        facts = telemetry.environment(None)
        facts["device"] = facts["cpu"]["model"] if given.dry_run else gpu_facts(None).name
        shutil.rmtree(self._folder, ignore_errors=True)  # figures of an earlier check are not this one's
        self._fills, self._parts = plan_parts(self._folder, given.only, given.data, given.dry_run)
        self._found: Figures = {
            "facts": facts,
            "dry_run": given.dry_run,
            "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "budget_seconds": given.budget,
            "cache_was_empty": _cache_is_empty(),
            "fills": {part.recipe: {"state": NOT_MEASURED} for part in self._fills},
            "parts": {part.name: {"state": NOT_MEASURED, "recipe": part.recipe} for part in self._parts},
        }

    async def take(self) -> int:
        """Fill the caches side by side, then run the parts one at a time; return the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._interrupted.set)
        slots = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))

        async def fill(part: Part) -> bool:
            async with slots:
                noted = self._found["fills"][part.recipe]
                return await self._perform(part, noted, self._began + FILL_SHARE * self._budget)

        worked = await asyncio.gather(*map(fill, self._fills))
        for part in self._parts:
            share = SUITE_SHARE if part.recipe is None else 1
            end = min(self._began + self._budget - GRACE_SECONDS, time.monotonic() + share * self._budget)
            worked.append(await self._perform(part, self._found["parts"][part.name], end))
        if self._interrupted.is_set():
            return exit_codes.INTERRUPTED
        return exit_codes.DONE if all(worked) else FAILED

    def save(self) -> str:
        """Write both files and return the summary."""
        text = page(self._found)
        write(json.dumps(self._found, indent=1) + "\n", self._out / "gpu-check.json")
        write(text, self._out / "gpu-check.md")
        return text

    async def _perform(self, part: Part, noted: Figures, end: float) -> bool:
        """Run a part, until `end` at most, and note its figures; return whether it did not fail."""
        if end - time.monotonic() < MIN_SECONDS or self._interrupted.is_set():
            return True
        noted["state"] = "running"
        self.save()
        began, state, log = time.monotonic(), "running", self._folder / f"{part.name}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *part.command),
                cwd=ROOT,
                env=environment() | (FILL_VARIABLES if part.fills else {}),
                stdin=DEVNULL,
                stdout=file,
                stderr=STDOUT,
                start_new_session=True,
            )
        while state == "running":
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), POLL_SECONDS)
            if process.returncode is not None:
                state = "failed" if process.returncode else "done"
            elif part.fills and self._has_epoch(part):
                state = "done"
            elif self._interrupted.is_set():
                state = "interrupted"
            elif time.monotonic() > end:
                state = "broken off"
        await _end(process)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        noted["said"] = [line.rstrip() for line in lines if line.strip()][-LAST_LINES:]
        noted |= {"state": state, "seconds": time.monotonic() - began}
        noted |= read_figures(self._folder, part.name)
        self.save()
        print(f"{time.monotonic() - self._began:4.0f} s  {part.name}: {state}", flush=True)
        return state != "failed"

    def _has_epoch(self, part: Part) -> bool:
        return any(file.stat().st_size for file in self._folder.glob(f"{part.name}/*/epochs.jsonl"))


async def _end(process: Process) -> None:
    """Interrupt a process that still runs as Ctrl-C does, then kill it and what it started."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    # torch.compile's workers outlive a process that is killed.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _cache_is_empty() -> bool:
    """Return whether nothing is compiled yet; False if nobody knows where torch keeps it."""
    named, own = os.environ.get("TORCHINDUCTOR_CACHE_DIR"), cache_folder()
    cache = Path(named) if named else own and own / "inductor"
    return cache is not None and not (cache.is_dir() and any(cache.iterdir()))


def main() -> int:
    given = arguments()
    if given.dry_run:
        os.environ.update(DRY_VARIABLES)
    try:
        check = Check(given)
    except NoGpuError as error:
        print(f"gpu-check: finds no NVIDIA GPU ({error}); run this on a machine with one", file=sys.stderr)
        return exit_codes.NOT_MEASURED
    try:
        return asyncio.run(check.take())
    finally:
        print(check.save(), end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
