"""Answers by torch: the model's own, with one wait per image on a device of its own memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dawnbench.engine.device import Device, open_device
from dawnbench.inference.torch_runtime import TorchRuntime
from tests.engine.fakes import CapturingDevice, FakeDevice, RefusingDevice
from tests.inference.kept_models import classes_of, kept_model


class Waiting(CapturingDevice):
    """Notes each time that the host waits for it."""

    def synchronize(self) -> None:
        self.happened("wait")


def answers(runtime: TorchRuntime, images: Any, batch_size: int) -> list[int]:
    """Return the classes of all full batches."""
    found: list[int] = []
    with runtime.answering():
        answer = runtime.open(images, batch_size)
        for number in range(len(images) // batch_size):
            found += answer(number).tolist()
    return found


@pytest.mark.parametrize("device", [open_device("cpu"), FakeDevice(), CapturingDevice()])
@pytest.mark.parametrize("batch_size", [1, 5, 12])
def test_every_full_batch_gets_the_answers_of_the_model(device: Device, batch_size: int) -> None:
    kept = kept_model(device=device)
    found = answers(TorchRuntime(kept), kept.dataset.test_images, batch_size)
    assert found == classes_of(kept)[: len(found)].tolist()
    assert len(found) == 12 // batch_size * batch_size
    assert len(set(found)) > 1


def test_an_image_takes_one_replay_and_one_wait() -> None:
    device = Waiting()
    kept = kept_model(device=device)
    runtime = TorchRuntime(kept)
    with runtime.answering():
        answer = runtime.open(kept.dataset.test_images, 1)
        device.journal.clear()
        for number in range(3):
            answer(number)
    assert device.journal == ["replay", "wait"] * 3
    assert device.captured == 1
    assert runtime.notes == ()


def test_a_model_that_cannot_be_captured_answers_all_the_same_and_says_so() -> None:
    kept = kept_model(device=RefusingDevice())
    runtime = TorchRuntime(kept)
    assert answers(runtime, kept.dataset.test_images, 1) == classes_of(kept).tolist()
    assert runtime.notes == (
        "the model could not be captured (it asks the host), so the host launches every kernel itself",
    )


def test_a_recipe_that_forbids_it_is_not_captured() -> None:
    device = CapturingDevice()
    kept = kept_model("capture=false", device=device)
    assert answers(TorchRuntime(kept), kept.dataset.test_images, 1) == classes_of(kept).tolist()
    assert device.captured == 0


def test_weights_are_converted_once_and_to_the_values_that_autocast_would_use() -> None:
    kept = kept_model("precision=bf16")
    before = classes_of(kept)
    found = answers(TorchRuntime(kept), kept.dataset.test_images, 1)
    layers = [m for m in kept.prepared.evaluated.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert {layer.weight.dtype for layer in layers} == {torch.bfloat16}
    assert found == before.tolist()


def test_a_model_that_is_not_compiled_does_not_load_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda *_arguments, **_options: pytest.fail("compiled"))
    kept = kept_model()
    answers(TorchRuntime(kept), kept.dataset.test_images, 1)


@pytest.mark.slow
def test_a_compiled_model_gives_the_same_answers() -> None:
    kept = kept_model("compile=true", device=open_device("cpu"))
    expected = classes_of(kept)
    np.testing.assert_array_equal(answers(TorchRuntime(kept), kept.dataset.test_images, 1), expected)
