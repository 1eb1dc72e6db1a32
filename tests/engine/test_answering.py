from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dawnbench.engine.answering import Answering
from dawnbench.engine.prepare import Prepared
from tests.engine.small import SMALL, small


def trained(name: str, *settings: str) -> Prepared:
    """Return a prepared recipe with fresh weights, statistics of its data, and the data on the device."""
    prepared = small(name, *settings)
    prepared.train.load()
    prepared.validation.load()
    prepared.reset(1)
    prepared.fit()
    if prepared.average is not None:
        prepared.evaluated.load_state_dict(prepared.model.state_dict())
    return prepared


def pixels_of(prepared: Prepared) -> Tensor:
    return prepared.validation.images.permute(0, 3, 1, 2)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_it_answers_as_the_evaluation_does(name: str, precision: str) -> None:
    plain = ("evaluation.flip=false", "evaluation.shift=0", "evaluation.tta_images=null")
    prepared = trained(name, *plain, f"precision={precision}")
    with torch.no_grad():
        logits = Answering(prepared)(pixels_of(prepared))
    prepared.evaluation()
    assert logits.dtype == torch.float32
    assert int((logits.argmax(1) == prepared.validation.labels).sum()) == int(prepared.evaluation.correct)
    loss = torch.nn.functional.cross_entropy(logits, prepared.validation.labels, reduction="sum")
    assert float(loss) == pytest.approx(
        float(prepared.evaluation.loss), rel=1e-5 if precision == "fp32" else 0.02
    )


def test_pixels_may_be_bytes_or_floats_one_image_or_many() -> None:
    prepared = trained("davidnet")
    answering, pixels = Answering(prepared), pixels_of(prepared)
    with torch.no_grad():
        logits = answering(pixels)
        assert torch.equal(answering(pixels.float()), logits)
        torch.testing.assert_close(answering(pixels[3:4].contiguous()), logits[3:4])


def test_images_of_another_size_are_resized() -> None:
    prepared = trained("davidnet")
    answering, pixels = Answering(prepared), pixels_of(prepared).float()
    larger = pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)
    flat = torch.full((1, 3, 7, 9), 100.0)
    with torch.no_grad():
        assert answering(larger).shape == answering(pixels).shape
        torch.testing.assert_close(answering(flat), answering(torch.full((1, 3, 32, 32), 100.0)))


def test_it_stays_as_in_evaluation_although_the_model_trained() -> None:
    prepared = trained("mnist-5")  # has dropout and batch norm
    prepared.model.train()
    answering, pixels = Answering(prepared), pixels_of(prepared)
    with torch.no_grad():
        assert torch.equal(answering(pixels), answering(pixels))
