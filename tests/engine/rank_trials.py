"""Trains small trials as one of several ranks and writes what they came to, for the tests of ranks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from dawnbench.engine.device import open_device
from dawnbench.engine.distributed import Ranks, open_rank_device, open_ranks
from dawnbench.engine.launched import launched
from dawnbench.engine.prepare import prepare
from dawnbench.errors import DawnbenchError
from tests.engine.fakes import results_of
from tests.engine.small import noise, small_recipe

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


def results(ranks: Ranks) -> dict[str, Any]:
    """Return each trial's epochs, the weights it ended with and the sentences of what is refused."""
    device = open_device("cpu")
    found: dict[str, Any] = {}
    for name, (recipe_name, *settings) in TRIALS.items():
        splits = 2 // ranks.size
        recipe = small_recipe(recipe_name, *(setting.format(splits=splits) for setting in settings))
        prepared = prepare(recipe, noise(recipe, TRAIN, VALIDATION), device, ranks)
        epochs = [asdict(result) for result in results_of(prepared)]
        weights = torch.cat([p.detach().double().flatten() for p in prepared.evaluated.parameters()])
        found[name] = {"epochs": epochs, "weights": weights.tolist(), "mask": torch.rand(4).tolist()}
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
    Path(sys.argv[1], f"{one.rank}.json").write_text(json.dumps(results(together)))
    together.close()
