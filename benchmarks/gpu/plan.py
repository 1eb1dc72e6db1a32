"""What is measured, the most valuable first, and the figures that each part leaves on the disk.

Each part is a process of its own: a CUDA error spoils the process that it happens in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.progress import spread_by_segment
from dawnbench.stats.trial_summary import summarise

Figures = dict[str, Any]
PARTS = {
    "gpu-tests": "pytest tests/gpu -m gpu -q -rfE --tb=short -p no:cacheprovider",
    "speedrun": "dawnbench run speedrun --trials=20",
    "davidnet": "dawnbench run davidnet --trials=3",
    "profile-speedrun": "dawnbench profile speedrun",
    "profile-davidnet": "dawnbench profile davidnet",
    "davidnet-10": "dawnbench run davidnet-10 --trials=3",
    "davidnet-onecycle": "dawnbench run davidnet-onecycle --trials=1",
    "resnet18-step": "dawnbench run resnet18-step --trials=1",
    "resnet18-fast": "dawnbench run resnet18-fast --trials=3",
    "mnist-fast": "dawnbench run mnist-fast --trials=3",
}
"""What follows `python -m`, in this order."""
BESIDE_TRAINING = ("to_device", "reset", "init", "final_evaluate")
"""The other segments that the rule strict counts."""
SUITE_SHARE = 0.3
"""Of the budget: a test that waits forever must not take the time of all later parts."""
_TINY = ("epochs=2", "batch_size=256", "precision=fp32")
_DAVIDNET = (*_TINY, "model.widths=[4,4,4,4]")
_SPEEDNET = (*_TINY, "model.widths=[4,4,4]", "model.whitening_images=64")
DRY_SETTINGS = {
    **dict.fromkeys(("davidnet", "davidnet-10", "davidnet-onecycle"), _DAVIDNET),
    **dict.fromkeys(("speedrun", "resnet18-fast"), _SPEEDNET),
    "resnet18-step": (*_TINY, "dataset.image_size=8"),
    "mnist-fast": _TINY,
}
"""By recipe, KEY=VALUE each, so tiny that the figures mean nothing."""


@dataclass(frozen=True)
class Part:
    """One process that measures something."""

    name: str
    """Also of its log and of what it leaves on the disk."""
    command: tuple[str, ...]
    """What follows `python -m`."""
    recipe: str | None = None
    """Whose compile cache it uses."""
    fills: bool = False
    """Only fills the cache, and is ended after its first epoch: everything is compiled before that."""


def plan_parts(
    folder: Path, only: Sequence[str], data: str | None, dry_run: bool
) -> tuple[list[Part], list[Part]]:
    """Return what fills the compile cache of each recipe, and the parts in their order.

    They leave their files in `folder`. `only` selects parts by name, in its own order; empty selects all. Any
    other name is a recipe or the path of its file, with the recipe's own number of trials. `data` None is
    each recipe's own.
    """
    device, data = ("cpu", data or "digits") if dry_run else ("cuda", data)
    where = (f"--device={device}", *([f"--data={data}"] if data else []))

    def part(name: str, module: str, *words: str, fills: bool = False) -> Part:
        if module != "dawnbench":
            return Part(name, (module, *words))
        verb, recipe, *_ = words
        out = folder / (f"{name}.json" if verb == "profile" else name)
        changes = [f"--set={setting}" for setting in (DRY_SETTINGS.get(recipe, ()) if dry_run else ())]
        return Part(name, (module, *words, *where, f"--out={out}", *changes), recipe, fills)

    def named(name: str) -> Part:
        if name in PARTS:
            return part(name, *PARTS[name].split())
        recipe = str(Path(name).resolve()) if name.endswith(".py") else name
        return part(Path(name).stem, "dawnbench", "run", recipe)

    def fill(recipe: str) -> Part:
        return part(f"fill-{Path(recipe).stem}", "dawnbench", "run", recipe, "--trials=1", fills=True)

    parts = [named(name) for name in only or PARTS]
    return [fill(recipe) for recipe in dict.fromkeys(part.recipe for part in parts) if recipe], parts


def read_figures(folder: Path, name: str) -> Figures:
    """Return the figures that the part of this name has left in `folder` so far."""
    try:
        return of_profile(folder / f"{name}.json") or of_run(folder / name)
    except Exception as error:  # a file may be half written, and the other parts are still worth having
        return {"unreadable": f"{type(error).__name__}: {error}"}


def of_run(folder: Path) -> Figures:
    """Return the figures of the run folder in `folder`, finished or not; nothing before there is one.

    Times are in seconds, accuracies from 0 to 1.
    """
    found = sorted(folder.glob("*/run.json"))
    if not found:
        return {}
    run = read_run(found[-1].parent)
    summary = summarise(trial_set_of(run))
    segments = {name: mean for name, (mean, _, _) in spread_by_segment(run.trials).items()}
    figures: Figures = {
        "trials": f"{len(run.trials)} of {run.record.trials}",
        "accuracy": summary.accuracy and summary.accuracy.mean,
        "segments": segments,
        "beside_training": sum(segments.get(name, 0) for name in BESIDE_TRAINING) if segments else None,
        **{times.rule: asdict(times.sample) for times in summary.times if times.sample},
    }
    if run.trials:
        starts = {segment.name: segment.start_ns for segment in reversed(run.trials[0].segments)}
        if {"startup", "train"} <= starts.keys():
            figures["start_to_epoch_1"] = (starts["train"] - starts["startup"]) / 1e9
    seconds = [epoch.train_seconds for epoch in run.epochs if epoch.train_seconds]
    if run.record.model.flops_per_trial and seconds:
        per_epoch = run.record.model.flops_per_trial / run.record.recipe["epochs"]
        figures["flop_rate"] = per_epoch / median(seconds)
    return figures


def of_profile(path: Path) -> Figures:
    """Return the seconds of a step, at the roofs too, and the peaks in FLOP/s."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        "step_seconds": found["step_seconds"],
        "best_seconds": found["gap"]["best_seconds"],
        "peaks": {peak["work"]: peak["rate"] for peak in found["peaks"]["products"]},
    }
