from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, get_type_hints

import pytest
import torch
from pydantic import Field
from torch import nn

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    AugmentationPart,
    AveragePart,
    CropSpec,
    CrossEntropySpec,
    LossPart,
    ModelPart,
    OptimizerPart,
    PenaltyPart,
    Recipe,
    SchedulePart,
    WeightsPart,
    find_recipe,
    list_recipes,
)
from dawnbench.recipes.part import Part, kind_of, kinds, spec_of
from dawnbench.recipes.values import from_json

ROLES = (
    *(ModelPart, OptimizerPart, SchedulePart, AugmentationPart, AveragePart, LossPart),
    *(PenaltyPart, WeightsPart),
)


def test_each_kind_leads_to_its_class_and_back() -> None:
    for kind in kinds(Part):
        cls = spec_of(kind)
        assert cls is not None
        assert kind_of(object.__new__(cls)) == kind


def brought(role: type[Part]) -> list[str]:
    """Return the kinds of a role that the package brings: other tests define parts as well."""
    return [
        kind for kind in kinds(role) if (cls := spec_of(kind)) and cls.__module__.startswith("dawnbench.")
    ]


def test_each_role_has_its_own_kinds_and_every_kind_has_one_role() -> None:
    assert brought(AugmentationPart) == [
        "crop",
        "flip",
        "alternating_flip",
        "rotation",
        "affine",
        "color_jitter",
        "brightness_contrast",
        "cutout",
    ]
    assert brought(AveragePart) == ["exponential", "lookahead"]
    assert brought(LossPart) == ["cross_entropy"]
    assert brought(PenaltyPart) == ["l1_norm_scales"]
    assert brought(WeightsPart) == ["file", "torchvision"]
    by_role = [kinds(role) for role in ROLES]
    assert all(by_role)
    assert sorted(kind for of_role in by_role for kind in of_role) == sorted(kinds(Part))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_the_field_of_a_recipe_that_holds_it(role: type[Part]) -> None:
    assert role._role in {field.name for field in fields(Recipe)}
    assert role.__name__ in str(get_type_hints(Recipe)[role._role])


def test_a_kind_of_the_users_own_joins_its_role_and_no_other() -> None:
    @dataclass(frozen=True)
    class Shear(AugmentationPart, kind="shear"):
        size: int = 1

    assert [role for role in ROLES if "shear" in kinds(role)] == [AugmentationPart]
    assert spec_of("shear") is Shear


def test_two_versions_of_a_kind_stay_apart() -> None:
    @dataclass(frozen=True)
    class Old(ModelPart, kind="two_versions"):
        def build(self, channels: int, classes: int) -> nn.Module:
            return nn.Identity()

    @dataclass(frozen=True)
    class New(ModelPart, kind="two_versions"):
        def build(self, channels: int, classes: int) -> nn.Module:
            return nn.Flatten()

    assert spec_of("two_versions") is New
    assert [type(part.build(1, 2)) for part in (Old(), New())] == [nn.Identity, nn.Flatten]
    assert kind_of(Old()) == kind_of(New()) == "two_versions"


def test_a_part_with_slots_keeps_its_kind() -> None:
    @dataclass(frozen=True, slots=True)
    class Slotted(ModelPart, kind="slotted"):
        width: int = 1

    assert kind_of(Slotted()) == "slotted"
    assert spec_of("slotted") is Slotted


@pytest.mark.parametrize(("base", "name"), [(ModelPart, "ModelPart"), (CropSpec, "CropSpec")])
def test_a_part_without_a_kind_says_how_to_give_it_one(base: Any, name: str) -> None:
    before = kinds(Part)

    @dataclass(frozen=True)
    class Wider(base):  # type: ignore[misc]
        pass

    part = object.__new__(Wider)
    with pytest.raises(LookupError, match=rf'Wider has no kind; write `class Wider\({name}, kind="wider"\)`'):
        kind_of(part)
    assert kinds(Part) == before


def test_an_unknown_kind_has_no_class() -> None:
    assert spec_of("no such kind") is None


@pytest.mark.parametrize("role", ROLES)
def test_a_role_itself_builds_nothing(role: Any) -> None:
    arguments = {
        "model": (1, 2),
        "average": (nn.Identity(),),
        "loss": (nn.Identity(), 0.0),
        "optimizer": (nn.Identity(),),
        "penalty": (nn.Identity(),),
    }.get(role._role, ())
    named: dict[str, Any] = {"batch_size": 1} if role is PenaltyPart else {}
    named = {"batch_size": 1, "fused": False, "dtype": torch.float32} if role is OptimizerPart else named
    with pytest.raises(NotImplementedError):
        role().found(ModelPart()) if role is WeightsPart else role().build(*arguments, **named)


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.name)
def test_every_recipes_parts_build(recipe: Recipe) -> None:
    channels = 1 if "mnist" in recipe.name or recipe.name == "quickstart" else 3
    model = recipe.model.build(channels, 10)
    assert callable(model)
    assert recipe.schedule.build()(0.0) >= 0
    assert all(hasattr(part.build(), "check") for part in recipe.augmentation)
    optimizer = recipe.optimizer.build(model, batch_size=4, fused=False, dtype=torch.float32)
    assert all("rate_scale" in group for group in optimizer.param_groups)
    loss = recipe.loss.build(model, recipe.label_smoothing)(torch.zeros(4, 10), torch.arange(4))
    assert loss.item() == pytest.approx(4 * torch.tensor(10.0).log().item())


def test_cross_entropy_is_summed_and_smoothed() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0])
    plain = -logits.log_softmax(1)[[0, 1], labels]
    loss = CrossEntropySpec().build(nn.Identity(), 0.0)
    torch.testing.assert_close(loss(logits, labels), plain.sum())
    smooth = 0.8 * plain - 0.2 * logits.log_softmax(1).mean(1)
    torch.testing.assert_close(CrossEntropySpec().build(nn.Identity(), 0.2)(logits, labels), smooth.sum())


def test_a_loss_of_the_users_own_is_written_and_decides_the_digest() -> None:
    @dataclass(frozen=True)
    class Penalised(LossPart, kind="penalised"):
        weight: float = 0.5

    recipe = find_recipe("davidnet")
    changed = replace(recipe, loss=Penalised())
    assert "loss" not in recipe.to_dict()
    assert changed.to_dict()["loss"] == {"kind": "penalised", "weight": 0.5}
    assert Recipe.from_dict(changed.to_dict()) == changed
    assert changed.digest() != recipe.digest()


@pytest.fixture
def forgetful() -> type[ModelPart]:
    """A user's part whose author forgot the base's check."""

    @dataclass(frozen=True)
    class Forgetful(ModelPart, kind="forgetful"):
        width: Annotated[int, Field(ge=1, multiple_of=8)] = 8

        def __post_init__(self) -> None:
            pass

    return Forgetful


@pytest.mark.parametrize(
    ("width", "sentence"),
    [
        (0, r"model\.width=0 must be at least 1"),
        ("8", r'model\.width="8" has the wrong type: it must be a whole number'),
        # Which the house has no words of its own for.
        (12, r"model\.width=12 is invalid: .*multiple of 8"),
    ],
)
def test_a_part_that_does_not_check_itself_is_checked_by_the_recipe_and_from_json(
    forgetful: Any, width: Any, sentence: str
) -> None:
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        replace(find_recipe("davidnet"), model=forgetful(width))
    with pytest.raises(DawnbenchError, match=f"^{sentence}$"):
        from_json(forgetful, {"width": width}, "model")
