from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    AugmentationPart,
    CropSpec,
    CutoutSpec,
    DatasetSpec,
    DavidNetSpec,
    EvaluationSpec,
    ExponentialAverageSpec,
    FileWeightsSpec,
    FlipSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
    Recipe,
    find_recipe,
    list_recipes,
)


@pytest.fixture
def shear() -> Callable[..., AugmentationPart]:
    """A user's own augmentation."""

    @dataclass(frozen=True)
    class Shear(AugmentationPart, kind="shear"):
        degrees: float
        axes: tuple[str, ...] = ("x",)
        limit: int | None = None

    return Shear


def through_json(recipe: Recipe) -> Recipe:
    return Recipe.from_dict(json.loads(json.dumps(recipe.to_dict(), allow_nan=False)))


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.name)
def test_every_built_in_recipe_survives_json(recipe: Recipe) -> None:
    assert through_json(recipe) == recipe


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.name)
def test_the_digest_of_a_stored_recipe_is_that_of_the_original(recipe: Recipe) -> None:
    assert through_json(recipe).digest() == recipe.digest()


DIGESTS = {
    "davidnet": "11d52d8fd2f856d018dabfe87260b099b5282a42e84efd62aef405114d46bdc3",
    "davidnet-10": "793536594f1c66fda5289421601daa79b986acc61d55441fff351dae8645998a",
    "speedrun": "2a3ac8eb591483a7ce846469364f5d95ed98ede40e687f8bbde24009e9d1272d",
    "latency": "6648526d9dad4c092a00ea61765d603077656d188944c049bf2ffa821b8b4e64",
    "davidnet-onecycle": "671cd9ded35142b2c9a50cf4f977445e73a95e85aad6ae8701e792fdf31cb76c",
    "davidnet-onecycle-fast": "e619e5e6747dcfb5cefa5bf63e133490fc197e782f27cf7e53881adf68032bee",
    "resnet18-step": "68e7b24b6af53a5b2c2e43771df38d94fe70d9ec8a67c6cbafe5a86fe79c6d24",
    "resnet18-fast": "f807ac0623bc22611ce1704744c8e28ffa128ccdee3d2864176401b6c317370b",
    "mnist-1": "c8ee52bcb905881b001855026a2e541809f2fe2cef3f9d9bda03cd7244fa7833",
    "mnist-2": "95cfbf49fa40c9532bf36df1ae1456e1c26d97cf6626563973d586f2af540792",
    "mnist-3": "652221d8b804a62abc3ce95ea79b08e50927e9e2ae089077ca4274aab8b6ef34",
    "mnist-4": "7e85783a63b43fa8f21952c29f78519f9f874acaf7a91b17141afde0d31568d0",
    "mnist-5": "c4327dd1c3d0b7d220cd564942b64e51fa1f3483c3097752639d500c74e31e64",
    "mnist-6": "833b9fd4ab263c06215971a08144d9272da2da6cb6b9d5aa3c7eece72d3a5ff2",
    "mnist-drill-1": "7f09acc109e300c6a5dc00179d250c7a11e20189a1ec79fb7165a03d40237dae",
    "mnist-drill-2": "037a52425cd6c4e85d217b7390d16a90aab36e1361d1a2df1f694b0adc13a546",
    "mnist-drill-3": "493b6fa3cb6724cc9f78d30df22f4f545328175eeef35bebbdbda55d6d04b54d",
    "mnist-fast": "3f97b421a18b94ff7d6f8913430cc24836dee7763fa6481c02c987c0387f10cd",
    "mnist-tiny": "88e727af1e82e2689d892ef515f4722e32d79310f96269196cdbf49f551cddc4",
    "mnist-ladder-fast": "f9ef8ed817021ae7da2953201e165a81c21a5d20b5b1d39591501d6d1cd47f9a",
    "slim-vgg16": "5691c2b10133d5c650d624803a60a4421b23d5f53a6d915d6f9fc5b5be6e7b38",
    "slim-resnet50": "10681b645824959241b5104f46143ad0fe599db8cdf93874f0608da24edb36f1",
    "slim-mobilenetv2": "251522b3502ba654fbd550773f24405a0ede923425765a744e628008eb090b83",
    "slim-vgg19": "9dd7044dac7b13e1c3b28f0ce8e621ad037bae4de5a9c23994ff60ff95e2b971",
    "slim-resnet56": "a96d9d61f94f2c44cfb19fb9f40f30cc545722dbb6d521daef6fdf278d100a8a",
    "slim-vgg-small": "c88270fc3a7cdb06dc33f8c63bf63ba2526191230fe336bd470a6ea3d71131cf",
    "quickstart": "8ee2e9ea5101838981c69ce3516cb680d1a21cfe78f63337010eccb723c40db9",
}
"""Of every recipe that the package brings: what runs and baselines are found by. Change one only where the
recipe itself is meant to train differently."""


def test_digests_are_what_they_were_when_runs_were_kept() -> None:
    assert {recipe.name: recipe.digest() for recipe in list_recipes()} == DIGESTS


def test_a_field_added_later_is_left_out_of_json_while_it_holds_its_default() -> None:
    plain = find_recipe("davidnet")
    assert "resolutions" not in plain.to_dict()
    assert "shift" not in plain.to_dict()["evaluation"]
    for changed in (replace(plain, resolutions=(16,)), replace(plain, capture=False)):
        assert changed.digest() != plain.digest()
        assert through_json(changed) == changed


@pytest.mark.parametrize("resolutions", [(0,), (33,), (24, 40)])
def test_resolutions_that_are_none_or_larger_than_the_images_are_refused(
    resolutions: tuple[int, ...],
) -> None:
    with pytest.raises(DawnbenchError, match=r"resolutions=\[.*\] must lie between 1 and image_size=32"):
        replace(find_recipe("davidnet"), resolutions=resolutions)


def test_a_shift_backwards_is_refused() -> None:
    with pytest.raises(DawnbenchError, match=r"evaluation\.shift=-1 must not be negative"):
        EvaluationSpec(shift=-1)
    with pytest.raises(DawnbenchError, match=r"evaluation\.tta_images=0 must be at least 1, or null"):
        EvaluationSpec(tta_images=0)


def test_the_digest_does_not_tell_0_from_00_but_numbers_from_flags() -> None:
    recipe = find_recipe("davidnet")
    floats = replace(recipe, schedule=PiecewiseLinearSpec(epochs=(0.0, 5.0, 24.0), rates=(0.0, 0.4, 0.0)))
    assert floats.digest() == recipe.digest()
    assert replace(recipe, compile=True).digest() != replace(recipe, compile=False).digest()


@pytest.mark.parametrize("settings_", [(4.5,), (4.5, ("x", "y"), 3)])
def test_a_part_of_the_users_own_survives_json(
    shear: Callable[..., AugmentationPart], settings_: tuple[Any, ...]
) -> None:
    recipe = replace(find_recipe("davidnet"), augmentation=(FlipSpec(), shear(*settings_)))
    assert recipe.to_dict()["augmentation"][1]["kind"] == "shear"
    assert through_json(recipe) == recipe


FRACTION = st.floats(0, 1, exclude_min=True, exclude_max=True)
COUNT = st.integers(1, 10**6)
COLOURS = st.lists(st.tuples(FRACTION, FRACTION), min_size=1, max_size=4).map(
    lambda pairs: tuple(zip(*pairs, strict=True))
)
DATASETS = (st.just((None, None)) | COLOURS).flatmap(
    lambda colours: st.builds(DatasetSpec, st.text(), COUNT, st.just(colours[0]), st.just(colours[1]))
)
SCHEDULES = st.lists(st.floats(0, 100, exclude_min=True), min_size=1, max_size=5, unique=True).flatmap(
    lambda epochs: st.builds(
        PiecewiseLinearSpec,
        epochs=st.just(tuple(sorted(epochs))),
        rates=st.tuples(*[st.floats(0, 10)] * len(epochs)),
    )
)
AUGMENTATIONS = st.lists(
    st.one_of(st.builds(CropSpec, COUNT), st.builds(FlipSpec), st.builds(CutoutSpec, COUNT)), max_size=3
)
RECIPES = st.builds(
    Recipe,
    name=st.text(),
    summary=st.text(),
    target=FRACTION,
    trials=COUNT,
    dataset=DATASETS,
    model=st.builds(DavidNetSpec, widths=st.tuples(COUNT, COUNT, COUNT, COUNT), conv_bias=st.booleans()),
    epochs=COUNT,
    batch_size=COUNT,
    optimizer=st.builds(NesterovSGDSpec, momentum=FRACTION, bias_rate_scale=FRACTION),
    schedule=SCHEDULES,
    drop_last=st.booleans(),
    augmentation=AUGMENTATIONS.map(tuple),
    label_smoothing=FRACTION,
    average=st.none() | st.builds(ExponentialAverageSpec, FRACTION, COUNT),
    precision=st.sampled_from(["auto", "fp32", "bf16", "fp16"]),
    compile=st.booleans(),
    evaluation=st.builds(EvaluationSpec, COUNT, st.booleans()),
)


@settings(max_examples=40, deadline=None)
@given(RECIPES)
def test_any_recipe_survives_json(recipe: Recipe) -> None:
    again = through_json(recipe)
    assert again == recipe
    assert again.digest() == recipe.digest()


@pytest.mark.parametrize("change", [{"name": "other"}, {"summary": "another line"}, {"trials": 200}])
def test_the_digest_ignores_what_does_not_decide_the_result(change: dict[str, Any]) -> None:
    recipe = find_recipe("davidnet")
    assert replace(recipe, **change).digest() == recipe.digest()


def test_the_digest_changes_with_anything_else() -> None:
    recipe = find_recipe("davidnet-10")
    changes: list[dict[str, Any]] = [
        {"target": 0.95},
        {"dataset": replace(recipe.dataset, name="cifar100")},
        {"dataset": replace(recipe.dataset, image_size=64)},
        {"dataset": replace(recipe.dataset, mean=None, std=None)},
        {"dataset": replace(recipe.dataset, mean=(0.5, 0.5, 0.5))},
        {"model": replace(recipe.model, whitening=False)},
        {"epochs": 11},
        {"batch_size": 256},
        {"optimizer": replace(recipe.optimizer, momentum=0.8)},
        {"schedule": replace(recipe.schedule, rates=(0, 1.0, 0.1, 0.0))},
        {"drop_last": False},
        {"augmentation": recipe.augmentation[::-1]},
        {"augmentation": recipe.augmentation[:1]},
        {"label_smoothing": 0.1},
        {"average": None},
        {"precision": "fp32"},
        {"compile": True},
        {"evaluation": EvaluationSpec(flip=False)},
        {"evaluation": EvaluationSpec(batch_size=500, flip=True)},
    ]
    digests = {replace(recipe, **change).digest() for change in changes} | {recipe.digest()}
    assert len(digests) == len(changes) + 1


@pytest.mark.parametrize("target", [0.0, 1.0, -0.5, 94.0, float("nan")])
def test_a_target_outside_0_to_1_is_refused(target: float) -> None:
    with pytest.raises(DawnbenchError, match=f"target={target}.*between 0 and 1"):
        replace(find_recipe("davidnet"), target=target)


@pytest.mark.parametrize("field", ["epochs", "batch_size", "trials"])
@pytest.mark.parametrize("value", [0, -1])
def test_counts_below_1_are_refused(field: str, value: int) -> None:
    with pytest.raises(DawnbenchError, match=rf"{field}={value}.*at least 1"):
        replace(find_recipe("davidnet"), **{field: value})


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_label_smoothing_that_is_no_fraction_is_refused(value: float) -> None:
    with pytest.raises(DawnbenchError, match=f"label_smoothing={value}"):
        replace(find_recipe("davidnet"), label_smoothing=value)


@pytest.mark.parametrize(
    ("mean", "deviation", "sentence"),
    [
        ((0.5,), None, "dataset.mean has 1 channels and dataset.std 0; give both, or null for both"),
        (None, (0.5, 0.5), "dataset.mean has 0 channels and dataset.std 2"),
        ((0.5,) * 3, (0.5,), "dataset.mean has 3 channels and dataset.std 1"),
        ((0.5, 0.5), (0.5, 0.0), r"dataset.std=\[0.5, 0.0\] must each be above 0, or null"),
        ((0.5,), (-0.1,), r"dataset.std=\[-0.1\] must each be above 0"),
        ((0.5,), (float("nan"),), r"dataset.std=\[nan\] must each be above 0"),
    ],
)
def test_half_of_the_colour_statistics_or_no_deviation_is_refused(
    mean: tuple[float, ...] | None, deviation: tuple[float, ...] | None, sentence: str
) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        DatasetSpec("digits", mean=mean, std=deviation)


@pytest.mark.parametrize("field", ["dataset", "evaluation"])
@pytest.mark.parametrize("value", [0, -1])
def test_sizes_below_1_are_refused_with_their_key(field: str, value: int) -> None:
    leaf = {"dataset": "image_size", "evaluation": "batch_size"}[field]
    recipe = find_recipe("davidnet")
    with pytest.raises(DawnbenchError, match=rf"{field}\.{leaf}={value} must be at least 1"):
        replace(recipe, **{field: replace(getattr(recipe, field), **{leaf: value})})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("epochs",), "24", r'epochs="24" has the wrong type'),
        (("epoch",), 24, "epoch is not a field of Recipe"),
        (("model", "width"), 3, r"model\.width is not a field of DavidNetSpec"),
        (("model", "widths"), [1, 2, 3], r"model\.widths=.* a list of 4 entries, each a whole number"),
        (
            ("model", "kind"),
            "vgg",
            r"model=.*vgg.* is not a part that fits here; .* one of davidnet, .*conv_stack",
        ),
        (
            ("model", "kind"),
            "crop",
            r"model=.* is not a part that fits here; .* one of davidnet, .*conv_stack",
        ),
        (("augmentation", 2, "size"), 1.5, r"augmentation\[2\]\.size=1\.5 has the wrong type"),
        (("dataset", "image_size"), None, r"dataset\.image_size=null has the wrong type"),
        (("dataset",), "cifar10", "dataset must be an object with fields"),
        (
            ("average",),
            "exponential",
            "average=.* is not a part that fits here; .* one of exponential, lookahead$",
        ),
        (("augmentation",), {"kind": "flip"}, "augmentation=.* must be a list of parts"),
        (
            ("augmentation", 1, "kind"),
            "davidnet",
            r"augmentation\[1\]=.* one of crop, flip, .*cutout$",
        ),
        (("optimizer", "momentum"), 1, r"optimizer\.momentum=1\.0 must be"),
        (("model",), None, "model=null is not a part that fits here"),
        (("model",), {}, r"model=.* is not a part that fits here"),
        (("model",), {"kind": []}, r"model=.* is not a part that fits here"),
        (("dataset",), {"kind": "crop", "padding": 4}, r"dataset\.kind is not a field of DatasetSpec"),
    ],
)
def test_a_damaged_recipe_is_refused_by_a_sentence_with_the_path(
    path: tuple[Any, ...], value: Any, sentence: str
) -> None:
    data = find_recipe("davidnet").to_dict()
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DawnbenchError, match=sentence):
        Recipe.from_dict(data)


def test_a_missing_field_is_named() -> None:
    data = find_recipe("davidnet").to_dict()
    del data["optimizer"]
    with pytest.raises(DawnbenchError, match="optimizer"):
        Recipe.from_dict(data)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"precision": "fp8"},
            'precision="fp8" has the wrong type: it must be one of auto, fp32, bf16, fp16',
        ),
        ({"batch_size": 64.0}, "batch_size=64.0 has the wrong type: it must be a whole number"),
        ({"epochs": 2.5}, "epochs=2.5 has the wrong type: it must be a whole number"),
        ({"name": 5}, "name=5 has the wrong type: it must be text"),
        ({"compile": 1}, "compile=1 has the wrong type: it must be true or false or auto"),
        ({"dataset": None}, "dataset=null has the wrong type: it must be a DatasetSpec"),
        ({"average": FlipSpec()}, "average=FlipSpec() has the wrong type: it must be an AveragePart or null"),
        ({"loss": None}, "loss=null has the wrong type: it must be a LossPart"),
    ],
)
def test_a_wrong_type_is_refused_in_python_too(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DawnbenchError) as refusal:
        replace(find_recipe("davidnet"), **change)
    assert str(refusal.value) == sentence


def test_a_part_of_the_wrong_role_among_others_is_refused() -> None:
    with pytest.raises(
        DawnbenchError, match=r"^augmentation=\[.* it must be a tuple, each an AugmentationPart$"
    ):
        replace(find_recipe("davidnet"), augmentation=(FlipSpec(), DavidNetSpec()))


def test_a_part_in_the_wrong_place_is_refused_in_python_too() -> None:
    with pytest.raises(DawnbenchError, match=r"^model=CropSpec\(padding=4, .*: it must be a ModelPart$"):
        replace(find_recipe("davidnet"), model=CropSpec(4))


def test_a_recipe_that_json_cannot_hold_is_refused() -> None:
    recipe = find_recipe("davidnet")
    with pytest.raises(DawnbenchError, match="cannot be written as JSON"):
        replace(recipe, model=replace(recipe.model, logit_scale=float("nan")))


def test_initial_weights_are_identified_by_their_content_and_not_by_their_path() -> None:
    recipe = find_recipe("davidnet")
    one, other, changed = (
        replace(recipe, weights=FileWeightsSpec(path, digest)).digest()
        for path, digest in (("a", "12"), ("b", "12"), ("a", "34"))
    )
    assert one == other != changed
    assert recipe.digest() not in (one, changed)
    assert Recipe.from_dict(replace(recipe, weights=FileWeightsSpec("a")).to_dict()).weights is not None
