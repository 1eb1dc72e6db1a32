from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.engine.device.base import Device
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.precision import PRECISIONS, Autocast, AutocastModel, Precision, open_precision
from dawnbench.engine.prepare import prepare
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import ModelPart, Recipe, find_recipe
from dawnbench.recipes.recipe import DatasetSpec

SIDE, CLASSES = 4, 3


class Preferring(Device):
    """A device that multiplies one format fastest."""

    def __init__(self, preferred: str) -> None:
        super().__init__("cpu")
        self.preferred = preferred

    def preferred_precision(self) -> str:
        return self.preferred


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_a_precision_is_the_one_that_is_named_and_auto_the_one_that_the_device_prefers(
    name: str, dtype: torch.dtype
) -> None:
    other = "fp32" if name == "bf16" else "bf16"
    for precision in (open_precision(name, Preferring(other)), open_precision("auto", Preferring(name))):
        assert (precision.name, precision.dtype) == (name, dtype)


class Watched(nn.Module):
    """Two linear layers that remember in which types they were called and answered."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(SIDE * SIDE, 8), nn.Linear(8, CLASSES)
        self.seen: list[tuple[torch.dtype, torch.dtype]] = []

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.first(images.flatten(1))
        logits = self.second(hidden)
        self.seen.append((images.dtype, logits.dtype))
        return logits


def images(count: int = 5) -> Tensor:
    return torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("name", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_under_autocast_products_are_in_the_lower_precision_and_logits_and_gradients_in_float32(
    name: str, dtype: torch.dtype
) -> None:
    model, device = Watched(), CpuDevice("cpu")
    converted = open_precision(name, device).convert(model, device)
    assert isinstance(converted, AutocastModel)
    logits = converted(images().to(dtype))
    assert model.seen == [(dtype, dtype)]
    assert logits.dtype == torch.float32
    # Rounded on the way, but not by much.
    plain = model(images())
    assert not torch.equal(logits, plain)
    torch.testing.assert_close(logits, plain, atol=0.05, rtol=0)
    logits.sum().backward()
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in model.parameters() if p.grad is not None} == {torch.float32}
    assert not torch.is_autocast_enabled("cpu")


def test_a_converted_model_has_the_parameters_and_the_mode_of_the_built_one() -> None:
    model, device = Watched(), CpuDevice("cpu")
    converted = open_precision("bf16", device).convert(model, device)
    assert [id(p) for p in converted.parameters()] == [id(p) for p in model.parameters()]
    converted.eval()
    assert not model.training
    converted.train()
    assert model.training


def test_float32_leaves_the_model_as_it_was_built() -> None:
    model, device = Watched(), CpuDevice("cpu")
    assert open_precision("fp32", device).convert(model, device) is model


def test_a_precision_that_the_device_refuses_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("Current CUDA Device does not support bfloat16")

    monkeypatch.setattr(torch, "autocast", refuse)
    device = CpuDevice("cpu")
    with pytest.raises(DawnbenchError, match=r"^precision bf16 is not supported on cpu; use precision=fp32$"):
        open_precision("bf16", device).convert(Watched(), device)


def test_so_is_one_that_torch_would_only_warn_of_and_then_not_use() -> None:
    precision, device = Autocast("fp16"), CpuDevice("cpu")
    precision.dtype = torch.float64
    with pytest.raises(DawnbenchError, match=r"^precision fp16 is not supported on cpu; use precision=fp32$"):
        precision.convert(Watched(), device)


@dataclass(frozen=True)
class WatchedSpec(ModelPart, kind="watched"):
    """The watched model."""

    def build(self, channels: int, classes: int) -> nn.Module:
        assert (channels, classes) == (1, CLASSES)
        return Watched()


def recipe(precision: str) -> Recipe:
    return replace(
        find_recipe("quickstart"),
        dataset=DatasetSpec("made", image_size=SIDE),
        model=WatchedSpec(),
        epochs=1,
        batch_size=8,
        augmentation=(),
        precision=precision,
    )


def dataset() -> Dataset:
    draws = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (24, SIDE, SIDE, 1), dtype=torch.uint8, generator=draws).numpy()
    labels = (torch.arange(24) % CLASSES).numpy()
    return make_dataset(
        "made", train_images=pixels, train_labels=labels, test_images=pixels[:8], test_labels=labels[:8]
    )


def trained(precision: str) -> Watched:
    """Return the model of a trial of one epoch: three steps and one evaluation."""
    device = CpuDevice("cpu")
    prepared = prepare(recipe(precision), dataset(), device)
    Trial(prepared, 0, Ledger(device)).run()
    assert isinstance(prepared.model, Watched)
    return prepared.model


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_training_and_evaluation_compute_in_the_recipes_precision(name: str, dtype: torch.dtype) -> None:
    model = trained(name)
    assert model.seen == [(dtype, dtype)] * 4
    assert all(bool(p.isfinite().all()) for p in model.parameters())


def test_a_precision_that_the_device_refuses_is_told_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Refusing(Precision):
        def convert(self, model: nn.Module, device: Device) -> nn.Module:
            raise DawnbenchError(f"precision {self.name} is not supported on {device.torch}")

    monkeypatch.setitem(PRECISIONS, "fp16", Refusing)
    with pytest.raises(DawnbenchError, match="precision fp16 is not supported on cpu"):
        prepare(recipe("fp16"), dataset(), CpuDevice("cpu"))


def in_quarters(layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
    return ((inputs[0] * 4).round() / 4,)


def test_a_precision_of_ones_own_trains_and_evaluates_through_the_same_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    converted: list[nn.Module] = []

    class Quarters(Precision):
        """Rounds what linear layers are given to quarters."""

        def __init__(self, name: str) -> None:
            super().__init__("fp32")
            self.name = "quarters"

        def convert(self, model: nn.Module, device: Device) -> nn.Module:
            converted.append(model)
            for layer in model.modules():
                if isinstance(layer, nn.Linear) and not layer._forward_pre_hooks:
                    layer.register_forward_pre_hook(in_quarters)
            return model

    plain = trained("fp32")
    monkeypatch.setitem(PRECISIONS, "bf16", Quarters)
    rounded = trained("bf16")
    assert converted
    assert all(model is rounded for model in converted)
    assert rounded.seen == [(torch.float32, torch.float32)] * 4
    assert not torch.equal(rounded.first.weight, plain.first.weight)
    assert bool(rounded.first.weight.isfinite().all())
