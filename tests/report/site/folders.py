"""Folders of many small runs with a history."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from dawnbench.records.schema import DataRecord, PairingRecord
from dawnbench.safe_text import slug
from tests.cli.made_runs import made_run
from tests.cli.made_runs import trial as made_trial
from tests.records.examples import epoch
from tests.records.folders import line

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CIFAR = DataRecord("cifar10", "cd" * 32, 50_000, 10_000, (32, 32, 3), 10)
DIGITS = DataRecord("digits", "ef" * 32, 1500, 297, (8, 8, 1), 10)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def small_run(folder: Path, number: int, mean: float, *, count: int = 5, **changes: Any) -> Path:
    """A run of some trials about a mean time, the `number`th of its folder, in time."""
    created = BEGAN + timedelta(hours=7 * number)
    recipe = changes.pop("recipe_name", "davidnet")
    draw = random.Random(f"{recipe} {number}")
    trials = [
        made_trial(i + 1, mean * draw.gauss(1, 0.01), accuracy=0.942 + draw.gauss(0, 0.001), joules=700 + i)
        for i in range(count)
    ]
    epochs = [replace(epoch(), trial=i + 1) for i in range(count)]
    run = made_run(
        folder / f"{created:%Y%m%dT%H%M%SZ}-{slug(recipe)}-{number:06x}",
        trials,
        recipe_name=recipe,
        recipe_digest=digest(recipe),
        **{"created": created.isoformat(timespec="seconds"), "data": CIFAR, **changes},
    )
    (run / "epochs.jsonl").write_text("".join(line(one) for one in epochs))
    return run


def history(folder: Path, means: Sequence[float], first: int = 0, **changes: Any) -> list[Path]:
    """One series of runs by their mean times."""
    return [small_run(folder, first + i, mean, **changes) for i, mean in enumerate(means)]


def pair(folder: Path, number: int, a: float, b: float, recipe_b: str = "davidnet-b") -> list[Path]:
    """The two sides of a `dawnbench ab`, A being davidnet."""
    campaign = f"c{number}"
    return [
        small_run(folder, number, a, pairing=PairingRecord(campaign, "A")),
        small_run(folder, number + 1, b, recipe_name=recipe_b, pairing=PairingRecord(campaign, "B")),
    ]


def files(site: Path) -> dict[str, bytes]:
    """Every file of a site."""
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in sorted(site.rglob("*")) if p.is_file()}
