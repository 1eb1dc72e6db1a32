"""What is measured, the most valuable first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
