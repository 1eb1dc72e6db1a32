from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    CropSpec,
    CutoutSpec,
    ExponentialAverageSpec,
    FlipSpec,
    Recipe,
    find_recipe,
    list_recipes,
)
from dawnbench.recipes.overrides import adapt, leaf_paths, leaf_value, override
from dawnbench.recipes.recipe import WriteUp
from dawnbench.records.leaves import leaves


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("epochs=10", "epochs", 10),
        ("optimizer.momentum=0.85", "optimizer.momentum", 0.85),
        ("optimizer.weight_decay=0", "optimizer.weight_decay", 0.0),
        ("dataset.name=123", "dataset.name", "123"),
        ("dataset.name=null", "dataset.name", "null"),
        ("dataset.name=cifar100", "dataset.name", "cifar100"),
        ("dataset.name=a folder/x=1.npz", "dataset.name", "a folder/x=1.npz"),
        ('dataset.name="123"', "dataset.name", "123"),
        ("precision=bf16", "precision", "bf16"),
        ("drop_last=false", "drop_last", False),
        ("model.widths=[8,16,32,64]", "model.widths", (8, 16, 32, 64)),
        ("augmentation.cutout.size=12", "augmentation.cutout.size", 12),
        ("dataset.mean=[0.5,0.5,1]", "dataset.mean", (0.5, 0.5, 1.0)),
        ("evaluation.flip=true", "evaluation.flip", True),
    ],
)
def test_a_leaf_takes_its_new_value_and_nothing_else_changes(setting: str, path: str, value: Any) -> None:
    recipe = find_recipe("davidnet")
    changed = override(recipe, [setting])
    assert leaf_value(changed, path) == value
    assert type(leaf_value(changed, path)) in (type(value), float)
    others = [other for other in leaf_paths(recipe) if other != path]
    assert [leaf_value(changed, other) for other in others] == [leaf_value(recipe, other) for other in others]


def test_an_optional_part_is_left_out_by_null() -> None:
    assert override(find_recipe("davidnet-10"), ["average=null"]).average is None


def test_a_part_of_a_tuple_is_named_by_its_kind_and_its_neighbours_stay() -> None:
    changed = override(find_recipe("davidnet"), ["augmentation.crop.padding=2"])
    assert [getattr(part, "padding", None) for part in changed.augmentation] == [2, None, None]
    assert changed.augmentation[1] == FlipSpec()


def test_each_of_two_parts_of_a_kind_has_a_name_of_its_own_which_the_records_use_too() -> None:
    recipe = replace(find_recipe("davidnet"), augmentation=(CropSpec(4), FlipSpec(), CropSpec(1)))
    recorded = dict(leaves(recipe.to_dict()))
    for path, padding in (("augmentation.crop.padding", 4), ("augmentation.crop2.padding", 1)):
        assert path in leaf_paths(recipe)
        assert leaf_value(recipe, path) == recorded[path] == padding
    changed = override(recipe, ["augmentation.crop2.padding=2", "augmentation.crop.padding=3"])
    assert changed.augmentation == (CropSpec(3), FlipSpec(), CropSpec(2))
    assert override(recipe, ["augmentation.crop2.padding=2"]).augmentation[0] == CropSpec(4)
    with pytest.raises(DawnbenchError, match=r"^augmentation\.crop2\.padding=-1 must not be negative$"):
        override(recipe, ["augmentation.crop2.padding=-1"])
    with pytest.raises(
        DawnbenchError, match=r"no key 'augmentation\.crop3\.padding'; did you mean augmentation"
    ):
        override(recipe, ["augmentation.crop3.padding=1"])


def test_later_settings_win() -> None:
    assert override(find_recipe("davidnet"), ["epochs=3", "batch_size=2", "epochs=5"]).epochs == 5


def test_without_settings_the_recipe_is_the_same() -> None:
    assert override(find_recipe("davidnet"), []) == find_recipe("davidnet")


@pytest.mark.parametrize(
    "setting",
    [
        "epochs=ten",
        "epochs=2.5",
        "epochs=true",
        'epochs="10"',
        "epochs=null",
        "epochs=",
        "compile=1",
        "compile=yes",
        "precision=fp8",
        "optimizer.momentum=[0.9]",
        "model.widths=64",
        "model.widths=[1,2,3]",
        "model.widths=[1,2,3,4.5]",
        "dataset.mean=0.5",
        "augmentation.cutout.size=big",
    ],
)
def test_a_wrong_type_is_refused_with_the_key_and_the_value(setting: str) -> None:
    key, _, value = setting.partition("=")
    with pytest.raises(DawnbenchError, match="has the wrong type") as refusal:
        override(find_recipe("davidnet"), [setting])
    assert str(refusal.value).startswith(f"{key}=")
    shown = str(refusal.value).partition(" has the wrong type")[0]
    assert value.strip('"') in shown.replace(", ", ",")


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("epoch", "epochs"),
        ("bach_size", "batch_size"),
        ("momentum", "optimizer.momentum"),
        ("optimiser.momentum", "optimizer.momentum"),
        ("optimizer.momentun", "optimizer.momentum"),
        ("cutout.size", "augmentation.cutout.size"),
        ("augmentation.cutuot.size", "augmentation.cutout.size"),
        ("augmentation.cutout.sise", "augmentation.cutout.size"),
        ("model.widths.0", "model.widths"),
        ("dataset.mean.0", "dataset.mean"),
        ("schedule.rates.1.x", "schedule.rates"),
        ("augmentation.0.padding", "augmentation.crop.padding"),
        ("model.kind", "model.widths"),
        ("label_smothing", "label_smoothing"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(key: str, nearest: str) -> None:
    with pytest.raises(DawnbenchError) as refusal:
        override(find_recipe("davidnet"), [f"{key}=1"])
    assert repr(key) in str(refusal.value)
    assert f"did you mean {nearest}?" in str(refusal.value)


def test_a_setting_without_a_value_says_how_to_write_it() -> None:
    with pytest.raises(DawnbenchError, match="--set epochs=VALUE"):
        override(find_recipe("davidnet"), ["epochs"])


@pytest.mark.parametrize("group", ["model", "dataset", "optimizer", "schedule", "evaluation", "augmentation"])
def test_a_group_is_refused_with_one_of_its_fields(group: str) -> None:
    with pytest.raises(DawnbenchError, match=f"{group} is a group of fields; .* {group}\\."):
        override(find_recipe("davidnet"), [f"{group}=1"])


@pytest.mark.parametrize(
    "setting",
    [
        "target=2",
        "target=0",
        "epochs=0",
        "schedule.epochs=[0,9,8]",
        "schedule.rates=[0,NaN,0]",
        "optimizer.momentum=1",
        "dataset.mean=null",
        "augmentation.cutout.size=0",
        "model.norm_splits=0",
    ],
)
def test_a_value_that_could_never_train_is_refused(setting: str) -> None:
    with pytest.raises(DawnbenchError):
        override(find_recipe("davidnet"), [setting])


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.name)
def test_every_listed_leaf_takes_its_own_value(recipe: Recipe) -> None:
    for path in leaf_paths(recipe):
        assert override(recipe, [f"{path}={json.dumps(leaf_value(recipe, path))}"]) == recipe, path


KEYS = st.one_of(
    st.sampled_from(leaf_paths(find_recipe("davidnet-10"))),
    st.sampled_from(["model", "augmentation", "augmentation.flip", "average", "evaluation"]),
    st.text(),
)
VALUES = st.one_of(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=4,
    ).map(json.dumps),
)


@settings(max_examples=200, deadline=None)
@given(KEYS, VALUES)
def test_whatever_is_set_either_gives_a_recipe_or_a_sentence(key: str, value: str) -> None:
    try:
        changed = override(find_recipe("davidnet-10"), [f"{key}={value}"])
    except DawnbenchError:
        return
    changed.digest()


@pytest.mark.parametrize("value", ['{"kind": "exponential"}', '{"kind": "exponential", "every": 5}'])
def test_an_absent_part_is_put_in_whole(value: str) -> None:
    assert override(find_recipe("davidnet"), [f"average={value}"]).average == ExponentialAverageSpec()


def test_a_part_that_was_just_put_in_takes_settings_of_its_own() -> None:
    put_in, every = 'average={"kind": "exponential", "momentum": 0.5}', "average.every=2"
    for settings_ in ([put_in, every], [every, put_in]):
        average = override(find_recipe("davidnet"), settings_).average
        assert average == ExponentialAverageSpec(momentum=0.5, every=2)


def test_an_absent_part_has_no_settings() -> None:
    with pytest.raises(DawnbenchError, match=r"no key 'average\.every'"):
        override(find_recipe("davidnet"), ["average.every=2"])


def test_a_list_of_parts_is_put_in_whole() -> None:
    value = '[{"kind": "flip"}, {"kind": "cutout", "size": 3}]'
    changed = override(find_recipe("davidnet"), [f"augmentation={value}"])
    assert changed.augmentation == (FlipSpec(), CutoutSpec(3))
    assert override(changed, ["augmentation=[]"]).augmentation == ()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("average={}", r"average=\{\} is not a part that fits here; .* one of exponential, lookahead$"),
        ('average={"kind": "flip"}', "is not a part that fits here; .* one of exponential, lookahead$"),
        (
            'optimizer={"kind": "exponential"}',
            "is not a part that fits here; .* one of nesterov_sgd, muon, adam$",
        ),
        ('model={"kind": "nesterov_sgd"}', "is not a part that fits here; .* one of davidnet, .*conv_stack"),
        (
            'augmentation=["flip"]',
            r"augmentation\[0\]=\"flip\" .* one of crop, flip, .*cutout$",
        ),
        ('augmentation={"kind": "flip"}', "must be a list of parts"),
    ],
)
def test_a_kind_of_the_wrong_role_is_refused_with_the_right_ones(setting: str, sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        override(find_recipe("davidnet"), [setting])


@pytest.mark.parametrize(
    "together",
    [
        ("schedule.epochs=[0,24]", "schedule.rates=[1,0]"),
        ("dataset.mean=null", "dataset.std=null"),
        ("dataset.mean=[0.5]", "dataset.std=[0.25]"),
        ("optimizer.momentum=0", "optimizer.nesterov=false"),
    ],
)
def test_leaves_that_must_agree_are_changed_together_in_either_order(together: tuple[str, str]) -> None:
    recipe = find_recipe("davidnet")
    changed = override(recipe, together)
    assert changed == override(recipe, together[::-1])
    for setting in together:
        path, _, value = setting.partition("=")
        found = leaf_value(changed, path)
        assert (list(found) if isinstance(found, tuple) else found) == json.loads(value)
        with pytest.raises(DawnbenchError) if "nesterov" not in setting else nullcontext():
            override(recipe, [setting])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("model.widths=64", "a list of 4 entries, each a whole number"),
        ("dataset.mean=0.5", "a list, each a number or null"),
        ("epochs=ten", "a whole number"),
        ("compile=1", "true or false or auto"),
        ("precision=fp8", "one of auto, fp32, bf16, fp16"),
    ],
)
def test_a_wrong_type_is_refused_with_the_right_one_in_words(setting: str, words: str) -> None:
    with pytest.raises(DawnbenchError, match=f"it must be {words}$"):
        override(find_recipe("davidnet"), [setting])


def test_an_absent_part_is_said_to_go_in_whole() -> None:
    with pytest.raises(DawnbenchError, match=r'average=\{"kind": \.\.\.\} with one of exponential'):
        override(find_recipe("davidnet"), ["average=exponential"])


@pytest.mark.parametrize("text", ["9" * 5_000, "[" * 100_000])
def test_text_that_no_parser_takes_is_a_sentence(text: str) -> None:
    with pytest.raises(DawnbenchError, match="epochs="):
        override(find_recipe("davidnet"), [f"epochs={text}"])


def test_what_a_recipe_says_about_its_target_stays_unless_it_is_set() -> None:
    told = replace(find_recipe("quickstart"), write_up=WriteUp(target="Smaller."))
    assert adapt(told, epochs=told.epochs + 1).write_up == WriteUp(target="Smaller.")
    again = adapt(told, ["write_up.target=Longer."])
    assert again.write_up == WriteUp(target="Longer.")
    assert again.changed == ()


def test_a_recipe_says_what_was_changed_in_it() -> None:
    recipe = find_recipe("davidnet")
    adapted = adapt(recipe, ["precision=fp32", "augmentation.cutout.size=4"], data="digits", epochs=2)
    assert set(adapted.changed) == {
        "precision=fp32",
        "augmentation.cutout.size=4",
        "dataset.name=digits",
        "epochs=2",
    }
    assert "epochs=3" in adapt(adapted, epochs=3).changed
    assert "epochs=2" not in adapt(adapted, epochs=3).changed
    assert Recipe.from_dict(adapted.to_dict()) == adapted


def test_more_trials_or_the_same_value_are_no_change() -> None:
    recipe = find_recipe("davidnet")
    assert adapt(recipe, [f"epochs={recipe.epochs}"], trials=7).changed == ()
    assert "changed" not in recipe.to_dict()
    assert replace(recipe, epochs=2).digest() == adapt(recipe, epochs=2).digest()
