"""What is measured, the most valuable first, and the figures that each part leaves on the disk.

Each part is a process of its own: a CUDA error spoils the process that it happens in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.progress import spread_by_segment
from dawnbench.stats.trial_summary import summarise

Figures = dict[str, Any]
SUITE_SHARE = 0.3
"""Of the budget: a test that waits forever must not take the time of all later parts."""
SUITE = ("-m", "pytest", "tests/gpu", "-m", "gpu", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider")
TRIALS = {
    "speedrun": 20,
    "davidnet": 3,
    "davidnet-10": 3,
    "davidnet-onecycle": 1,
    "resnet18-step": 1,
    "resnet18-fast": 3,
    "mnist-fast": 3,
}
"""By recipe; the first two run before the profiles."""
PROFILED = ("speedrun", "davidnet")


@dataclass(frozen=True)
class Part:
    """One process that measures something."""

    name: str
    arguments: tuple[str, ...]
    """Of Python."""
    figures: Callable[[], Figures] = dict
    """Read what it has left on the disk so far."""
    recipe: str | None = None
    """Whose compile cache it uses."""
    share: float = 1.0
    """Of the budget, at most."""
    until: str | None = None
    """The figure that is enough: the part is ended once it is there."""


@dataclass(frozen=True)
class Mode:
    """On what, and how much, the parts measure."""

    device: str
    data: str | None
    """None is each recipe's own."""
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """KEY=VALUE each, by recipe."""

    def words(self, recipe: str) -> tuple[str, ...]:
        """Return the options that `run`, `profile` and filling share."""
        data = () if self.data is None else (f"--data={self.data}",)
        return (f"--device={self.device}", *data, *(f"--set={s}" for s in self.settings.get(recipe, ())))


_TINY = ("epochs=2", "batch_size=256", "precision=fp32")
_DAVIDNET = (*_TINY, "model.widths=[4,4,4,4]")
_SPEEDNET = (*_TINY, "model.widths=[4,4,4]", "model.whitening_images=64")


def dry_mode(data: str | None) -> Mode:
    """Return a mode so tiny that its figures mean nothing."""
    settings: dict[str, tuple[str, ...]] = {
        **dict.fromkeys(("davidnet", "davidnet-10", "davidnet-onecycle"), _DAVIDNET),
        **dict.fromkeys(("speedrun", "resnet18-fast"), _SPEEDNET),
        "resnet18-step": (*_TINY, "dataset.image_size=8"),
        "mnist-fast": _TINY,
    }
    return Mode("cpu", data or "digits", settings)


def plan_parts(mode: Mode, folder: Path, only: Sequence[str]) -> list[Part]:
    """Return the parts in their order, which leave their files in `folder`.

    `only` selects parts by name, in its own order; empty selects all. Any other name is a
    recipe or the path of its file, with the recipe's own number of trials.
    """

    def profile(recipe: str) -> Part:
        out = folder / f"profile-{recipe}.json"
        words = ("-m", "dawnbench", "profile", recipe, *mode.words(recipe), f"--out={out}")
        return Part(out.stem, words, lambda: of_profile(out), recipe)

    def run(recipe: str, *trials: str) -> Part:
        out = folder / Path(recipe).stem
        return Part(out.name, _run_words(recipe, mode, out, *trials), lambda: of_run(out), recipe)

    runs = [run(recipe, f"--trials={trials}") for recipe, trials in TRIALS.items()]
    suite = Part("gpu-tests", SUITE, share=SUITE_SHARE)
    parts = [suite, *runs[:2], *map(profile, PROFILED), *runs[2:]]
    known = {part.name: part for part in parts}
    resolved = [str(Path(name).resolve()) if name.endswith(".py") else name for name in only]
    return [known.get(name) or run(name) for name in resolved] or parts


def fill_of(recipe: str, mode: Mode, folder: Path) -> Part:
    """Return what fills the compile cache for a recipe: a run that is ended after its first epoch."""
    out = folder / f"fill-{Path(recipe).stem}"
    words = _run_words(recipe, mode, out, "--trials=1")
    return Part(recipe, words, lambda: of_run(out), until="flop_rate")


def _run_words(recipe: str, mode: Mode, out: Path, *trials: str) -> tuple[str, ...]:
    return ("-m", "dawnbench", "run", recipe, *mode.words(recipe), *trials, f"--out={out}")


def of_run(folder: Path) -> Figures:
    """Return the figures of the run folder in `folder`, finished or not; nothing before there is one.

    Times are in seconds, accuracies from 0 to 1.
    """
    found = sorted(folder.glob("*/run.json"))
    if not found:
        return {}
    run = read_run(found[-1].parent)
    summary = summarise(trial_set_of(run))
    figures: Figures = {
        "trials": f"{len(run.trials)} of {run.record.trials}",
        "accuracy": summary.accuracy and summary.accuracy.mean,
        "segments": {name: mean for name, (mean, _, _) in spread_by_segment(run.trials).items()},
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
