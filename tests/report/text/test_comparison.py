from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dawnbench.records.prices import Prices
from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.report.text.comparison import comparison_report
from dawnbench.stats.comparison.compare import compare
from dawnbench.stats.price_list import UNPRICED
from tests.cli.made_runs import row, steers, trial, trials, words
from tests.report.figures import any_series, rendered, series

A, B = (PairingRecord("c0ffee", side) for side in ("A", "B"))


def shown(reference: TrialSet, other: TrialSet, width: int = 80, **options: Any) -> str:
    found = compare(reference, other, across=True, **options)
    return rendered(comparison_report(found, UNPRICED), width)


def priced(of: TrialSet, *prices: float) -> TrialSet:
    return replace(of, prices=Prices(*prices))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), paired=st.booleans(), rule=st.sampled_from(("dawnbench", "airbench")))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_whatever_the_figures_80_columns_hold_them_whole(
    data: st.DataObject, paired: bool, rule: str
) -> None:
    has_trial = any_series().filter(lambda of: bool(of.trials))
    reference, other = data.draw(has_trial), data.draw(has_trial)
    if paired:
        reference, other = replace(reference, pairing=A), replace(other, pairing=B)
    reference, other = (priced(one, 3.5, 0.3, 380.0) for one in (reference, other))
    other = replace(
        other, devices=data.draw(st.sampled_from((1, 8, 1024))), nodes=data.draw(st.integers(1, 9))
    )
    text = shown(reference, other, rule=rule)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "…" not in text
    assert not steers(text)


def test_a_campaigns_table_has_a_line_a_figure_in_80_columns() -> None:
    reference = series(trials(1434.6, joules=574_000.0), pairing=A)
    text = shown(reference, series(trials(1371.3, joules=548_000.0), "b", pairing=B))
    table = text.split("\n\n")[1].splitlines()
    assert len(table) == 1 + 4 + 2
    assert row(text, "dawnbench [s]")[:3] == ["1435", "1372", "0.9559"]
    assert row(text, "energy [J]")[:3] == ["516600", "493200", "0.9547"]


def test_a_rule_that_times_neither_side_has_no_line() -> None:
    def warm(of: TrialSet) -> TrialSet:
        def without(figures: dict[str, float | None]) -> dict[str, float | None]:
            return {**figures, "cold": None}

        changed = [
            replace(one, seconds=without(one.seconds), spent_seconds=without(one.spent_seconds))
            for one in of.trials
        ]
        return replace(of, trials=tuple(changed))

    reference, other = warm(series(trials())), warm(series(trials(), "b"))
    assert "cold" not in shown(reference, other)
    assert "cold [s]" in shown(reference, series(trials(), "b"))


def test_a_difference_that_rounds_to_nothing_has_no_minus() -> None:
    lower = [replace(one, accuracy=(one.accuracy or 0) - 1e-6) for one in trials()]
    assert row(shown(series(trials()), series(lower, "b")), "accuracy [%]")[2] == "+0.00"


def test_a_p_value_beyond_what_a_test_can_tell_is_a_bound() -> None:
    text = shown(series(trials()), series(trials(5.0), "b"))
    assert row(text, "dawnbench [s]")[-1] == "<1e-6"
    text = shown(series(trials(count=2)), series(trials(count=2), "b"))
    assert float(row(text, "dawnbench [s]")[-1]) == pytest.approx(1)


def test_what_is_not_known_is_a_dash() -> None:
    text = shown(series(trials(joules=None)), series([trial(1, 2.7)], "b"))
    assert row(text, "dawnbench [s]")[3:] == ["-", "0.18", "-"]
    assert "energy" not in text


def test_every_dash_has_its_reason() -> None:
    said = words(shown(series(trials(joules=None)), series([trial(1, 2.7)], "b")))
    assert "A dash in the row of cold: all trials of a run share one start, so nothing can be tested." in said
    assert "airbench and strict: there are too few trials for an interval." in said
    assert "airbench, strict and accuracy: Welch's test takes at least two values on each side" in said
    missed = words(shown(series(trials()), series([trial(1, epochs=None)], "b")))
    assert "A dash in the row of dawnbench and cold: every trial of b missed the target." in missed
    assert "A dash in the row of energy: no trial of b with an energy reading reached the target." in missed
    warm = [replace(one, seconds={"dawnbench": 2.6, "cold": None}, segments=()) for one in trials()]
    untimed = words(shown(series(trials()), series(warm, "b")))
    assert "A dash in the row of cold: no trial of b was timed." in untimed


def test_a_side_that_missed_has_its_misses_said_in_the_words_of_the_rule() -> None:
    def diverged(number: int) -> Any:
        return trial(number, epochs=None, status="diverged")

    missed = series([trial(1), trial(2, epochs=None)], "b")
    said = words(shown(series(trials()), missed))
    assert "b: 1 of 2 trials missed the target, and the time they took is included." in said
    broken = series([trial(1), diverged(2), diverged(3)], "b")
    said = words(shown(series(trials()), broken, rule="airbench"))
    assert "b: 2 of 3 trials diverged, and the time they took is included." in said
    none = series([trial(1, epochs=None)], "b")
    said = words(shown(series(trials()), none))
    assert "b: 1 of 1 trial missed the target, so there is no time." in said


def test_a_price_known_of_one_side_only_gives_that_sides_cost() -> None:
    reference, other = series([trial(1, 1800.0)]), series([trial(1, 900.0)], "b")
    text = words(shown(priced(reference, 2.0), other))
    assert "Cost under dawnbench: $1.00 and - (no price per hour is known for NVIDIA H200)." in text
    text = shown(priced(reference, 2.0), priced(other, 8.0))
    assert "\nCost under dawnbench: $1.00 and $2.00, +100.0 %.\n" in text
    text = shown(priced(reference, 0.0), priced(other, 8.0))
    assert "\nCost under dawnbench: $0.00 and $2.00.\n" in text
    assert "$" not in shown(reference, other)


def test_the_table_ends_the_report_where_there_is_nothing_to_add() -> None:
    made = [replace(one, seconds={"dawnbench": one.seconds["dawnbench"]}) for one in trials()]
    text = shown(series(made), series(made, "b"))
    assert not text.endswith("\n\n")
    assert text.rstrip().splitlines()[-1].startswith("energy [J]")
