"""Models as ONNX: what is written gives torch's logits, or nothing is written."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from dawnbench.data.dataset import Dataset
from dawnbench.engine.answering import Answering
from dawnbench.engine.device import open_device
from dawnbench.engine.kept_model import KeptModel
from dawnbench.engine.prepare import prepare
from dawnbench.errors import DawnbenchError
from dawnbench.inference import onnx_file
from dawnbench.inference.onnx_file import write_onnx
from dawnbench.inference.onnx_session import as_pixels, open_onnx
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.catalogue import PLACES
from dawnbench.recipes.overrides import override
from dawnbench.recipes.part import ModelPart
from dawnbench.recipes.parts.models import DavidNetSpec, SlimmedSpec, SpeedNetSpec, VGG19Spec
from tests.engine.small import noise, small_recipe

FACTS = {"recipe_digest": "0123", "accuracy": "0.9405", "classes": '["Möwe", "犬"]'}


NARROW = {DavidNetSpec: ["model.widths=[2,3,4,5]"], SpeedNetSpec: ["model.widths=[4,4,4]"]}
FEW = ["batch_size=16", "drop_last=false", "precision=fp32", "compile=false"]
MAX_PARAMETERS = 30_000_000
"""Larger models take gigabytes of memory; those of torchvision have smaller relatives here."""


def operations(spec: ModelPart) -> frozenset[Any]:
    """Return what a model is made of, whatever its widths."""
    with torch.device("meta"):
        model = spec.build(3, 10)
    if sum(p.numel() for p in model.parameters()) > MAX_PARAMETERS:
        return frozenset()
    switches = {(f.name, getattr(spec, f.name)) for f in fields(spec) if f.type in ("bool", "float")}
    return frozenset({type(module) for module in model.modules()} | switches)


def with_new_operations() -> list[str]:
    """Return shipped recipes such that whatever a recipe's model is made of is in one of theirs."""
    found: dict[str, frozenset[Any]] = {}
    for name in PLACES:
        made_of = operations(find_recipe(name).model)
        if not made_of <= frozenset().union(*found.values()):
            found[name] = made_of
    return list(found)


def kept(recipe: Recipe, dataset: Dataset | None = None) -> KeptModel:
    """Return a model with fresh weights, whose batch norms have seen images, as if it had been opened."""
    size = f"dataset.image_size={min(32, recipe.dataset.image_size)}"
    plain = override(recipe, [*NARROW.get(type(recipe.model), ()), *FEW, size])
    dataset = dataset or noise(plain, train=16, validation=4)
    prepared = prepare(plain, dataset, open_device("cpu"))
    prepared.train.load()
    prepared.reset(1)
    prepared.fit()
    with torch.no_grad():
        for _ in range(5):
            prepared.model(prepared.normalization(prepared.train.images))
    prepared.evaluated.load_state_dict(prepared.model.state_dict())
    return KeptModel(Path("model.safetensors"), None, plain, dataset, prepared, {})


def logits_of(model: KeptModel, images: Any) -> Any:
    with torch.no_grad():
        return Answering(model.prepared)(torch.from_numpy(as_pixels(images))).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", with_new_operations())
def test_the_models_of_recipes_give_the_same_logits(name: str, tmp_path: Path) -> None:
    model = kept(find_recipe(name))
    write_onnx(model, tmp_path / "it.onnx", FACTS)
    images = model.dataset.test_images
    found, expected = open_onnx(tmp_path / "it.onnx")(as_pixels(images)), logits_of(model, images)
    np.testing.assert_allclose(found, expected, atol=1e-4 * max(1, np.abs(expected).max()))


def test_the_file_says_what_it_is_and_takes_any_number_of_images(tmp_path: Path) -> None:
    model = kept(small_recipe("davidnet"))
    write_onnx(model, tmp_path / "it.onnx", FACTS)
    file = onnx.load(tmp_path / "it.onnx")
    facts = {entry.key: entry.value for entry in file.metadata_props}
    assert facts == FACTS | {
        "input": "pixels: float32, N x 3x32x32 (images x channels x height x width), from 0 to 255",
        "output": "logits: float32, N x 4 (images x classes)",
        "normalization": "inside the graph: (pixels / 255 - mean) / std by channel",
    }
    assert file.producer_name == "dawnbench"
    opened = open_onnx(tmp_path / "it.onnx")
    assert (opened.image_shape, opened.classes, opened.facts) == ((3, 32, 32), 4, facts)
    pixels = as_pixels(model.dataset.test_images)
    alone = np.concatenate([opened(pixels[n : n + 1]) for n in range(len(pixels))])
    np.testing.assert_allclose(alone, opened(pixels), rtol=1e-4, atol=1e-6)


def test_images_of_another_size_are_resized_inside_the_graph(tmp_path: Path) -> None:
    recipe = small_recipe("davidnet")
    smaller = replace(recipe, dataset=replace(recipe.dataset, image_size=24))
    model = kept(recipe, noise(smaller))
    write_onnx(model, tmp_path / "it.onnx", FACTS)
    opened = open_onnx(tmp_path / "it.onnx")
    assert opened.image_shape == (3, 24, 24)
    images = model.dataset.test_images
    np.testing.assert_allclose(opened(as_pixels(images)), logits_of(model, images), atol=1e-4)


def test_nothing_is_written_if_the_logits_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    with pytest.raises(DawnbenchError, match=r"was not written: onnxruntime's logits differ .* 4 test"):
        write_onnx(kept(small_recipe("mnist-5")), tmp_path / "it.onnx", FACTS)
    assert list(tmp_path.iterdir()) == []


def test_a_speednet_with_relu_gives_the_same_logits(tmp_path: Path) -> None:
    recipe = override(find_recipe("latency"), ["model.activation=relu", "model.whitening_images=16"])
    model = kept(recipe)
    assert any(isinstance(module, nn.ReLU) for module in model.prepared.evaluated.modules())
    write_onnx(model, tmp_path / "relu.onnx", FACTS)
    images = model.dataset.test_images
    found = open_onnx(tmp_path / "relu.onnx")(as_pixels(images))
    np.testing.assert_allclose(found, logits_of(model, images), atol=1e-4)


def test_a_slimmed_model_gives_the_same_logits(tmp_path: Path) -> None:
    dense = VGG19Spec(stages=((4, 4), (6, 8)))
    widths = (("features.3", 4, 3), ("features.4", 3, 3), ("features.7", 3, 6))
    model = kept(replace(small_recipe("davidnet"), model=SlimmedSpec(dense, widths)))
    assert model.prepared.evaluated.get_submodule("features.3").out_channels == 3
    write_onnx(model, tmp_path / "it.onnx", FACTS)
    images = model.dataset.test_images
    np.testing.assert_allclose(
        open_onnx(tmp_path / "it.onnx")(as_pixels(images)), logits_of(model, images), atol=1e-4
    )


class Sorting(nn.Module):
    """Does something that depends on the pixels, which no graph has."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, :4] if x.sum().item() > 0 else x.flatten(1)[:, 4:8]


def test_a_model_that_is_no_graph_is_refused_with_a_sentence(tmp_path: Path) -> None:
    model = kept(small_recipe("mnist-5"))
    model.prepared.evaluated = Sorting()
    with pytest.raises(DawnbenchError, match=r"^torch cannot convert the model to ONNX: .*safetensors"):
        write_onnx(model, tmp_path / "it.onnx", FACTS)
    assert list(tmp_path.iterdir()) == []
