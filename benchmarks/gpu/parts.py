"""What is timed on the idle device, the most valuable first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gpu import figures
from benchmarks.gpu.figures import Figures

SUITE_SHARE = 0.3
"""Of the budget: a test that waits forever must not take the time of all later parts."""
SUITE = ("-m", "pytest", "tests/gpu", "-m", "gpu", "-v", "-rfE", "--tb=short", "-p", "no:cacheprovider")
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
PEER_TRIALS, PEER_BLOCK = 40, 20
"""Of each side, and in a turn, each of which compiles first."""


@dataclass(frozen=True)
class Part:
    """One process that measures something."""

    name: str
    arguments: tuple[str, ...]
    """Of Python."""
    figures: Callable[[], Figures]
    """Read what it has left on the disk so far."""
    recipe: str | None = None
    """Whose compile cache it uses."""
    share: float = 1.0
    """Of the budget, at most."""


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
        data = () if self.data is None else ("--data", self.data)
        sets = tuple(word for setting in self.settings.get(recipe, ()) for word in ("--set", setting))
        return ("--device", self.device, *data, *sets)


_TINY = ("epochs=2", "batch_size=256", "precision=fp32")
_DAVIDNET = (*_TINY, "model.widths=[4,4,4,4]")
_SPEEDNET = (*_TINY, "model.widths=[4,4,4]", "model.whitening_images=64")
DRY = Mode(
    device="cpu",
    data="digits",
    settings={
        **dict.fromkeys(("davidnet", "davidnet-10", "davidnet-onecycle"), _DAVIDNET),
        **dict.fromkeys(("speedrun", "resnet18-fast"), _SPEEDNET),
        "resnet18-step": (*_TINY, "dataset.image_size=8"),
        "mnist-fast": _TINY,
    },
)
"""Tiny: its figures mean nothing."""


def plan_parts(mode: Mode, folder: Path, *, only: Sequence[str], peers: Sequence[str]) -> list[Part]:
    """Return the parts in their order, which leave their files in `folder`.

    `only` selects parts by name, in its own order; empty selects all. Any other name is a
    recipe or the path of its file, with the recipe's own number of trials.
    """
    log = folder / "gpu-tests.log"
    runs = [_run(mode, folder, recipe, trials) for recipe, trials in TRIALS.items()]
    profiles = [_profile(mode, folder, recipe) for recipe in PROFILED]
    parts = [
        Part("gpu-tests", SUITE, lambda: figures.of_suite(log), share=SUITE_SHARE),
        *runs[:2],
        *profiles,
        *runs[2:],
        *([_peers(mode, folder, peers)] if peers else []),
    ]
    if not only:
        return parts
    known = {part.name: part for part in parts}
    return [known.get(name) or _run(mode, folder, name, None) for name in only]


def _run(mode: Mode, folder: Path, recipe: str, trials: int | None) -> Part:
    name = Path(recipe).stem if recipe.endswith(".py") else recipe
    out = folder / name
    given = () if trials is None else ("--trials", str(trials))
    words = ("-m", "dawnbench", "run", recipe, *mode.words(recipe), *given, "--out", str(out))
    return Part(name, words, lambda: figures.of_run(out), recipe)


def _profile(mode: Mode, folder: Path, recipe: str) -> Part:
    name = f"profile-{recipe}"
    out = folder / f"{name}.json"
    words = ("-m", "dawnbench", "profile", recipe, *mode.words(recipe), "--out", str(out))
    return Part(name, words, lambda: figures.of_profile(out), recipe)


def _peers(mode: Mode, folder: Path, peers: Sequence[str]) -> Part:
    runs = folder / "peers"
    words = ["-m", "benchmarks.peers", *(word for peer in peers for word in ("--peer", peer))]
    words += [*mode.words("speedrun"), "--trials", str(PEER_TRIALS), "--block", str(PEER_BLOCK)]
    words += ["--out", str(folder / "peers.md"), "--runs", str(runs)]
    return Part("peers", tuple(words), lambda: figures.of_peers(runs), "speedrun")
