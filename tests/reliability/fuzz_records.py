"""Damaged records through every command that reads a run folder: each ends in an answer or in a sentence.

`python -m tests.reliability.fuzz_records --records 50000`. A folder holds a run.json, trials, epochs
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
import traceback
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from click.testing import CliRunner

from dawnbench.cli import main as command
from dawnbench.cli.exit_codes import DIVERGED, DONE, NOT_MEASURED, REGRESSION
from tests.records.large_runs import write_run

SINGLE_EVERY, FIGURES_EVERY = 4, 10
ANSWERS = {DONE, REGRESSION, NOT_MEASURED, DIVERGED}
FILES = ("run.json", "trials.jsonl", "epochs.jsonl", "telemetry.jsonl")
HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e-320, 1e308, -1e308),
    *(float("nan"), float("inf"), float("-inf"), 2**31, 2**63, -(2**63), 10**400),
    *("", "0", "1e999", "NaN", "\ud800", "\udcff", "\x00\x1b[31m\x07\u202e", "x" * 10_000),
    *("line\n# heading\n|cell|<img src=x onerror=alert(1)>", "=HYPERLINK(1)", "../../etc/passwd"),
    "%s%n{0}{name}$\\frac{",
    *([], {}, [None], [[]], {"": None}, {"kind": 5}, [0, "a", {}]),
)
"""Values that a careful writer never writes."""
DEEP = json.loads("[" * 900 + "1" + "]" * 900)
"""Python's parser takes some more levels, and other ways to read it fewer."""
COMMANDS = (
    "show RUN",
    "runs RUNS",
    "runs RUNS --json",
    "log RUN",
    "watch RUN",
    "report RUN -o -",
    "report RUN -o - --log progress",
    "report RUN -o OUT/page.html",
    "report RUN -o - --style writeup",
    "compare HEALTHY RUN",
    "compare RUN HEALTHY --across --json",
    "compare RUN published",
    "regress RUN --baseline BASELINE --across",
    "baseline save RUN --name x --out OUT/baselines --replace",
    "site RUNS -o OUT/site",
    "export RUN --format csv -o OUT/csv",
    "export RUN --format parquet -o OUT/parquet",
    "export RUN --format json -o OUT/json",
    "export RUN --format mlperf -o OUT/mlperf --author A",
    "export RUN --format dawnbench -o OUT/dawnbench --author A --author-email a@b.c --code-url https://x.org",
)
DRAWING = ("report RUN", "report RUN --style writeup")


@dataclass
class Found:
    """What a series of damaged folders came to."""

    records: int = 0
    folders: int = 0
    exits: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By command and exit status."""
    crashes: dict[str, str] = field(default_factory=dict)
    """A traceback by where it was raised, with the folder's seed and the command before it."""


def mutated(record: Any, random: Random) -> Any:
    """Return a copy of parsed JSON with one random change at one random place."""
    copy = deepcopy(record)
    *way, last = random.choice(list(_places(record)))
    holder = copy
    for step in way:
        holder = holder[step]
    match random.randrange(10):
        case 0:
            del holder[last]
        case 1:
            holder[last] = [holder[last]]
        case 2:
            holder[last] = {"value": holder[last]}
        case 3 if isinstance(holder, dict):
            holder[f"{last}\u202e"] = holder.pop(last)
        case 4:
            holder[last] = DEEP
        case 5 if isinstance(holder[last], int | float) and not isinstance(holder[last], bool):
            holder[last] = holder[last] * random.choice((-1, 0, 1e6, 1e-9, 10**30))
        case _:
            holder[last] = random.choice(HOSTILE)
    return copy


def _places(value: Any, way: tuple[int | str, ...] = ()) -> Iterator[tuple[int | str, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*way, key)
        yield from _places(item, (*way, key))


def damaged_line(record: Any, random: Random) -> str:
    """Return a mutated record as JSON, now and then one that is torn, empty or not an object."""
    text = json.dumps(mutated(record, random))
    if random.random() < 0.02:
        text = random.choice((text[: len(text) // 2], "", "[]", "null", '"text"', "{", text + text))
    return text


def damage(folder: Path, healthy: Path, random: Random, single: bool) -> int:
    """Write a run folder with a change in each record, or with `single` in one; return how many changes."""
    folder.mkdir(parents=True)
    texts = {name: (healthy / name).read_text() for name in FILES}
    records = [("run.json", json.loads(texts.pop("run.json")))]
    records += [(name, json.loads(line)) for name, text in texts.items() for line in text.splitlines()]
    # The folder stays recognizable as a run in most cases: run.json is whole in two of three.
    chosen = {random.randrange(len(records))} if single else set(range(random.random() < 2 / 3, len(records)))
    lines: dict[str, list[str]] = {name: [] for name in FILES}
    for number, (name, record) in enumerate(records):
        lines[name].append(damaged_line(record, random) if number in chosen else json.dumps(record))
    for name, of_file in lines.items():
        (folder / name).write_text("".join(f"{line}\n" for line in of_file))
    return len(chosen)


def fuzz(seed: int, records: int, place: Path) -> Found:
    """Try damaged folders from a seed on until so many records were changed; `place` is for files."""
    found, invoke = Found(), CliRunner().invoke
    run, out = place / "runs" / "run", place / "out"
    healthy = write_run(place / "healthy" / "run", trials=12, trial_seconds=0.2, hertz=20.0)
    invoke(command, ["baseline", "save", str(healthy), "--name", "x", "--out", str(place / "base")])
    (baseline,) = (place / "base").rglob("*.json")
    paths = {"RUN": run, "RUNS": run.parent, "HEALTHY": healthy, "BASELINE": baseline}
    while found.records < records:
        number = found.folders
        found.records += damage(run, healthy, Random(seed + number), number % SINGLE_EVERY == 0)
        found.folders += 1
        for text in (*COMMANDS, *(DRAWING if number % FIGURES_EVERY == 0 else ())):
            words = [str(paths.get(w, w)).replace("OUT", str(out)) for w in text.split()]
            result = invoke(command, words)
            found.exits[words[0], result.exit_code] += 1
            error = result.exception
            if result.exit_code not in ANSWERS or not isinstance(error, SystemExit | None):
                where, trace = _told(error.__cause__ or error) if error else ("no error", result.output)
                found.crashes.setdefault(where, f"seed {seed + number}: {text}\n{trace}")
        shutil.rmtree(run.parent)
    return found


def _told(error: BaseException) -> tuple[str, str]:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
    return where, "".join(traceback.format_exception(error))


def main() -> None:
    parser = argparse.ArgumentParser(description="Put damaged records through every reading command.")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found = fuzz(given.seed, given.records, Path(place))
    for where, text in found.crashes.items():
        print(f"== {where}\n{text}")
    print(
        f"{found.records:,} changed records in {found.folders:,} folders, "
        f"{sum(found.exits.values()):,} commands, {len(found.crashes)} kinds of crash"
    )
    for (verb, status), count in sorted(found.exits.items()):
        print(f"{verb:10} exit {status:3} {count:6,}")
    sys.exit(1 if found.crashes else 0)


if __name__ == "__main__":
    main()
