"""The weights from which a trial starts if its recipe names some."""

from __future__ import annotations

from torch import Tensor, nn

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe


def fitting_weights(recipe: Recipe, model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of the recipe's weights, on the host, that go into the model.

    A last layer for another number of classes is left out; everything else must fit.

    Raises:
        DawnbenchError: the file cannot be read, or does not fit the model.
    """
    if recipe.weights is None:
        return {}
    found, own = recipe.weights.read(recipe.model), model.state_dict()
    # The running count of batches, which older files of torchvision lack, decides nothing.
    missing = [name for name in own if name not in found and not name.endswith("num_batches_tracked")]
    unknown = [name for name in found if name not in own]
    last = {name for name in (f"{_last_layer(model)}.weight", f"{_last_layer(model)}.bias") if name in own}
    shapes = [name for name in own if name in found and own[name].shape != found[name].shape]
    classes_differ = set(shapes) <= last and all(
        own[name].shape[1:] == found[name].shape[1:] for name in shapes
    )
    if missing or unknown or not classes_differ:
        name = (missing or unknown or shapes)[0]
        what = "lacks" if missing else "has a further tensor" if unknown else "has another shape of"
        raise DawnbenchError(f"the initial weights do not fit the model: their file {what} {name}")
    return {name: tensor for name, tensor in found.items() if name not in (last if shapes else ())}


def _last_layer(model: nn.Module) -> str:
    """Return the name of the last layer with weights; empty if there is none."""
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return layers[-1] if layers else ""
