"""Trains small trials as one of several ranks and writes what they came to, for the tests of ranks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from dawnbench.engine.checkpoint import Checkpoint, CheckpointFacts, read_checkpoint
from dawnbench.engine.device import open_device
from dawnbench.engine.distributed import Ranks, open_rank_device, open_ranks
from dawnbench.engine.hooks import Hook, Progress
from dawnbench.engine.launched import launched
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from dawnbench.grace import Grace
from tests.engine.fakes import Listener, results_of
from tests.engine.small import noise, small_recipe

SEED = 0
TRAIN, VALIDATION = 65, 13
"""Neither divides by the ranks, nor by the batches."""
TRIALS: dict[str, tuple[str, ...]] = {
    # With the norms of the whole batch, and with those of the ranks' parts as ghost norms on one rank.
    "synchronized": ("davidnet", "augmentation=[]", "model.sync_bn=true"),
    "local": ("davidnet", "augmentation=[]", "model.norm_splits={splits}"),
    "bf16": ("davidnet", "augmentation=[]", "model.norm_splits={splits}", "gradient_reduction=bf16"),
    # Augmentation, an average with statistics of its own, whitening.
    "average": ("davidnet-10", "model.norm_splits={splits}"),
    # Muon, a bias that is trained for some epochs only, shifted views of the least certain images.
    "views": ("speedrun", "model.sync_bn=true", "model.fused=false"),
    # Dropout, and a smaller last batch that cannot be split evenly.
    "uneven": ("mnist-5", "batch_size=12"),
}
REFUSED = {
    "odd batch": ("davidnet", "batch_size=15"),
    "tiny last batch": ("davidnet-onecycle", "batch_size=16"),
    "ghost norms": ("davidnet", "model.norm_splits=2", "model.sync_bn=true"),
}


RESUMED = ("average", "views", "uneven")
"""Trials that are saved in the middle of an epoch: norms of each rank's own, Muon, dropout."""


class SavedWithinEpoch(Hook):
    """Saves a trial in the middle of its second epoch."""

    segment = "checkpoint"

    def __init__(self, path: Path, ranks: Ranks) -> None:
        self._saves = Checkpoint(path, 1, CheckpointFacts(1, SEED, "recipe", "data"), Grace(), ranks)

    def after_step(self, trial: Progress, step: int) -> None:
        if trial.epoch == 1 and trial.is_within_epoch and not self._saves.saved:
            self._saves.save_and_interrupt(trial)


def gone_on(prepared: Prepared, folder: Path) -> list[dict[str, Any]]:
    """Return the epochs from the second on of a trial that another one saved and this one goes on with."""
    path, ranks = folder / "checkpoint.pt", prepared.ranks
    results_of(prepared, SEED, (SavedWithinEpoch(path, ranks),))
    # Only rank 0 may have the file: other nodes have other folders.
    saved = read_checkpoint(path if ranks.rank == 0 else folder / "none", prepared.device.torch, ranks)
    assert saved is not None
    listener, idle = Listener(), SavedWithinEpoch(folder / "unused", ranks)
    trial = Trial(prepared, SEED + 1, Ledger(prepared.device), (listener, idle))
    saved.load(trial)
    trial.run()
    return [asdict(result) for result in listener.results]


def results(ranks: Ranks, folder: Path) -> dict[str, Any]:
    """Return each trial's epochs, the weights it ended with and the sentences of what is refused."""
    device = open_device("cpu")
    found: dict[str, Any] = {}
    for name, (recipe_name, *settings) in TRIALS.items():
        splits = 2 // ranks.size
        recipe = small_recipe(recipe_name, *(setting.format(splits=splits) for setting in settings))
        prepared = prepare(recipe, noise(recipe, TRAIN, VALIDATION), device, ranks)
        epochs = [asdict(result) for result in results_of(prepared, SEED)]
        weights = torch.cat([p.detach().double().flatten() for p in prepared.evaluated.parameters()])
        found[name] = {"epochs": epochs, "weights": weights.tolist(), "mask": torch.rand(4).tolist()}
        if name in RESUMED:
            found[name]["gone on"] = gone_on(prepared, folder)
    for name in ("mps", "cuda:0"):
        try:
            open_rank_device(name, ranks)
        except DawnbenchError as error:
            found[name] = str(error)
    for name, (recipe_name, *settings) in REFUSED.items():
        recipe = small_recipe(recipe_name, *settings)
        try:
            prepare(recipe, noise(recipe, TRAIN, VALIDATION), device, ranks)
            found[name] = None
        except DawnbenchError as error:
            found[name] = str(error)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    one = launched()
    together = open_ranks(one, "cpu")
    folder = Path(sys.argv[1])
    (folder / f"{one.rank}.json").write_text(json.dumps(results(together, folder)))
    together.close()
