from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import nn

from dawnbench.engine.batches import steps_per_epoch
from dawnbench.engine.device import open_device
from dawnbench.engine.prepare import make_model, prepare, reset_parameters
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import ModelPart, Recipe, find_recipe
from dawnbench.recipes.overrides import override
from tests.engine.fakes import FakeDevice, World, results_of
from tests.engine.small import noise, small, small_recipe

STEPS = 97


def changed(*settings: str) -> Recipe:
    return override(find_recipe("davidnet"), settings)


def test_an_epoch_has_its_full_batches_or_one_smaller_more() -> None:
    assert steps_per_epoch(changed(), 50_000) == STEPS
    assert steps_per_epoch(changed("drop_last=false"), 50_000) == STEPS + 1
    assert steps_per_epoch(changed("drop_last=false"), 51_200) == 100
    assert steps_per_epoch(changed("drop_last=false"), 100) == 1


def test_fewer_images_than_a_batch_are_refused_with_both_numbers() -> None:
    with pytest.raises(DawnbenchError, match=r"batch_size=512 .* 100 training images"):
        steps_per_epoch(changed(), 100)
    with pytest.raises(DawnbenchError, match=r"batch_size=64 .* 32 training images"):
        small("davidnet", "batch_size=64")


def test_what_is_prepared_follows_the_recipe() -> None:
    prepared = small("davidnet-10", "epochs=10")
    assert (prepared.steps_per_epoch, prepared.steps) == (2, 20)
    assert prepared.precision.name == "fp32"
    assert [group["rate_scale"] for group in prepared.optimizer.param_groups] == [1 / 16, 64 / 16]
    assert prepared.notes == []


def test_the_average_is_what_is_evaluated_where_there_is_one() -> None:
    averaged, plain = small("davidnet-10"), small("davidnet-10", "average=null")
    assert averaged.evaluated is averaged.average.model is not averaged.model
    assert plain.average is None
    assert plain.evaluated is plain.model


def test_only_auto_leaves_the_precision_to_the_device() -> None:
    device = FakeDevice()
    device.preferred_precision = lambda: "bf16"
    assert small("davidnet", "precision=auto", device=device).precision.name == "bf16"
    assert small("davidnet", device=device).precision.name == "fp32"


def test_in_bf16_the_weights_stay_float32_and_the_loss_comes_close() -> None:
    prepared = small("davidnet", "precision=bf16")
    (found, *_), (exact, *_) = results_of(prepared), results_of(small("davidnet"))
    assert found.train_loss == pytest.approx(exact.train_loss, rel=0.05)
    assert found.train_loss != exact.train_loss
    assert {p.dtype for p in prepared.model.parameters()} == {torch.float32}


def test_the_recipes_colour_statistics_are_used_where_they_fit_the_channels() -> None:
    prepared = small("davidnet-10")
    prepared.train.load()
    prepared.fit()
    mean, std = torch.tensor((0.4914, 0.4822, 0.4465)), torch.tensor((0.2471, 0.2435, 0.2616))
    expected = ((prepared.train.images.float() / 255 - mean) / std).permute(0, 3, 1, 2)
    torch.testing.assert_close(prepared.normalization(prepared.train.images), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_are_measured_where_the_recipe_has_none(channels: int) -> None:
    prepared = small("davidnet", "dataset.mean=null", "dataset.std=null", channels=channels)
    prepared.train.load()
    prepared.fit()
    normalized = prepared.normalization(prepared.train.images).transpose(0, 1).flatten(1)
    torch.testing.assert_close(normalized.mean(1), torch.zeros(channels), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalized.std(1), torch.ones(channels), atol=1e-3, rtol=0)


@pytest.mark.parametrize("channels", [1, 4])
def test_statistics_of_other_channels_than_the_images_are_refused(channels: int) -> None:
    with pytest.raises(
        DawnbenchError, match=f"dataset.mean has 3 channels but the images have {channels}; set"
    ):
        small("davidnet", channels=channels)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "augmentation.crop.padding=32",
            "augmentation.crop.padding=32 must be less than the images' 32 pixels",
        ),
        (
            'augmentation=[{"kind": "cutout", "size": 33}]',
            "cutout.size=33 exceeds the images' 32 pixels",
        ),
    ],
)
def test_an_augmentation_that_is_too_large_for_the_images_is_refused(setting: str, sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        small("davidnet", setting)


def test_the_largest_augmentation_that_fits_is_taken() -> None:
    prepared = small(
        "davidnet", 'augmentation=[{"kind": "crop", "padding": 31}, {"kind": "cutout", "size": 32}]'
    )
    seen: list[torch.Tensor] = []
    prepared.model.register_forward_pre_hook(
        lambda model, inputs: seen.append(inputs[0]) if model.training else None
    )
    results_of(prepared)
    assert len(seen) == prepared.steps
    assert not any(images.any() for images in seen)  # each is cut out whole


def test_images_of_another_size_are_resized_to_the_recipes() -> None:
    recipe = small_recipe("davidnet")
    larger = noise(replace(recipe, dataset=replace(recipe.dataset, image_size=40)))
    prepared = prepare(recipe, larger, open_device("cpu"))
    prepared.train.load()
    assert prepared.train.images.shape == (32, 32, 32, 3)
    assert all(result.train_images == 32 for result in results_of(prepared))


class OwnScale(nn.Module):
    """Weights that nothing resets."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))


class Resettable(OwnScale):
    def reset_parameters(self) -> None:
        nn.init.ones_(self.factor)


@pytest.mark.parametrize(
    ("net", "named"),
    [
        (OwnScale(), r"the model \(OwnScale\)"),
        (nn.Sequential(nn.Linear(1, 1), OwnScale()), r"1 \(OwnScale\)"),
        (nn.Sequential(nn.Sequential(OwnScale(), nn.ReLU())), r"0\.0 \(OwnScale\)"),
        (nn.Sequential(nn.Linear(1, 1), Resettable(), nn.Flatten()), None),
    ],
)
def test_a_model_whose_weights_a_second_trial_could_not_reset_is_refused(
    net: nn.Module, named: str | None
) -> None:
    @dataclass(frozen=True)
    class OwnModel(ModelPart, kind="own"):
        def build(self, channels: int, classes: int) -> nn.Module:
            return net

    recipe = replace(changed(), model=OwnModel())
    if named is None:
        assert make_model(recipe, 3, 10, open_device("cpu")) is net
        return
    with pytest.raises(DawnbenchError, match=f"^{named} has weights but no reset_parameters"):
        make_model(recipe, 3, 10, open_device("cpu"))


def test_a_models_filters_lie_in_channels_last() -> None:
    model = make_model(small_recipe("davidnet"), 3, 4, open_device("cpu"))
    filters = [p for p in model.parameters() if p.dim() == 4]
    assert filters
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in filters)


def test_reset_gives_every_layer_weights_that_depend_on_the_seed_only() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))

    def fresh(seed: int) -> list[torch.Tensor]:
        model(torch.randn(2, 1, 4, 4))
        reset_parameters(model, seed)
        return [value.clone() for value in model.state_dict().values()]

    first, again, other = fresh(1), fresh(1), fresh(2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_fitting_computes_the_whitening_from_the_training_images() -> None:
    prepared = small("davidnet-10")
    assert not prepared.model.whiten.weight.any()
    prepared.train.load()
    prepared.fit()
    assert prepared.model.whiten.weight.abs().sum() > 1


@pytest.mark.parametrize("pays", [False, True])
@pytest.mark.parametrize("asked", ["auto", True, False])
def test_auto_compiles_where_the_device_says_that_it_pays(pays: bool, asked: Any) -> None:
    device = FakeDevice()
    device.compiling_pays = pays
    prepared = World(device=device, settings={"compile": asked}).prepared()
    assert prepared.programs.compiles == (pays if asked == "auto" else asked)


def test_a_host_that_computes_on_its_own_memory_keeps_no_second_copy_of_the_images() -> None:
    recipe, device = small_recipe("davidnet"), open_device("cpu")
    data = noise(recipe)
    prepared = prepare(recipe, data, device)
    prepared.train.load()
    assert prepared.train.images.data_ptr() == torch.from_numpy(data.train_images).data_ptr()


def test_nothing_writes_to_the_data_set() -> None:
    recipe = small_recipe("davidnet-10")
    data, before = noise(recipe), noise(recipe)
    prepared = prepare(recipe, data, open_device("cpu"))
    warm_up(prepared)
    results_of(prepared)
    assert (data.train_images == before.train_images).all()
    assert (data.test_images == before.test_images).all()
    assert (data.train_labels == before.train_labels).all()
