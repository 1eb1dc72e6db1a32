"""What a compiler makes of a training step trains as the step itself does, in every model family.

Two right computations differ by rounding. So the yardstick is another right one: a compiled step may be
about as far from the eager step in float32 as the eager step in bfloat16 is, or, in float32, as the step on
the same images in another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._inductor import config as inductor

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    AffineSpec,
    AlternatingFlipSpec,
    BrightnessContrastSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    ModelPart,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
    Recipe,
    find_recipe,
)
from dawnbench.recipes.overrides import override

BATCH, STEPS = 16, 3
FAMILIES = {
    "davidnet": ("davidnet", "model.widths=[8,8,8,8]"),
    "speednet": ("speedrun", "model.widths=[8,8,8]", "resolutions=[]", "average=null"),
    "resnet18": ("resnet18-step", 'model={"kind": "small_resnet"}', "dataset.image_size=16"),
    "conv_stack": (
        "mnist-drill-2",
        'model.layers=["conv 8", "norm", "relu", "max pool", "conv 16 1x1", "norm", "relu", '
        '"average pool", "conv classes 1x1"]',
    ),
}
ALLOWED = 3.0
"""Times the yardstick's distance: each is one draw of the same rounding noise, and the largest of some dozens
of parameters' distances is compared."""
ONE_DECISION = 0.05
"""Of a gradient's norm. In float32 sums in another order differ in the seventh digit, but a ReLU or a maximum
whose inputs lie that close decides otherwise, and in layers of 8 channels one decision is worth percents."""


@dataclass(frozen=True)
class SmallResNetSpec(ModelPart, kind="small_resnet"):
    """The two blocks of ResNet-18: one with a shortcut that adds, one with a convolution in it.

    Four widths of two blocks each compile for minutes, and into the same kernels in other sizes.
    """

    def build(self, channels: int, classes: int) -> nn.Module:
        from torchvision.models.resnet import BasicBlock, ResNet

        model: nn.Module = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=classes)
        model.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
        model.layer3 = model.layer4 = nn.Identity()
        model.fc = nn.Linear(128, classes)
        return model


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(name: str, *settings: str) -> Recipe:
    """Return the recipe's network in small, descending so slowly that rounding stays rounding."""
    recipe = override(find_recipe(name), [f"batch_size={BATCH}", "epochs=1", *settings])
    return replace(
        recipe,
        augmentation=(),  # compiled by itself below
        shuffle=False,
        optimizer=NesterovSGDSpec(weight_decay=0.0),
        schedule=PiecewiseLinearSpec(epochs=(1.0,), rates=(1e-3,)),
    )


def images(recipe: Recipe) -> Dataset:
    draws = np.random.default_rng(0)
    size, channels = recipe.dataset.image_size, len(recipe.dataset.mean or (0,))
    labels = np.arange(STEPS * BATCH) % 10
    centres = draws.integers(0, 128, (10, 1, 1, channels))
    noise = draws.integers(0, 128, (len(labels), size, size, channels))
    pixels = (centres[labels] + noise).astype(np.uint8)
    return make_dataset(
        "colors", train_images=pixels, train_labels=labels, test_images=pixels, test_labels=labels
    )


def turned_round(data: Dataset) -> Dataset:
    """Return the data with the images of each batch in the opposite order."""
    order = np.arange(STEPS * BATCH).reshape(STEPS, BATCH)[:, ::-1].flatten()
    return replace(data, train_images=data.train_images[order], train_labels=data.train_labels[order])


def trained(recipe: Recipe, data: Dataset) -> tuple[list[float], list[dict[str, Tensor]]]:
    """Return the loss and the gradients of each of three training steps."""
    prepared = prepare(recipe, data, open_device("cpu"))
    trial = Trial(prepared, 3, Ledger(prepared.device))
    trial.begin_epoch()
    losses, gradients = [], []
    for _ in range(STEPS):
        prepared.step.loss.zero_()
        trial.train_step()
        losses.append(prepared.step.loss.item())
        gradients.append(
            {n: p.grad.clone() for n, p in prepared.model.named_parameters() if p.grad is not None}
        )
    return losses, gradients


def distance(some: dict[str, Tensor], others: dict[str, Tensor]) -> float:
    """Return the largest distance of two gradients of one parameter, relative to the second's norm."""
    assert some.keys() == others.keys()
    return max(
        ((some[name] - others[name]).norm() / others[name].norm().clamp_min(1e-6)).item() for name in some
    )


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_compiled_step_trains_as_the_step_itself_does(family: str, precision: Any) -> None:
    recipe = small(*FAMILIES[family])
    data = images(recipe)
    losses, gradients = trained(replace(recipe, precision="fp32", compile=False), data)
    compiled_losses, compiled = trained(replace(recipe, precision=precision, compile=True), data)
    assert all(torch.isfinite(g).all() for step in compiled for g in step.values())
    # The same computation, rounded otherwise: in the lower precision, or with each batch turned round.
    rounded = data if precision != "fp32" else turned_round(data)
    other_losses, others = trained(replace(recipe, precision=precision, compile=False), rounded)
    for step in range(STEPS):
        noise = abs(other_losses[step] / losses[step] - 1)
        assert compiled_losses[step] == pytest.approx(losses[step], rel=ALLOWED * noise + 0.01)
        noise = distance(others[step], gradients[step])
        assert distance(compiled[step], gradients[step]) <= max(ALLOWED * noise, ONE_DECISION)


@pytest.mark.slow
def test_compiled_input_is_what_single_operations_make_of_the_same_draws() -> None:
    augmentation = (
        CropSpec(4),
        AlternatingFlipSpec(),
        AffineSpec(degrees=7, translate=0.1, scale=(0.8, 1.2), shear=10),
        BrightnessContrastSpec(brightness=0.4, contrast=0.4),
        ColorJitterSpec(brightness=0.1, contrast=0.1),
        CutoutSpec(8, probability=0.5),
    )
    recipe = replace(small(*FAMILIES["speednet"]), augmentation=augmentation, precision="fp32")
    batches = []
    for compiles in (False, True):
        prepared = prepare(replace(recipe, compile=compiles), images(recipe), open_device("cpu"))
        trial = Trial(prepared, 3, Ledger(prepared.device))
        trial.begin_epoch()
        batches.append(prepared.input.batch(prepared.step.position + 1, BATCH, 24))
    (eager, labels), (compiled, same_labels) = batches
    assert torch.equal(labels, same_labels)
    assert compiled.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(compiled, eager, rtol=1e-4, atol=1e-4)


def test_without_a_compiler_a_run_that_wants_one_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    recipe = small(*FAMILIES["conv_stack"])
    with inductor.patch({"cpp.cxx": (None, str(tmp_path / "no-compiler")), "force_disable_caches": True}):
        prepared = prepare(replace(recipe, compile=True), images(recipe), open_device("cpu"))
        with pytest.raises(DawnbenchError, match=r"^torch\.compile failed here \(.*; set compile=false, or"):
            warm_up(prepared)
        device = open_device("cpu")
        device.compiling_pays = True
        prepared = prepare(replace(recipe, compile="auto"), images(recipe), device)
        warm_up(prepared)
    assert [note.endswith("so nothing is compiled") for note in prepared.notes] == [True]
    assert "no-compiler" in prepared.notes[0]
