from __future__ import annotations

from dawnbench.records.leaves import leaves, with_current_names, with_original_names


def test_leaves_have_the_paths_that_set_takes() -> None:
    recipe = {
        "epochs": 10,
        "schedule": {"rates": [0, 0.4, 0], "none": None, "empty": {}},
        "augmentation": [{"kind": "crop", "padding": 4}, {"kind": "flip"}, {"kind": "crop", "padding": 2}],
        "widths": (64, 128),
    }
    assert dict(leaves(recipe)) == {
        "epochs": 10,
        "schedule.rates": [0, 0.4, 0],
        "schedule.none": None,
        "schedule.empty": {},
        "augmentation": ["crop", "flip", "crop2"],
        "augmentation.crop.kind": "crop",
        "augmentation.crop.padding": 4,
        "augmentation.flip.kind": "flip",
        "augmentation.crop2.kind": "crop",
        "augmentation.crop2.padding": 2,
        "widths": [64, 128],
    }


def test_a_part_without_a_kind_has_its_number() -> None:
    assert dict(leaves({"parts": [{"a": 1}, 7]})) == {"parts": ["1", "2"], "parts.1.a": 1, "parts.2": 7}


def test_a_recipe_recorded_before_a_rename_is_read_under_the_new_name() -> None:
    before = {"epochs": 3, "dataset": {"name": "digits", "deviation": [0.2]}}
    assert with_current_names(before) == {"epochs": 3, "dataset": {"name": "digits", "std": [0.2]}}
    assert with_original_names(with_current_names(before)) == before
    assert with_current_names({"dataset": "digits"}) == {"dataset": "digits"}
