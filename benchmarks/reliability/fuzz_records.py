"""Damaged records through every command that reads a run folder: each ends in an answer or in a sentence.

`python -m benchmarks.reliability.fuzz_records --records 50000`. A folder holds a run.json, trials, epochs
and telemetry with one change in each record, so that a folder tries a hundred changes at once; every fourth
folder has one change in all, so that one fault does not hide another. Figures are slow to draw: every tenth
folder has them drawn.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from click.testing import CliRunner

from benchmarks.reliability.mutations import line, mutated
from benchmarks.runs import write_run
from dawnbench.cli import main as command
from dawnbench.cli.exit_codes import DIVERGED, DONE, NOT_MEASURED, REGRESSION

TRIALS, TRIAL_SECONDS, HERTZ = 12, 0.2, 20.0
SINGLE_EVERY, FIGURES_EVERY = 4, 10
ANSWERS = {DONE, REGRESSION, NOT_MEASURED, DIVERGED}

Records = dict[str, list[Any]]


@dataclass
class Found:
    """What a series of damaged folders came to."""

    records: int = 0
    folders: int = 0
    exits: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By command and exit status."""
    crashes: dict[str, str] = field(default_factory=dict)
    """A traceback by where it was raised, with the folder's seed and the command before it."""


def records_of(folder: Path) -> Records:
    """Return the records of a run folder by its files' names."""
    files = {name: (folder / f"{name}.jsonl").read_text() for name in ("trials", "epochs", "telemetry")}
    lines = {name: [json.loads(line) for line in text.splitlines()] for name, text in files.items()}
    return {"run": [json.loads((folder / "run.json").read_text())], **lines}


def damaged_folder(folder: Path, records: Records, seed: int, single: bool) -> int:
    """Write a run folder with a change in each record, or with `single` in one; return how many changes."""
    random = Random(seed)
    chosen = random.choice([(name, i) for name in records for i in range(len(records[name]))])
    # The folder stays recognisable as a run in most cases: run.json is whole in two of three.
    spare_run = random.random() < 2 / 3
    changed = 0
    folder.mkdir()
    for name, originals in records.items():
        texts = []
        for i, original in enumerate(originals):
            if (name, i) == chosen if single else not (name == "run" and spare_run):
                texts.append(line(mutated(original, random), random))
                changed += 1
            else:
                texts.append(json.dumps(original) + "\n")
        (folder / ("run.json" if name == "run" else f"{name}.jsonl")).write_text("".join(texts))
    return changed


def commands(run: Path, healthy: Path, baseline: Path, out: Path, figures: bool) -> Iterator[tuple[str, ...]]:
    """Yield every command line that reads a run folder."""
    yield "show", str(run)
    yield "runs", str(run.parent)
    yield "runs", str(run.parent), "--json"
    yield "log", str(run)
    yield "watch", str(run)
    yield "report", str(run), "-o", "-"
    yield "report", str(run), "-o", "-", "--log", "progress"
    yield "report", str(run), "-o", str(out / "page.html")
    yield "report", str(run), "-o", "-", "--style", "writeup"
    if figures:
        yield "report", str(run)
        yield "report", str(run), "--style", "writeup"
    yield "compare", str(healthy), str(run)
    yield "compare", str(run), str(healthy), "--across", "--json"
    yield "compare", str(run), "published"
    yield "regress", str(run), "--baseline", str(baseline), "--across"
    yield "baseline", "save", str(run), "--name", "x", "--out", str(out / "baselines"), "--replace"
    yield "site", str(run.parent), "-o", str(out / "site")
    for form in ("csv", "parquet", "json", "mlperf", "dawnbench"):
        yield "export", str(run), "--format", form, "-o", str(out / form), *AUTHOR[form]


AUTHOR: dict[str, tuple[str, ...]] = {
    "csv": (),
    "parquet": (),
    "json": (),
    "mlperf": ("--author", "A"),
    "dawnbench": ("--author", "A", "--author-email", "a@b.c", "--code-url", "https://example.org"),
}


def fuzz(seed: int, records: int, place: Path) -> Found:
    """Try damaged folders from a seed on until so many records were changed; `place` is for files."""
    found, runner = Found(), CliRunner()
    healthy, baseline, damaged = place / "healthy", place / "baseline", place / "runs"
    whole = write_run(healthy / "run", trials=TRIALS, trial_seconds=TRIAL_SECONDS, hertz=HERTZ)
    originals = records_of(whole)
    kept = runner.invoke(
        command, ["baseline", "save", str(healthy / "run"), "--name", "x", "--out", str(baseline)]
    )
    (reference,) = baseline.rglob("*.json") if kept.exit_code == DONE else (baseline / "none.json",)
    while found.records < records:
        number = found.folders
        run = damaged / "run"
        damaged.mkdir()
        found.records += damaged_folder(run, originals, seed + number, number % SINGLE_EVERY == 0)
        found.folders += 1
        for words in commands(run, healthy / "run", reference, place / "out", number % FIGURES_EVERY == 0):
            result = runner.invoke(command, list(words))
            found.exits[words[0], result.exit_code] += 1
            if result.exit_code not in ANSWERS or not isinstance(result.exception, SystemExit | None):
                _keep_crash(found, result, seed + number, words)
        shutil.rmtree(damaged)
    return found


def _keep_crash(found: Found, result: Any, seed: int, words: tuple[str, ...]) -> None:
    error = result.exception
    cause = error.__cause__ or error if isinstance(error, BaseException) else None
    where = traceback.extract_tb(cause.__traceback__)[-1] if cause is not None else None
    key = (
        f"{type(cause).__name__} at {where.filename}:{where.lineno}" if where else f"exit {result.exit_code}"
    )
    text = "".join(traceback.format_exception(cause)) if cause is not None else str(result.output)[-500:]
    found.crashes.setdefault(key, f"seed {seed}: {' '.join(words)}\n{text}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Put damaged records through every reading command.")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        found = fuzz(given.seed, given.records, Path(place))
    for where, text in found.crashes.items():
        print(f"== {where}\n{text}")
    seconds = time.monotonic() - began
    print(
        f"{found.records:,} changed records in {found.folders:,} folders, "
        f"{sum(found.exits.values()):,} commands, {len(found.crashes)} kinds of crash, {seconds:.0f} s"
    )
    for (verb, status), count in sorted(found.exits.items()):
        print(f"{verb:10} exit {status:3} {count:6,}")
    sys.exit(1 if found.crashes else 0)


if __name__ == "__main__":
    main()
