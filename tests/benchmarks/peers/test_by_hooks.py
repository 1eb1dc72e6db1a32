"""A peer that is driven by its hooks, with a stand-in for the script."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.peers.by_hooks import ByHooks


class Loader:
    """Knows 40 images, each of its class's grey."""

    def __init__(self, path: str, train: bool = True, batch_size: int = 8, aug: Any = None) -> None:
        assert path == "cifar10"
        self.labels = torch.arange(40) % 10
        self.images = (self.labels / 10).view(-1, 1, 1, 1).expand(-1, 3, 32, 32).clone()
        self.batch_size, self.aug, self.epoch = batch_size, aug, 0
        self.proc_images: dict[str, Tensor] = {}

    def normalize(self, images: Tensor) -> Tensor:
        return images


class Script(ModuleType):
    """Keeps one model and one loader, as E1 does."""

    CifarLoader = Loader

    def __init__(self) -> None:
        super().__init__("script")
        self.loader = Loader("cifar10", aug={"flip": True, "translate": 2})
        self.model = Grey()
        self.calls: list[str] = []
        self.pads: list[Tensor] = []

    def batch_flip_lr(self, images: Tensor) -> Tensor:
        return images.flip(-1)

    def setup(self) -> tuple[Any, dict[str, Any]]:
        self.calls.append("setup")
        if "pad" in self.loader.proc_images:
            self.pads.append(self.loader.proc_images["pad"])
        return self.model, {"train_loader": self.loader}

    def train(self, model: Any, extra: dict[str, Any], context: SimpleNamespace) -> None:
        self.calls.append("train")
        context.validate(model, step=1)


class Grey(torch.nn.Module):
    """Right about every image as it is, and about none that is brighter by half."""

    views = 0

    def eval_forward(self, images: Tensor) -> Tensor:
        self.views += 1
        return -(images.mean((1, 2, 3)).unsqueeze(1) - torch.arange(10) / 10).abs()


@pytest.fixture
def script() -> Script:
    return Script()


def test_a_trial_is_data_setup_train_and_six_views(script: Script) -> None:
    driver = ByHooks(script, "cpu")
    driver.warm_up()
    script.calls.clear()
    script.model.views = 0
    first, second = driver.trial(1), driver.trial(2)
    assert script.calls == ["setup", "train"] * 2
    assert script.model.views == 12
    assert first.accuracy == second.accuracy == 1.0
    assert first.own_seconds is not None
    assert [name for name, _epoch, _seconds in first.passes] == ["to_device", "train", "final_evaluate"]
    assert 0 < first.own_seconds < sum(seconds for _name, _epoch, seconds in first.passes)


def test_each_trial_places_fresh_data(script: Script) -> None:
    driver = ByHooks(script, "cpu")
    driver.warm_up()
    driver.trial(1)
    assert len(script.pads) == 2
    assert script.pads[0] is not script.pads[1]
    assert script.pads[0].shape == (40, 3, 36, 36)


def test_the_evaluation_sees_what_is_wrong(script: Script) -> None:
    driver = ByHooks(script, "cpu")
    driver.warm_up()
    script.model.eval_forward = lambda images: torch.eye(10)[[3] * len(images)]  # type: ignore[method-assign]
    assert driver.trial(1).accuracy == pytest.approx(0.1)
