from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from dawnbench.recipes.build import (
    describe_model,
    make_model,
    make_plan,
    resolve_precision,
    steps_per_epoch,
)
from dawnbench.train.device import open_device
from dawnbench.train.plan import Split
from torch import nn

from dawnbench.data.dataset import Dataset, make_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Stretched
from dawnbench.recipes import ModelPart, Recipe, find_recipe
from dawnbench.recipes.overrides import override

STEPS = 97


def stretched(recipe: Recipe) -> Stretched:
    return Stretched(recipe.schedule.build(), recipe.epochs)


def changed(*settings: str, name: str = "davidnet") -> Recipe:
    return override(find_recipe(name), settings)


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        ((), 6_573_120),
        (("model.conv_bias=true", "model.head_bias=true"), 6_575_370),
    ],
)
def test_davidnet_has_the_published_number_of_parameters(settings: tuple[str, ...], parameters: int) -> None:
    record = describe_model(changed(*settings), channels=3, classes=10, images=50_000)
    assert record.parameters == parameters
    assert sum(layer.parameters for layer in record.layers) == parameters
    assert record.fixed_parameters == 0
    assert record.flops_per_trial == record.flops_per_step * 24 * STEPS


def test_davidnet_10_keeps_its_whitening_and_its_norms_factors_fixed() -> None:
    record = describe_model(changed(name="davidnet-10"), channels=3, classes=10, images=50_000)
    norms = 64 + 128 * 3 + 256 + 512 * 3
    # Against davidnet: a 1x1 convolution from 27 channels has as many weights as a 3x3 one from 3.
    assert record.parameters == 6_573_120 - norms
    # The norms keep their frozen factors as parameters.
    assert record.fixed_parameters == 27 * 27 + norms


def test_the_speedruns_smaller_images_count_as_such() -> None:
    whole = describe_model(changed("resolutions=[]", name="speedrun"), 3, 10, 50_000)
    record = describe_model(changed(name="speedrun"), 3, 10, 50_000)
    assert record.flops_per_step == whole.flops_per_step
    assert 0.7 < record.flops_per_trial / whole.flops_per_trial < 0.85


@pytest.mark.parametrize(
    ("epochs", "sizes"), [(9, [24] * 3 + [28] * 3 + [32] * 3), (4, [24, 24, 28, 32]), (1, [24])]
)
def test_each_resolution_has_its_share_of_the_epochs(epochs: int, sizes: list[int]) -> None:
    recipe = changed(f"epochs={epochs}", "resolutions=[24,28,32]", name="davidnet")
    assert [recipe.resolution(epoch) for epoch in range(epochs)] == sizes
    assert changed().resolution(0) == 32


@pytest.mark.parametrize("size", [16, 28, 64])
def test_a_model_that_does_not_take_the_images_is_explained(size: int) -> None:
    with pytest.raises(DawnbenchError, match=f"{size}x{size}"):
        describe_model(changed(f"dataset.image_size={size}"), 3, 10, 50_000)


def test_a_batch_that_ghost_norms_cannot_split_is_explained() -> None:
    with pytest.raises(DawnbenchError, match=r"batches of 500 .* 16 equal parts"):
        describe_model(changed("batch_size=500", name="davidnet-10"), 3, 10, 50_000)


def test_davidnets_rate_has_its_closed_form_at_every_step() -> None:
    schedule = stretched(changed())
    for step in range(24 * STEPS):
        t = step / STEPS
        expected = 0.4 * t / 5 if t <= 5 else 0.4 * (24 - t) / 19
        assert schedule(t) == pytest.approx(expected, abs=1e-12), step
    assert schedule(24.0) == 0


def test_davidnet_10s_rate_has_its_closed_form_at_every_step() -> None:
    schedule = stretched(changed(name="davidnet-10"))
    for step in range(10 * STEPS):
        t = step / STEPS
        expected = t / 2 if t <= 2 else 1.0 - 0.9 * (t - 2) / 6 if t <= 8 else 0.1
        assert schedule(t) == pytest.approx(expected, abs=1e-12), step


@pytest.mark.parametrize("epochs", [1, 12, 30])
def test_other_epochs_stretch_the_schedule(epochs: int) -> None:
    schedule, published = stretched(changed(f"epochs={epochs}")), stretched(changed())
    for part in np.linspace(0, 1, 50):
        assert schedule(epochs * part) == pytest.approx(published(24 * part), abs=1e-12)
    assert schedule(epochs * 5 / 24) == pytest.approx(0.4)


def test_an_epoch_has_its_full_batches_or_one_smaller_more() -> None:
    assert steps_per_epoch(changed(), 50_000) == STEPS
    assert steps_per_epoch(changed("drop_last=false"), 50_000) == STEPS + 1
    assert steps_per_epoch(changed("drop_last=false"), 51_200) == 100
    assert steps_per_epoch(changed("drop_last=false"), 100) == 1


def test_fewer_images_than_a_batch_are_refused_with_both_numbers() -> None:
    with pytest.raises(DawnbenchError, match=r"batch_size=512 .* 100 training images"):
        steps_per_epoch(changed(), 100)


def test_only_auto_leaves_the_precision_to_the_device() -> None:
    cpu = open_device("cpu")
    assert resolve_precision(changed(), cpu) == cpu.preferred_precision()
    assert resolve_precision(changed("precision=fp16"), cpu) == "fp16"


def small_dataset(channels: int = 3) -> Dataset:
    draws = np.random.default_rng(0)
    train, test = (draws.integers(0, 256, (n, 32, 32, channels), dtype=np.uint8) for n in (24, 6))
    return make_dataset(
        "small",
        train_images=train,
        train_labels=np.arange(24) % 4,
        test_images=test,
        test_labels=np.arange(6) % 4,
    )


def small_plan(*settings: str, channels: int = 3) -> tuple[Any, Split]:
    recipe = changed(
        "model.widths=[2,2,2,2]", "batch_size=16", "precision=fp32", *settings, name="davidnet-10"
    )
    dataset, cpu = small_dataset(channels), open_device("cpu")
    plan = make_plan(recipe, dataset, cpu, make_model(recipe, dataset, cpu))
    return plan, Split(torch.from_numpy(dataset.train_images), torch.from_numpy(dataset.train_labels))


def test_the_plan_follows_the_recipe() -> None:
    plan, _ = small_plan()
    assert (plan.epochs, plan.batch_size, plan.steps_per_epoch, plan.steps) == (10, 16, 1, 10)
    assert (plan.label_smoothing, plan.precision, plan.target) == (0.2, "fp32", 0.94)
    assert (plan.evaluation.batch_size, plan.evaluation.flip) == (1000, True)
    assert [group["rate_scale"] for group in plan.make_optimizer().param_groups] == [1 / 16, 64 / 16]
    assert plan.make_average is not None
    assert small_plan("average=null")[0].make_average is None


def test_the_recipes_colour_statistics_are_used_where_they_fit_the_channels() -> None:
    plan, train = small_plan()
    given = torch.tensor((0.4914, 0.4822, 0.4465)), torch.tensor((0.2471, 0.2435, 0.2616))
    expected = ((train.images.float() / 255 - given[0]) / given[1]).permute(0, 3, 1, 2)
    torch.testing.assert_close(plan.make_normalization(train)(train.images), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_are_measured_where_the_recipe_has_none(channels: int) -> None:
    plan, train = small_plan("dataset.mean=null", "dataset.deviation=null", channels=channels)
    normalized = plan.make_normalization(train)(train.images).transpose(0, 1).flatten(1)
    torch.testing.assert_close(normalized.mean(1), torch.zeros(channels), atol=1e-4, rtol=0)


@pytest.mark.parametrize("channels", [1, 4])
def test_statistics_of_other_channels_than_the_images_are_refused(channels: int) -> None:
    with pytest.raises(
        DawnbenchError, match=f"dataset.mean is of 3 channels and the images have {channels}; set"
    ):
        small_plan(channels=channels)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "augmentation.crop.padding=32",
            "augmentation.crop.padding=32 must be less than the images' 32 pixels",
        ),
        (
            'augmentation=[{"kind": "cutout", "size": 33}]',
            "cutout.size=33 is more than the images' 32 pixels",
        ),
    ],
)
def test_an_augmentation_that_is_too_large_for_the_images_is_refused(setting: str, sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        small_plan(setting)


def test_the_largest_augmentation_that_fits_is_taken() -> None:
    plan, train = small_plan('augmentation=[{"kind": "crop", "padding": 31}, {"kind": "cutout", "size": 32}]')
    draws = torch.Generator().manual_seed(0)
    ((images, _labels),) = plan.make_batches(train, plan.make_normalization(train), draws).epoch()
    assert not images.any()  # each is cut out whole


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
        assert make_model(recipe, small_dataset(), open_device("cpu")) is net
        return
    with pytest.raises(DawnbenchError, match=f"^{named} has weights but no reset_parameters"):
        make_model(recipe, small_dataset(), open_device("cpu"))


def test_fitting_computes_the_whitening_from_the_training_images() -> None:
    plan, train = small_plan()
    assert not plan.model.whiten.weight.any()
    plan.fit(train, plan.make_normalization(train))
    assert plan.model.whiten.weight.abs().sum() > 1


def test_layer_names_are_ones_that_a_reader_can_find_in_the_model() -> None:
    record = describe_model(changed(), 3, 10, 50_000)
    assert all(re.fullmatch(r"(prep|layer[123]|head)(\.\w+)*", layer.name) for layer in record.layers)


@pytest.mark.parametrize("pays", [False, True])
def test_auto_compiles_where_the_device_says_that_it_pays(pays: bool) -> None:
    recipe, cpu = changed('compile="auto"', "model.widths=[2,2,2,2]"), open_device("cpu")
    cpu.compiling_pays = pays
    model = make_model(recipe, small_dataset(), cpu)
    plan = make_plan(replace(recipe, batch_size=8), small_dataset(), cpu, model)
    assert (plan.forward is not model) == pays
