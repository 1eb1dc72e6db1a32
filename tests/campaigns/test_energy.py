"""What a trial's energy is where a counter fails, and what contradicts it."""

from __future__ import annotations

import pytest

from dawnbench.campaigns.energy import TrialEnergy, energy_warning
from dawnbench.telemetry.history import Integral
from dawnbench.telemetry.sampler import Sampler
from dawnbench.telemetry.source import Source


class Meter(Source):
    energy_name = "fake counter"
    joules: float | None = 123_456.8

    def energy_joules(self) -> float | None:
        return self.joules


@pytest.fixture
def meter() -> Meter:
    return Meter([])


def begun(*sources: Source) -> TrialEnergy:
    return TrialEnergy(Sampler(sources, lambda _samples: None))


def test_energy_is_what_the_counter_grew_by(meter: Meter) -> None:
    energy = begun(meter)
    assert energy.joules() == 0
    meter.joules = 123_500.8
    assert energy.joules() == pytest.approx(44.0)
    assert energy.unknown is None


def test_a_counter_that_ran_backwards_gives_none_until_the_trial_ends(meter: Meter) -> None:
    """Also where it has passed its old value again: what was counted in between is not known."""
    energy = begun(meter)
    meter.joules = 5.0
    assert energy.joules() is None
    meter.joules = 999_999.0
    assert energy.joules() is None
    assert energy.unknown == "the counter went backwards, from 123,456.8 J to 5.0 J"
    later = begun(meter)
    meter.joules += 7
    assert later.joules() == 7


def test_a_count_that_was_lost_in_between_gives_none(meter: Meter) -> None:
    energy = begun(meter)
    meter.energy_losses, meter.energy_loss = 1, "from 4,000.0 J to 0.0 J within 0.05 s"
    assert energy.joules() is None
    assert "was reset" in str(energy.unknown)
    assert "from 4,000.0 J to 0.0 J" in str(energy.unknown)


def test_a_counter_that_cannot_be_read_for_a_while_is_no_loss(meter: Meter) -> None:
    energy = begun(meter)
    meter.joules = None
    assert energy.joules() is None
    assert "could not be read" in str(energy.unknown)
    meter.joules = 123_460.8
    assert energy.joules() == pytest.approx(4.0)
    assert energy.unknown is None


def test_a_machine_without_a_counter_needs_no_reason() -> None:
    energy = begun()
    assert (energy.joules(), energy.unknown) == (None, None)


def warned(
    joules: float | None, area: float, seconds: float = 10.0, readings: int = 200, span: float = 0.0
) -> str:
    power = Integral(readings, 100.0, 100.0 + span, area)
    return energy_warning("fake counter", joules, seconds, "gpu_power", power) or ""


@pytest.mark.parametrize(
    ("joules", "area", "span"),
    [
        (5000.0, 5400.0, 0.0),
        (5400.0, 5000.0, 0.0),
        (1500.0, 1200.0, 400.0),  # 3 s after idleness: the driver's mean over a second lags behind
        (0.0, 0.0, 0.0),
        (None, 5000.0, 0.0),
    ],
)
def test_a_counter_that_agrees_with_the_power_is_believed(
    joules: float | None, area: float, span: float
) -> None:
    assert warned(joules, area, span=span) == ""


@pytest.mark.parametrize(
    ("joules", "area"), [(5000.0, 5600.0), (5600.0, 5000.0), (0.0, 5120.0), (5000.0, 0.0)]
)
def test_a_counter_and_a_power_that_disagree_are_both_named(joules: float, area: float) -> None:
    said = warned(joules, area)
    assert f"{joules:,.1f} J by the fake counter" in said
    assert f"gpu_power integrated over the trial gives {area:,.1f} J: more than 10 % apart" in said


def test_nothing_counted_beside_a_power_is_told_whatever_its_range() -> None:
    assert "0.0 J by the fake counter" in warned(0.0, 500.0, seconds=1.0, span=900.0)


def test_a_few_readings_contradict_nothing() -> None:
    assert warned(0.0, 500.0, readings=19) == ""
    assert energy_warning("fake counter", 5.0, 10.0, "gpu_power", None) is None


@pytest.mark.parametrize(("joules", "area"), [(2e7, 2e7), (2e7, 5000.0), (5000.0, 2e7), (None, 2e7)])
def test_a_power_that_no_machine_takes_is_told(joules: float | None, area: float) -> None:
    assert "20,000,000.0 J in 10.000 s is a mean power of 2,000,000 W" in warned(joules, area)
    assert energy_warning("fake counter", 70.0, 0.01, None, None) is None, "one step of NVML's counter"
