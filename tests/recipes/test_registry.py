from __future__ import annotations

from dataclasses import dataclass

import pytest

from dawnbench.recipes import CropSpec, registry


@dataclass(frozen=True)
class Unknown(registry.Part):
    size: int = 1


def test_each_kind_leads_to_its_settings_and_back() -> None:
    for kind in registry.kinds():
        spec = registry.spec_of(kind)
        assert spec is not None
        assert registry.kind_of(object.__new__(spec)) == kind


def test_an_unregistered_part_says_what_to_call() -> None:
    with pytest.raises(LookupError, match=r"Unknown is not registered; call dawnbench\.recipes\.register"):
        registry.kind_of(Unknown())


def test_an_unknown_kind_has_no_settings() -> None:
    assert registry.spec_of("no such kind") is None


def test_building_calls_what_was_registered_with_settings_and_surroundings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_ENTRIES", {})
    registry.register("mine", Unknown, lambda *arguments, **named: (arguments, named))
    assert registry.build(Unknown(4), "model", fused=True) == (("model",), {"size": 4, "fused": True})


def test_a_named_implementation_is_imported_when_built() -> None:
    crop = registry.build(CropSpec(3))
    assert (type(crop).__name__, crop.padding) == ("RandomCrop", 3)
