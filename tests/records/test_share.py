from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.share import parse_accuracy, parse_share


@pytest.mark.parametrize("written", ["2%", " 2 %", "0.02", "2e-2", 0.02])
def test_two_percent_can_be_written_in_many_ways(written: str | float) -> None:
    assert parse_share(written) == pytest.approx(0.02)


@given(st.floats(0, 1))
def test_a_fraction_is_returned_unchanged(share: float) -> None:
    assert parse_share(share) == parse_share(str(share)) == share
    assert parse_share(f"{100 * share}%") == pytest.approx(share)


@pytest.mark.parametrize("written", ["", "two", "%", "-1%", "101%", "1.01", "nan", "inf", -0.1])
def test_an_invalid_share_is_refused_with_how_to_write_one(written: str | float) -> None:
    with pytest.raises(DawnbenchError, match=r"is not a share .* write two percent as 2% or 0\.02$"):
        parse_share(written)


@given(st.integers(1, 99_999))
def test_an_accuracy_is_the_same_number_in_both_notations(thousandths: int) -> None:
    percent = f"{thousandths // 1000}.{thousandths % 1000:03d}"
    fraction = f"0.{thousandths:05d}"
    assert parse_accuracy(f"{percent}%") == parse_accuracy(f" {percent} % ") == parse_accuracy(fraction)
    assert parse_accuracy(fraction) == parse_accuracy(float(fraction)) == float(fraction)


@pytest.mark.parametrize("written", ["", "high", "%", "94", 94, "0", "1", "0%", "100%", "-1%", "nan", "nan%"])
def test_what_is_not_an_accuracy_is_refused_with_how_to_write_one(written: str | float) -> None:
    with pytest.raises(DawnbenchError, match=r"^target=.* is not an accuracy .* write 94 percent as 94% or"):
        parse_accuracy(written, "target=")
