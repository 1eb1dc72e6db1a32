"""What a training step consists of: its operations, their arithmetic and their traffic, counted one by one.

Counts are the same on every processor, so they tell a change of the code from a change of the machine.
`python -m tests.engine.step_work` renews the committed counts.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.prepare import prepare
from dawnbench.profiling.counts import CountingMode
from dawnbench.profiling.profile import BEFORE, run_window
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt

BASELINE = Path(__file__).with_suffix(".json")
BATCH, STEPS = 16, 5
"""A window of five steps holds an update of every recipe's average."""
SETTINGS = ("precision=bf16", "compile=false", "epochs=1", f"batch_size={BATCH}")
"""What would depend on the processor is fixed."""
ATEN = "aten::"
RECIPES = {
    "davidnet": ("model.widths=[4,8,16,32]",),
    "davidnet-10": ("model.widths=[4,8,16,32]", "model.norm_splits=4"),
    "speedrun": ("model.widths=[8,16,16]", f"model.whitening_images={BATCH * STEPS}"),
}
"""The settings that make each of them small."""


class Work(NamedTuple):
    """All calls of one operation in `STEPS` training steps."""

    calls: int = 0
    flops: int = 0
    bytes: int = 0
    """Inputs and outputs touched once each."""


def count_work(recipe: str) -> dict[str, Work]:
    """Return the work of `STEPS` small training steps by the operation's name."""
    resolved = adapt(find_recipe(recipe), [*SETTINGS, *RECIPES[recipe]])
    counting, whole, images = CountingMode(), load_dataset("synthetic"), BATCH * (BEFORE + STEPS)
    # An epoch that ends with the window, since its last step may do more than the others.
    of_epoch = {name: getattr(whole, name)[:images] for name in ("train_images", "train_labels")}
    run_window(prepare(resolved, replace(whole, **of_epoch), open_device("cpu")), STEPS, counting)
    sums: defaultdict[str, Work] = defaultdict(Work)
    for (name, _shapes), count in counting.counts.items():
        if name.startswith(ATEN):  # the rest are a profiler's marks
            sums[name] = total([sums[name], Work(count.calls, count.flops, count.bytes)])
    return {name.removeprefix(ATEN): sums[name] for name in sorted(sums)}


def total(work: Iterable[Work]) -> Work:
    return Work(*map(sum, zip(*work, strict=True)))


def change_of(recipe: str, found: Mapping[str, Work], kept: Mapping[str, Work]) -> tuple[bool, str] | None:
    """Return whether there is more in all, and what changed; None if nothing did."""
    changed = sorted(name for name in kept.keys() | found.keys() if kept.get(name) != found.get(name))
    if not changed:
        return None
    both = list(zip(Work._fields, total(kept.values()), total(found.values()), strict=True))
    in_all = ", ".join(f"{was:,} {what} became {has:,}" for what, was, has in both if was != has)
    told = f"{recipe}: {in_all or 'the same in all'} in {STEPS} steps, by {', '.join(changed)}; "
    told += "`python -m tests.engine.step_work` counts again, and `git diff` shows each"
    return any(has > was for _, was, has in both), told


def torch_minor() -> str:
    """Return torch's version as far as its operators depend on it, such as 2.15."""
    return ".".join(torch.__version__.split(".")[:2])


def committed() -> tuple[str, dict[str, dict[str, Work]]]:
    """Return the committed work by recipe and operation, and the `torch_minor` that it is of."""
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    recipes: dict[str, dict[str, list[int]]] = kept["recipes"]
    return kept["torch"], {r: {name: Work(*one) for name, one in work.items()} for r, work in recipes.items()}


def main() -> None:
    argparse.ArgumentParser(description="Count the operations of training steps and keep them.").parse_args()
    found = {recipe: count_work(recipe) for recipe in RECIPES}
    content = {
        "what": f"[calls, FLOPs, bytes] of each operation in {STEPS} training steps of batch {BATCH}",
        "command": "python -m tests.engine.step_work",
        "torch": torch_minor(),
        "recipes": found,
    }
    text = re.sub(r"\[\s+(\d+),\s+(\d+),\s+(\d+)\s+\]", r"[\1, \2, \3]", json.dumps(content, indent=1))
    BASELINE.write_text(text + "\n", encoding="utf-8")
    for recipe, work in found.items():
        print(recipe, total(work.values()))


if __name__ == "__main__":
    main()
