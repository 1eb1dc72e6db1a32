"""A slimming that is stopped keeps what it has, and goes on from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns import run
from dawnbench.campaigns.slimming import SlimRequest, slim_run
from dawnbench.recipes import NormScalePenaltySpec, Recipe, ResNet56Spec, VGG19Spec, find_recipe
from dawnbench.records.slimming import SlimRecord, SlimSettings, read_slimming

pytestmark = pytest.mark.slow
QUICK = find_recipe("quickstart")
SPARSE = replace(
    QUICK,
    name="narrow",
    trials=1,
    model=VGG19Spec(stages=((16,), (16,))),
    dataset=replace(QUICK.dataset, image_size=8),
    epochs=1,
    precision="fp32",
    penalty=NormScalePenaltySpec(1e-3),
)
SETTINGS = SlimSettings("zcls", "ratio", finetune_epochs=1, control=True, seed=3)


class Told:
    """Keeps what was reported."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.saves = 0

    def noted(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def saved(self, record: SlimRecord, folder: Path) -> None:
        assert read_slimming(folder) == record
        self.saves += 1


def test_a_stopped_slimming_keeps_its_results_and_goes_on(tmp_path: Path) -> None:
    sparse = run(SPARSE, device="cpu", out=tmp_path, save_model=True)
    trained: list[str] = []

    def train(recipe: Recipe) -> Path:
        if len(trained) == 1:
            trained.append("interrupted")
            raise KeyboardInterrupt
        trained.append(recipe.name)
        return run(recipe, device="cpu", out=tmp_path, save_model=True)

    request, told = SlimRequest(sparse, (0.3, 0.6), SETTINGS, device="cpu"), Told()
    with pytest.raises(KeyboardInterrupt):
        slim_run(request, train, told)
    kept = read_slimming(sparse / "slim")
    assert told.saves == 3
    assert [(model.finetuned is None, model.control is None) for model in kept.models] == [
        (False, True),
        (True, True),
    ]
    record, folder = slim_run(request, train, Told())
    assert folder == sparse / "slim"
    assert record.models[0].finetuned == kept.models[0].finetuned
    assert [model.speeds for model in record.models] == [model.speeds for model in kept.models]
    assert trained == [
        *("narrow-ratio-0.3", "interrupted", "narrow-ratio-0.3-control"),
        *("narrow-ratio-0.6", "narrow-ratio-0.6-control"),
    ]
    assert all(model.finetuned and model.control for model in record.models)


def test_a_network_of_other_widths_is_not_named_as_a_published_one(tmp_path: Path) -> None:
    settings = replace(SETTINGS, finetune_epochs=0, control=False)
    for model, name in (
        (VGG19Spec(stages=((16,), (16,))), "vgg19_bn with its own stages"),
        (ResNet56Spec(widths=(16, 16, 16), blocks=1), "resnet56 with its own widths and blocks"),
    ):
        folder = run(replace(SPARSE, model=model), device="cpu", out=tmp_path, save_model=True)
        request = SlimRequest(folder, (0.3,), settings, device="cpu")
        record, _ = slim_run(request, lambda _: tmp_path, Told())
        assert record.architecture == name
        assert (record.data, record.strength) == ("digits", 1e-3)
