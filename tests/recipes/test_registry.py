from __future__ import annotations

from dataclasses import dataclass

import pytest

from dawnbench.recipes import (
    AugmentationPart,
    AveragePart,
    CropSpec,
    ModelPart,
    OptimizerPart,
    SchedulePart,
    registry,
)

ROLES = (ModelPart, OptimizerPart, SchedulePart, AugmentationPart, AveragePart)


@dataclass(frozen=True)
class Shear(AugmentationPart):
    size: int = 1


def test_each_kind_leads_to_its_settings_and_back() -> None:
    for kind in registry.kinds(registry.Part):
        spec = registry.spec_of(kind)
        assert spec is not None
        assert registry.kind_of(object.__new__(spec)) == kind


def test_each_role_has_its_own_kinds_and_every_kind_has_one_role() -> None:
    assert registry.kinds(AugmentationPart) == [
        "crop",
        "flip",
        "alternating_flip",
        "rotation",
        "affine",
        "color_jitter",
        "brightness_contrast",
        "cutout",
    ]
    assert registry.kinds(AveragePart) == ["exponential", "lookahead"]
    by_role = [registry.kinds(role) for role in ROLES]
    assert all(by_role)
    assert sorted(kind for kinds in by_role for kind in kinds) == sorted(registry.kinds(registry.Part))


def test_a_kind_of_the_users_own_joins_its_role_and_no_other() -> None:
    registry.register("shear", Shear, "nowhere:Nothing")
    assert [role for role in ROLES if "shear" in registry.kinds(role)] == [AugmentationPart]
    assert registry.spec_of("shear") is Shear


def test_two_versions_of_a_kind_stay_apart() -> None:
    @dataclass(frozen=True)
    class Steeper(AugmentationPart):
        size: int = 2

    registry.register("shear", Shear, lambda **_fields: "first")
    registry.register("shear", Steeper, lambda **_fields: "second")
    assert registry.spec_of("shear") is Steeper
    assert [registry.build(part) for part in (Shear(), Steeper())] == ["first", "second"]
    assert registry.kind_of(Shear()) == registry.kind_of(Steeper()) == "shear"


def test_an_unregistered_part_says_what_to_call() -> None:
    with pytest.raises(LookupError, match=r"Shear is not registered; call dawnbench\.recipes\.register"):
        registry.kind_of(Shear())


def test_a_subclass_of_a_registered_part_is_not_taken_for_it() -> None:
    @dataclass(frozen=True)
    class Wider(CropSpec):
        pass

    with pytest.raises(LookupError, match="Wider is not registered"):
        registry.kind_of(Wider(4))


def test_an_unknown_kind_has_no_settings() -> None:
    assert registry.spec_of("no such kind") is None


def test_building_calls_what_was_registered_with_settings_and_surroundings() -> None:
    registry.register("mine", Shear, lambda *arguments, **named: (arguments, named))
    assert registry.build(Shear(4), "model", fused=True) == (("model",), {"size": 4, "fused": True})


def test_a_named_implementation_is_imported_when_built() -> None:
    crop = registry.build(CropSpec(3))
    assert (type(crop).__name__, crop.padding) == ("RandomCrop", 3)
