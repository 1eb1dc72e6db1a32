from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.share import parse_share


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
