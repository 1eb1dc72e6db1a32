"""What a trial is expected to spend under a rule, and why that may be unknown."""

from __future__ import annotations

import pytest

from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.stats.spending import spending
from tests.stats.trial_sets import SPENT, diverged, interrupted, series, timed, trial

PRICES = Prices(3600.0, 3.6e6, 7.2e6)
"""A dollar per second and per joule, 2 g per joule."""


def test_what_was_spent_on_misses_is_counted() -> None:
    reached = trial(took=20.0, energy_joules=90.0, energy_to_target_joules=80.0)
    missed = trial(took=None, energy_joules=100.0)
    found = spending(series([reached, missed]), "dawnbench", PRICES)
    assert (found.seconds, found.joules) == (20.0 + SPENT, 180.0)
    assert found.dollars == pytest.approx(60.0)
    assert found.electricity_dollars == pytest.approx(180.0)
    assert found.grams == pytest.approx(360.0)
    assert (found.no_seconds, found.no_joules, found.no_dollars) == ("", "", "")


def test_a_rule_that_does_not_stop_at_the_target_counts_whole_trials() -> None:
    of = series([trial(seconds={"airbench": 30.0}, energy_joules=90.0, energy_to_target_joules=80.0)])
    found = spending(of, "airbench", PRICES)
    assert (found.seconds, found.joules) == (30.0, 90.0)


@pytest.mark.parametrize(
    ("of", "rule", "reasons"),
    [
        (timed(None), "dawnbench", ("no trial reached the target",) * 3),
        (timed(20.0), "dawnbench", ("", "no energy was measured", "")),
        (series([trial(energy_joules=5.0)]), "dawnbench", ("", "no reading covers it", "")),
        (timed(20.0), "lap", ("no trial has a time under the lap rule",) * 3),
        (series([interrupted()]), "dawnbench", ("no trial has a time under the dawnbench rule",) * 3),
        (
            series([diverged(seconds={"airbench": None}, spent_seconds={"airbench": 3.0})]),
            "airbench",
            ("no trial finished",) * 3,
        ),
    ],
)
def test_what_is_unknown_has_its_reason_and_is_never_zero(of, rule, reasons) -> None:  # type: ignore[no-untyped-def]
    found = spending(of, rule, PRICES)
    assert (found.no_seconds, found.no_joules, found.no_dollars) == reasons
    known = (found.seconds, found.joules, found.dollars)
    assert [value is None for value in known] == [bool(reason) for reason in reasons]


def test_without_a_price_the_cost_is_unknown_first_of_all_for_that() -> None:
    found = spending(timed(None), "dawnbench", NO_PRICES)
    assert (found.dollars, found.no_dollars) == (None, "no price per hour is known for NVIDIA H200")
