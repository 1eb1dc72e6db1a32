"""The recipes after published write-ups have their models' sizes and their learning rates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dawnbench.engine.batches import steps_per_epoch
from dawnbench.engine.describe import describe_model
from dawnbench.errors import DawnbenchError
from dawnbench.optim.schedules import Schedule, Stretched
from dawnbench.recipes import WriteUp, find_recipe
from dawnbench.recipes.catalogue import SERIES, find_series
from dawnbench.recipes.overrides import override
from dawnbench.report.text.log_table import log_table
from tests.records.examples import epoch

ONE_CYCLE = """
0.000507 0.010566 0.020625 0.030684 0.040744 0.050673 0.048005 0.045336 0.042668 0.040000 0.037332 0.034664
0.031996 0.029328 0.026659 0.023991 0.021323 0.018655 0.015987 0.013319 0.010650 0.007982 0.005314 0.002646
"""


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("davidnet-onecycle", 6_575_370),
        ("resnet18-step", 11_173_962),
        ("mnist-1", 6_379_786),
        ("mnist-2", 8_946),
        ("mnist-3", 9_122),
        ("mnist-4", 6_438),
        ("mnist-5", 7_506),
        ("mnist-6", 7_416),
        ("mnist-drill-1", 22_672),
        ("mnist-drill-2", 7_432),
        ("mnist-drill-3", 9_722),
    ],
)
def test_each_model_has_the_published_number_of_parameters(name: str, parameters: int) -> None:
    recipe = find_recipe(name)
    channels = 3 if recipe.dataset.name == "cifar10" else 1
    described = describe_model(recipe, channels, 10, 50_000)
    assert (described.parameters, described.fixed_parameters) == (parameters, 0)


def schedule_of(name: str) -> Schedule:
    recipe = find_recipe(name)
    return Stretched(recipe.schedule.build(), recipe.epochs)


def rates(name: str) -> list[str]:
    recipe = find_recipe(name)
    schedule = schedule_of(name)
    return [f"{schedule(epoch):.6f}" for epoch in range(recipe.epochs)]


def test_the_one_cycle_has_the_published_rates_at_the_starts_of_its_epochs() -> None:
    assert rates("davidnet-onecycle") == ONE_CYCLE.split()


def test_the_log_tables_rates_of_the_one_cycle_are_the_published_ones_byte_for_byte() -> None:
    schedule = schedule_of("davidnet-onecycle")
    table = log_table([epoch(epoch=n + 1, learning_rate=schedule(n)) for n in range(24)])
    assert [row.split("|")[2].strip() for row in table.splitlines()[2:]] == ONE_CYCLE.split()


def test_the_one_cycles_momentum_falls_as_the_rate_rises_and_comes_back() -> None:
    recipe = find_recipe("davidnet-onecycle")
    schedule = schedule_of("davidnet-onecycle")
    steps = steps_per_epoch(recipe, 50_000)
    assert steps == 98
    peak, last = (5 * steps - 1) / steps, (24 * steps - 1) / steps
    assert schedule(peak) == pytest.approx(0.0507, rel=1e-9)
    assert schedule(last) == pytest.approx(0.0507 / 100 / 100, rel=1e-9)
    momenta = [schedule.momentum(epoch) for epoch in (0, peak / 2, peak, (peak + last) / 2, last)]
    assert momenta == pytest.approx([0.95, 0.9, 0.85, 0.9, 0.95])


def test_resnet18s_rate_is_halved_after_ten_epochs() -> None:
    assert rates("resnet18-step") == ["0.001000"] * 10 + ["0.000500"] * 10


@pytest.mark.parametrize("name", [f"mnist-{n}" for n in range(1, 6)] + ["mnist-drill-1", "mnist-drill-2"])
def test_mnist_begins_and_stays_at_one_hundredth(name: str) -> None:
    assert rates(name) == ["0.010000"] * 15


def test_mnist_6s_rate_falls_tenfold_after_eight_epochs() -> None:
    assert rates("mnist-6") == ["0.010000"] * 8 + ["0.001000"] * 7


def test_an_epoch_of_the_write_ups_shows_every_image() -> None:
    counts = {"davidnet-onecycle": 98, "resnet18-step": 782}
    assert {name: steps_per_epoch(find_recipe(name), 50_000) for name in counts} == counts
    for names in SERIES.values():
        assert {steps_per_epoch(find_recipe(name), 60_000) for name in names} == {469}


def test_a_series_is_its_recipes_in_order() -> None:
    ladder = find_series("mnist-ladder")
    assert ladder is not None
    assert [recipe.name for recipe in ladder] == [f"mnist-{number}" for number in range(1, 7)]
    assert find_series("mnist-1") is None


def test_what_an_author_says_does_not_decide_the_result() -> None:
    recipe = find_recipe("mnist-2")
    told = replace(recipe, write_up=WriteUp(target="Smaller."))
    assert told.digest() == recipe.digest()
    assert told.to_dict()["write_up"] == {"target": "Smaller."}
    assert type(recipe).from_dict(told.to_dict()) == told


def test_a_recipe_recorded_with_an_analysis_is_still_read() -> None:
    recipe = find_recipe("mnist-2")
    for write_up in ({"target": "Smaller.", "analysis": "It was."}, {"analysis": "It was."}):
        read = type(recipe).from_dict({**recipe.to_dict(), "write_up": write_up})
        assert read.write_up == WriteUp(target=write_up.get("target", ""))
        assert read.digest() == recipe.digest()


def test_a_momentum_in_the_schedule_needs_an_optimizer_that_takes_it() -> None:
    with pytest.raises(DawnbenchError, match=r"schedule\.momenta requires an optimizer .* such as adam"):
        override(find_recipe("davidnet-onecycle"), ['optimizer={"kind": "nesterov_sgd"}'])
