"""What a training step consists of: its operations, their arithmetic and their traffic, counted one by one.

Counts are the same on every processor, so they tell a change of the code from a change of the machine.
`python -m benchmarks.work` renews the committed counts.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.images import random_images
from dawnbench.engine.device import open_device
from dawnbench.engine.prepare import prepare
from dawnbench.profiling.counts import CountingMode
from dawnbench.profiling.profile import BEFORE, run_window
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt

BASELINE = Path(__file__).parent / "baselines" / "step_work.json"
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

    calls: int
    flops: int
    bytes: int
    """Inputs and outputs touched once each."""


MAX_NAMED = 8
"""Operations in a sentence."""
NONE = Work(0, 0, 0)


def count_work(recipe: str) -> dict[str, Work]:
    """Return the work of `STEPS` small training steps by the operation's name."""
    resolved = adapt(find_recipe(recipe), [*SETTINGS, *RECIPES[recipe]])
    counting = CountingMode()
    run_window(
        prepare(resolved, random_images(BATCH * (BEFORE + STEPS)), open_device("cpu")), STEPS, counting
    )
    sums: defaultdict[str, Work] = defaultdict(lambda: NONE)
    for (name, _shapes), count in counting.counts.items():
        if name.startswith(ATEN):  # the rest are a profiler's marks
            own = Work(count.calls, count.flops, count.bytes)
            sums[name] = total({"before": sums[name], "own": own})
    return {name.removeprefix(ATEN): sums[name] for name in sorted(sums)}


def total(work: Mapping[str, Work]) -> Work:
    return Work(*(sum(figures) for figures in zip(NONE, *work.values(), strict=True)))


@dataclass(frozen=True)
class Change:
    """How the work differs from what was committed."""

    grew: bool
    """Whether there are more calls, more FLOPs or more bytes in all."""
    sentence: str


def change_of(recipe: str, found: Mapping[str, Work], kept: Mapping[str, Work]) -> Change | None:
    """Return what changed; None if every operation has the work it had."""
    if found == kept:
        return None
    both = list(zip(Work._fields, total(kept), total(found), strict=True))
    sums = ", ".join(f"{before:,} {what} became {now:,}" for what, before, now in both if before != now)
    parts = [f"{recipe}: {sums or 'the same in all'} in {STEPS} steps"]
    for word, more in (("more", _more(found, kept)), ("less", _more(kept, found))):
        parts += [f"{word} of {more}"] if more else []
    grew = any(now > before for _, before, now in both)
    return Change(grew, f"{'; '.join(parts)}. `python -m benchmarks.work` counts again")


def _more(one: Mapping[str, Work], other: Mapping[str, Work]) -> str:
    """Return what `one` has more of, by operation, the most bytes first."""
    told: list[tuple[int, str]] = []
    for name, has in one.items():
        extra = Work(*(a - b for a, b in zip(has, other.get(name, NONE), strict=True)))
        grown = [f"{count:,} {what}" for what, count in extra._asdict().items() if count > 0]
        if grown:
            told.append((-extra.bytes, f"{name} ({', '.join(grown)})"))
    words = [word for _, word in sorted(told)]
    further = [f"{len(words) - MAX_NAMED} others"] if len(words) > MAX_NAMED else []
    return ", ".join(words[:MAX_NAMED] + further)


def torch_minor() -> str:
    """Return torch's version as far as its operators depend on it, such as 2.15."""
    return ".".join(torch.__version__.split(".")[:2])


def committed() -> tuple[str, dict[str, dict[str, Work]]]:
    """Return the committed work by recipe and operation, and the `torch_minor` that it is of."""
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    recipes = kept["recipes"].items()
    return kept["torch"], {
        recipe: {name: Work(**one) for name, one in work.items()} for recipe, work in recipes
    }


def main() -> None:
    argparse.ArgumentParser(
        description="Count the training steps' operations and keep the counts."
    ).parse_args()
    found = {recipe: count_work(recipe) for recipe in RECIPES}
    content = {
        "what": f"calls, FLOPs and bytes of each operation in {STEPS} training steps of batch {BATCH}",
        "command": "python -m benchmarks.work",
        "torch": torch_minor(),
        "recipes": {
            recipe: {name: one._asdict() for name, one in work.items()} for recipe, work in found.items()
        },
    }
    BASELINE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for recipe, work in found.items():
        print(recipe, total(work))
    print(f"wrote {BASELINE}")


if __name__ == "__main__":
    main()
