"""What a training step consists of: its operations, their arithmetic and their traffic, counted one by one.

Counts are the same on every processor, so they tell a change of the code from a change of the machine.
`python -m benchmarks.work` writes the committed counts anew.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

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


@dataclass(frozen=True)
class Work:
    """All calls of one operation in `STEPS` training steps."""

    calls: int
    flops: int
    bytes: int
    """Inputs and outputs touched once each."""


MAX_NAMED = 8
"""Operations in a sentence."""
NONE = Work(0, 0, 0)
FIGURES = tuple(field.name for field in fields(Work))


def count_work(recipe: str) -> dict[str, Work]:
    """Return the work of `STEPS` small training steps by the operation's name."""
    resolved = adapt(find_recipe(recipe), [*SETTINGS, *RECIPES[recipe]])
    counting = CountingMode()
    run_window(
        prepare(resolved, random_images(BATCH * (BEFORE + STEPS)), open_device("cpu")), STEPS, counting
    )
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (name, _shapes), count in counting.counts.items():
        if not name.startswith(ATEN):
            continue  # a profiler's mark
        own = (count.calls, count.flops, count.bytes)
        sums[name] = [before + added for before, added in zip(sums[name], own, strict=True)]
    return {name.removeprefix(ATEN): Work(*sums[name]) for name in sorted(sums)}


def total(work: Mapping[str, Work]) -> Work:
    return Work(*(sum(getattr(one, figure) for one in work.values()) for figure in FIGURES))


@dataclass(frozen=True)
class Change:
    """How the work differs from what was committed."""

    grew: bool
    """Whether there are more calls, more FLOPs or more bytes in all."""
    sentence: str


def change_of(recipe: str, found: Mapping[str, Work], kept: Mapping[str, Work]) -> Change | None:
    """Return what changed; None where every operation has the work it had."""
    before, now = total(kept), total(found)
    if found == kept:
        return None
    came, went = _more(found, kept), _more(kept, found)
    sums = ", ".join(
        f"{getattr(before, figure):,} {figure} became {getattr(now, figure):,}"
        for figure in FIGURES
        if getattr(before, figure) != getattr(now, figure)
    )
    parts = [f"{recipe}: {sums or 'the same in all'} in {STEPS} steps"]
    parts += [f"more of {came}"] if came else []
    parts += [f"less of {went}"] if went else []
    grew = any(getattr(now, figure) > getattr(before, figure) for figure in FIGURES)
    return Change(grew, f"{'; '.join(parts)}. `python -m benchmarks.work` counts anew")


def _more(one: Mapping[str, Work], other: Mapping[str, Work]) -> str:
    """Return what `one` has more of, by operation, the most bytes first."""
    told: list[tuple[int, str]] = []
    for name, has in one.items():
        had = other.get(name, NONE)
        extra = {figure: getattr(has, figure) - getattr(had, figure) for figure in FIGURES}
        grown = [f"{count:,} {figure}" for figure, count in extra.items() if count > 0]
        if grown:
            told.append((-extra["bytes"], f"{name} ({', '.join(grown)})"))
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
            recipe: {name: asdict(one) for name, one in work.items()} for recipe, work in found.items()
        },
    }
    BASELINE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for recipe, work in found.items():
        print(recipe, total(work))
    print(f"wrote {BASELINE}")


if __name__ == "__main__":
    main()
