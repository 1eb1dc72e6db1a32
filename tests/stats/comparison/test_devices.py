"""Devices side by side: who may be compared, who is pooled, and which devices nothing beats."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import Prices
from dawnbench.records.schema import PairingRecord
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.devices import compare_devices
from dawnbench.stats.price_list import UNPRICED, PriceList
from dawnbench.stats.trade_off import TradeOff
from tests.stats.trial_sets import RECIPE, series, trial

CONFIGURED = PriceList(by_device={"NVIDIA H200": 4.0, "NVIDIA A100": 1.0, "NVIDIA L4": 1.0})


def of(device: str, *seconds: float | None, joules: float | None = None, **changes: object) -> TrialSet:
    """Trials with these times on a device; each spent the same energy."""
    made = [trial(took=one, energy_joules=joules, energy_to_target_joules=one and joules) for one in seconds]
    return series(made, name=f"{device} run", device_name=device, **changes)


def weighed(*runs: TrialSet, prices: PriceList = CONFIGURED) -> TradeOff:
    found = compare_devices(runs, prices).trade_off
    assert found is not None
    return found


def test_runs_of_one_device_are_pooled_and_the_first_device_is_the_reference() -> None:
    runs = [of("NVIDIA H200", 20.0, 22.0), of("NVIDIA A100", 40.0), of("NVIDIA H200", 21.0)]
    first, second = compare_devices(runs, UNPRICED).devices
    assert (first.label, second.label) == ("NVIDIA H200", "NVIDIA A100")
    assert (len(first.series.trials), first.runs) == (3, ("NVIDIA H200 run",) * 2)
    assert (first.spent.seconds, first.comparison) == (21.0, None)
    assert second.comparison is not None
    assert second.comparison.verdict.seconds == (21.0, 40.0)


def test_each_device_has_the_price_of_its_own() -> None:
    found = compare_devices([of("NVIDIA H200", 36.0), of("NVIDIA A100", 72.0)], CONFIGURED)
    assert [device.spent.dollars for device in found.devices] == pytest.approx([0.04, 0.02])
    recorded = of("NVIDIA A100", 72.0, prices=Prices(cost_per_hour=2.0))
    found = compare_devices([of("NVIDIA H200", 36.0), recorded], CONFIGURED)
    assert [device.spent.dollars for device in found.devices] == pytest.approx([0.04, 0.04])


def test_the_front_holds_what_no_other_device_beats_in_both() -> None:
    found = weighed(of("NVIDIA H200", 36.0), of("NVIDIA A100", 72.0), of("NVIDIA L4", 100.0))
    assert found.against == "cost"
    assert found.front == ["NVIDIA H200", "NVIDIA A100"]


def test_equal_devices_are_both_on_the_front_and_one_that_is_best_in_both_is_alone() -> None:
    a100 = of("NVIDIA A100", 72.0)
    assert weighed(a100, of("NVIDIA L4", 72.0)).front == ["NVIDIA A100", "NVIDIA L4"]
    assert weighed(a100, of("NVIDIA L4", 73.0)).front == ["NVIDIA A100"]


def test_time_is_set_against_the_first_of_cost_electricity_and_energy_that_two_have() -> None:
    h200, a100 = of("NVIDIA H200", 36.0, joules=700.0), of("NVIDIA A100", 72.0, joules=900.0)
    assert weighed(h200, a100).against == "cost"
    one_price = PriceList(by_device={"NVIDIA H200": 4.0}, energy=Prices(price_per_kwh=0.3))
    assert weighed(h200, a100, prices=one_price).against == "electricity"
    assert weighed(h200, a100, prices=UNPRICED).against == "energy"
    assert compare_devices([h200, of("NVIDIA A100", 72.0)], UNPRICED).trade_off is None


def test_a_device_that_never_reached_the_target_has_no_place() -> None:
    runs = (of("NVIDIA H200", 36.0), of("NVIDIA L4", None), of("NVIDIA A100", 9.0))
    found = weighed(*runs)
    assert [one.label for one in found.placed] == ["NVIDIA H200", "NVIDIA A100"]
    assert found.left_out == ("NVIDIA L4",)
    missed = compare_devices(runs, CONFIGURED).devices[1].spent
    assert (missed.seconds, missed.dollars, missed.no_dollars) == (None, None, "no trial reached the target")


def test_one_device_in_two_precisions_is_two_rows_with_names_of_their_own() -> None:
    runs = [of("NVIDIA H200", 36.0), of("NVIDIA H200", 50.0, precision="fp32")]
    found = compare_devices(runs, PriceList(Prices(cost_per_hour=3.0)))
    assert [device.label for device in found.devices] == ["NVIDIA H200, bf16", "NVIDIA H200, fp32"]


def test_one_device_with_two_numbers_of_threads_is_two_rows_without_a_warning() -> None:
    one, two = (
        of("AMD EPYC", seconds, precision="fp32", environment={"cpu": {"threads": threads}})
        for threads, seconds in ((1, 40.0), (2, 25.0))
    )
    found = compare_devices([one, two], PriceList(Prices(cost_per_hour=0.1)))
    assert [device.label for device in found.devices] == [
        "AMD EPYC, fp32, 1 thread",
        "AMD EPYC, fp32, 2 threads",
    ]
    assert found.cautions == ()


def test_sides_of_a_campaign_are_not_compared_pair_by_pair() -> None:
    a = of("NVIDIA H200", *[20.0] * 3, pairing=PairingRecord("c0ffee", "A"))
    b = of("NVIDIA H200", *[21.0] * 3, pairing=PairingRecord("c0ffee", "B"), precision="fp32")
    comparison = compare_devices([a, b], UNPRICED).devices[1].comparison
    assert comparison is not None
    assert comparison.paired is None


def test_what_is_not_the_device_is_a_caution() -> None:
    environment = {"packages": {"torch": "2.12"}, "cpu": {"model": "Xeon"}}
    found = compare_devices(
        [of("NVIDIA H200", 36.0), of("NVIDIA A100", 72.0, environment=environment)], UNPRICED
    )
    assert "NVIDIA A100: the torch versions differ: 2.11 and 2.12" in found.cautions
    assert not any("processors" in caution or "devices" in caution for caution in found.cautions)


def test_what_could_not_be_read_is_said_once_of_the_device_that_it_is_of() -> None:
    torn = of("NVIDIA H200", 36.0, warnings=("trials.jsonl: the last line is torn",))
    found = compare_devices([torn, of("NVIDIA A100", 72.0), of("NVIDIA L4", 90.0)], UNPRICED)
    assert found.cautions == ("NVIDIA H200: trials.jsonl: the last line is torn",)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (of("NVIDIA A100", 72.0, target=0.96), "the targets differ: 94 % and 96 %; add --across"),
        (
            of("NVIDIA A100", 72.0, recipe={**RECIPE, "epochs": 3}, recipe_digest="12" * 32),
            "the recipes differ: epochs 10 and 3; add --across",
        ),
        (of("NVIDIA H200", 36.0), r"all of these trials ran on NVIDIA H200 \(bf16\); --devices compares at"),
        (replace(of("NVIDIA A100"), trials=()), "NVIDIA A100 run does not report the rule dawnbench"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(other: TrialSet, said: str) -> None:
    with pytest.raises(DawnbenchError, match=said):
        compare_devices([of("NVIDIA H200", 36.0), other], UNPRICED)


def test_across_compares_other_recipes_and_says_so() -> None:
    other = of("NVIDIA A100", 72.0, target=0.96)
    found = compare_devices([of("NVIDIA H200", 36.0), other], UNPRICED, across=True)
    assert "NVIDIA A100: the targets differ: 94 % and 96 %" in found.cautions


def test_one_price_for_two_machines_is_refused() -> None:
    given = PriceList(Prices(cost_per_hour=3.0))
    with pytest.raises(DawnbenchError, match="one --cost-per-hour cannot be the price of 2 devices; give"):
        compare_devices([of("NVIDIA H200", 36.0), of("NVIDIA A100", 72.0)], given)


# --- several devices ---


def together(devices: int, seconds: float, **changes: object) -> TrialSet:
    return replace(of("NVIDIA H200", seconds, **changes), devices=devices, name=f"{devices} run")


@settings(max_examples=20)
@given(alone=st.floats(1.0, 1e3), serial=st.floats(0.0, 1.0), counts=st.sets(st.integers(1, 64), min_size=3))
def test_times_that_follow_amdahls_law_give_it_back(alone: float, serial: float, counts: set[int]) -> None:
    runs = [together(n, alone * (serial + (1 - serial) / n)) for n in counts]
    law = compare_devices(runs, UNPRICED).law
    assert law is not None
    assert law.serial == pytest.approx(serial, abs=1e-6)
    assert law.alone == pytest.approx(alone)


def test_there_is_no_law_of_two_numbers_or_of_two_kinds_of_devices() -> None:
    one, two = together(1, 20.0), together(2, 11.0)
    assert compare_devices([one, two], UNPRICED).law is None
    assert compare_devices([one, two, together(4, 6.0)], UNPRICED).law is not None
    assert compare_devices([one, two, together(4, 6.0, precision="fp32")], UNPRICED).law is None
    assert compare_devices([one, two, replace(one, device_name="L4", devices=4)], UNPRICED).law is None
