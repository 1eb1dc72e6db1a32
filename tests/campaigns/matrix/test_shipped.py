"""The campaign files that come with the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.file import load_campaign_file

CAMPAIGNS = Path(__file__).parents[3] / "campaigns"


@pytest.mark.parametrize("name", ["speedrun-search", "mnist-search"])
def test_a_shipped_search_is_valid_and_starts_with_the_recipe_itself(name: str) -> None:
    plan = load_campaign_file(CAMPAIGNS / f"{name}.toml", lambda _recipes: pytest.fail("it names no file"))
    assert plan.name == name
    assert plan.search is not None
    assert plan.search.first is not None
    assert plan.search.record.candidates * len(plan.search.record.seeds) >= 200


def test_all_files_are_tested() -> None:
    assert {path.stem for path in CAMPAIGNS.glob("*.toml")} == {"speedrun-search", "mnist-search"}
