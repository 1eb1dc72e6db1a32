from __future__ import annotations

import re
from collections import Counter

import pytest

from dawnbench.engine.describe import describe_model
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.recipes.overrides import override

STEPS = 97


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


@pytest.mark.parametrize("size", [16, 28, 64])
def test_a_model_that_does_not_take_the_images_is_explained(size: int) -> None:
    with pytest.raises(DawnbenchError, match=f"{size}x{size}"):
        describe_model(changed(f"dataset.image_size={size}"), 3, 10, 50_000)


def test_a_batch_that_ghost_norms_cannot_split_is_explained() -> None:
    with pytest.raises(DawnbenchError, match=r"batches of 500 .* 16 equal parts"):
        describe_model(changed("batch_size=500", name="davidnet-10"), 3, 10, 50_000)


def test_a_last_batch_that_ghost_norms_cannot_split_is_explained() -> None:
    recipe = changed("drop_last=false", name="davidnet-10")
    with pytest.raises(DawnbenchError, match=r"batches of 512 and a last one of 8 images .* 16 equal parts"):
        describe_model(recipe, 3, 10, 520)


def test_fewer_images_than_a_batch_are_refused_with_both_numbers() -> None:
    with pytest.raises(DawnbenchError, match=r"batch_size=512 .* 100 training images"):
        describe_model(changed(), 3, 10, 100)


def test_layer_names_are_ones_that_a_reader_can_find_in_the_model() -> None:
    record = describe_model(changed(), 3, 10, 50_000)
    assert all(re.fullmatch(r"(prep|layer[123]|head)(\.\w+)*", layer.name) for layer in record.layers)


def test_the_steps_of_each_resolution_are_those_of_its_epochs() -> None:
    for epochs, sizes in ((1, [16, 32]), (7, [24, 28, 32]), (12, [24, 28, 32]), (5, [32, 16, 32]), (3, [])):
        recipe = changed(f"epochs={epochs}", f"resolutions={sizes}")
        assert recipe.epochs_by_resolution() == Counter(map(recipe.resolution, range(epochs)))


def test_ten_million_epochs_are_counted_without_going_through_them() -> None:
    one = describe_model(changed("epochs=1"), 3, 10, 50_000)
    many = describe_model(changed("epochs=10000000"), 3, 10, 50_000)
    assert many.flops_per_trial == 10_000_000 * one.flops_per_trial


def test_a_trial_that_would_never_end_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"epochs=1000000000 of 97 steps each .* set fewer epochs"):
        describe_model(changed("epochs=1000000000"), 3, 10, 50_000)


def test_a_model_too_large_for_any_memory_is_refused_in_one_line() -> None:
    widths = [2**40] * 4
    with pytest.raises(DawnbenchError, match="does not accept batches") as refused:
        describe_model(changed(f"model.widths={widths}"), 3, 10, 50_000)
    assert len(str(refused.value)) < 300
