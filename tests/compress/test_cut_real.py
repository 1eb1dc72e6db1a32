"""A model trained on real images, cut, and opened again from its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from torch import nn

from dawnbench.cli import main
from dawnbench.compress.slimming.cut import Target, cut
from dawnbench.engine.kept_model import KeptModel, open_kept_model
from dawnbench.engine.model_file import save_model
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.recipes import SlimmedSpec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptModel:
    folder = tmp_path_factory.mktemp("kept")
    settings = ["--set", "model.widths=[4,8,16,32]", "--set", "precision=fp32", "--epochs", "4"]
    arguments = ["run", "quickstart", *settings, "--trials", "1", "--save-model", "--out", str(folder)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    (run,) = folder.iterdir()
    return open_kept_model(run, device="cpu")


def accuracy(prepared: Prepared) -> float:
    prepared.validation.load()
    prepared.evaluation()
    return int(prepared.evaluation.correct) / len(prepared.validation)


def slimmed(kept: KeptModel, ratio: float) -> Prepared:
    """Return the kept model without a share of its channels, prepared for the same images."""
    dense = kept.prepared
    dense.train.load()
    example = dense.normalization(dense.train.images[:8]).float()
    made = cut(dense.evaluated, example, "graph", Target("ratio", ratio))
    recipe = replace(kept.recipe, model=SlimmedSpec.of(kept.recipe.model, made.widths))
    narrow = prepare(recipe, kept.dataset, dense.device)
    narrow.evaluated.load_state_dict(made.state)
    narrow.normalization.set(dense.normalization.mean, dense.normalization.std)
    return narrow


def test_a_cut_model_reopens_from_its_file_with_the_same_accuracy(kept: KeptModel, tmp_path: Path) -> None:
    narrow = slimmed(kept, 0.05)
    measured = accuracy(narrow)
    assert measured > 0.3  # of ten classes
    path = tmp_path / "narrow.safetensors"
    save_model(path, narrow, {"trial": 0})
    assert accuracy(open_kept_model(path, device="cpu").prepared) == measured


def test_channels_that_training_silenced_cost_no_accuracy(kept: KeptModel) -> None:
    dense = kept.prepared
    norm = dense.evaluated.get_submodule("layer2.norm")
    assert isinstance(norm, nn.BatchNorm2d)
    norm.weight.data[:4], norm.bias.data[:4] = 0, 0
    narrow = slimmed(kept, 4 / (4 + 3 * 8 + 16 + 3 * 32))
    assert accuracy(narrow) == accuracy(dense)
    assert sum(p.numel() for p in narrow.model.parameters()) < sum(
        p.numel() for p in dense.model.parameters()
    )
