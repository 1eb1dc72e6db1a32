"""Every shape that a kernel is asked for is known before the clock starts.

On a GPU a new shape means that a library measures its algorithms, a compiler compiles or an allocator asks
the driver: all of it once, and all of it on a trial's clock if the warm-up did not bring it about.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import override

RECIPES = {
    "speedrun": ["model.widths=[4,4,4]", "model.whitening_images=8", "evaluation.tta_images=5"],
    "davidnet-10": ["model.widths=[4,4,4,4]", "model.norm_splits=2", "epochs=2"],
    "davidnet-onecycle": ["model.widths=[4,4,4,4]", "epochs=2"],
    "mnist-6": ["epochs=2"],
}


class OwnMemory(Device):
    """Has memory of its own and its rates in tensors, as a GPU; captures nothing."""

    captures = True


class Shapes(TorchDispatchMode):
    """Notes each operation with the shapes and types of its tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[Any] = set()

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = (leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor))
        self.seen.add((str(operation), tuple((tuple(t.shape), t.dtype) for t in tensors)))
        return operation(*args, **(kwargs or {}))


def data(size: int, channels: int) -> Dataset:
    draws = np.random.default_rng(0)
    train, test = (draws.integers(0, 256, (n, size, size, channels), dtype=np.uint8) for n in (43, 14))
    labels = np.arange(43) % 10
    return make_dataset(
        "noise", train_images=train, train_labels=labels, test_images=test, test_labels=labels[:14]
    )


def prepared_for(name: str) -> Prepared:
    recipe = override(
        find_recipe(name),
        ["batch_size=8", "evaluation.batch_size=4", "precision=fp32", "compile=false", *RECIPES[name]],
    )
    return prepare(recipe, data(recipe.dataset.image_size, len(recipe.dataset.mean or ())), OwnMemory("cpu"))


def shapes_of_trial(prepared: Prepared, seed: int) -> set[Any]:
    with Shapes() as shapes:
        Trial(prepared, seed, Ledger(prepared.device)).run()
    return shapes.seen


@pytest.mark.parametrize("name", RECIPES)
def test_a_trial_asks_for_no_shape_that_the_warm_up_had_not_and_a_second_for_none_more(name: str) -> None:
    prepared = prepared_for(name)
    with Shapes() as warm:
        warm_up(prepared)
    first, second = (shapes_of_trial(prepared, seed) for seed in (1, 2))
    assert first - warm.seen == set()
    assert second == first
