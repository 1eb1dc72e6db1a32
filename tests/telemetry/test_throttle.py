from __future__ import annotations

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.telemetry.throttle import HARMLESS, decode, harmful


@pytest.mark.parametrize(
    ("constant", "word"),
    [
        ("GpuIdle", "idle"),
        ("ApplicationsClocksSetting", "applications clocks setting"),
        ("SwPowerCap", "software power cap"),
        ("HwSlowdown", "hardware slowdown"),
        ("SyncBoost", "sync boost"),
        ("SwThermalSlowdown", "software thermal slowdown"),
        ("HwThermalSlowdown", "hardware thermal slowdown"),
        ("HwPowerBrakeSlowdown", "hardware power brake"),
        ("DisplayClockSetting", "display clock setting"),
    ],
)
def test_the_words_are_those_of_the_drivers_bits(constant: str, word: str):
    assert decode(getattr(pynvml, f"nvmlClocksEventReason{constant}")) == (word,)


def test_idleness_and_the_users_clocks_are_decoded_but_do_no_harm():
    assert decode(0b111) == ("idle", "applications clocks setting", "software power cap")
    assert harmful(0b111) == ("software power cap",)
    assert harmful(0) == ()


@given(st.integers(min_value=0, max_value=(1 << 64) - 1))
def test_no_bit_is_lost(mask: int):
    words = decode(mask)
    assert len(set(words)) == mask.bit_count()
    assert set(harmful(mask)) == set(words) - HARMLESS
