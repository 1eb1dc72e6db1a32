"""The small and fast MNIST recipes have the sizes that their pages state."""

from __future__ import annotations

import pytest

from dawnbench.engine.describe import describe_model
from dawnbench.recipes import Recipe
from dawnbench.recipes.mnist_fast import mnist_fast, mnist_ladder_fast, mnist_tiny


@pytest.mark.parametrize(
    ("recipe", "parameters"), [(mnist_fast, 11_906), (mnist_ladder_fast, 29_546), (mnist_tiny, 1_888)]
)
def test_each_model_has_its_stated_number_of_parameters_and_no_fixed_ones(
    recipe: Recipe, parameters: int
) -> None:
    described = describe_model(recipe, 1, 10, 60_000)
    assert (described.parameters, described.fixed_parameters) == (parameters, 0)


def test_the_tiny_one_stays_within_the_published_size() -> None:
    assert describe_model(mnist_tiny, 1, 10, 60_000).parameters <= 1_936


@pytest.mark.parametrize("recipe", [mnist_fast, mnist_ladder_fast, mnist_tiny])
def test_each_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(recipe.to_dict()) == recipe
