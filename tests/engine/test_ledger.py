from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.engine.ledger import Ledger, shift_segments
from dawnbench.records.rules import SEGMENTS
from dawnbench.records.schema import Segment
from tests.engine.fakes import FakeClock


def test_segments_come_in_order_with_their_starts_and_lengths() -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    clock.now_ns += 5
    with ledger.segment("reset"):
        clock.now_ns += 30
    clock.now_ns += 2
    for epoch in (1, 2):
        with ledger.segment("train", epoch):
            clock.now_ns += 100 * epoch
    assert ledger.segments() == (
        Segment("reset", None, 5, 30),
        Segment("train", 1, 37, 100),
        Segment("train", 2, 137, 200),
    )
    assert ledger.device_seconds() == pytest.approx(337e-9)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(SEGMENTS)), st.none() | st.integers(1, 9), st.integers(0, 99)))
)
def test_what_went_in_comes_out(entries: list[tuple[str, int | None, int]]) -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    for name, epoch, length in entries:
        with ledger.segment(name, epoch):
            clock.now_ns += length
    assert [(s.name, s.epoch, s.length_ns) for s in ledger.segments()] == entries
    assert ledger.device_seconds() == pytest.approx(sum(length for *_, length in entries) / 1e9)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_block_is_kept_as_far_as_it_came(interruption: type[BaseException]) -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    with pytest.raises(interruption), ledger.segment("train", 1):  # noqa: PT012
        clock.now_ns += 40
        raise interruption
    assert ledger.segments() == (Segment("train", 1, 0, 40),)


def test_a_name_that_no_rule_knows_is_refused_before_the_block_runs() -> None:
    ledger = Ledger(FakeClock())
    with pytest.raises(ValueError, match="no segment is called 'trian'"), ledger.segment("trian"):
        pytest.fail("the block ran")
    assert ledger.segments() == ()


def test_segments_can_be_read_while_one_is_open() -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    with ledger.segment("train", 1):
        clock.now_ns += 1
    with ledger.segment("record", 1):
        assert [segment.name for segment in ledger.segments()] == ["train"]


def test_a_ledger_without_segments_took_no_time() -> None:
    assert Ledger(FakeClock()).device_seconds() == 0


def test_an_earlier_ledger_lies_at_negative_times() -> None:
    assert shift_segments((Segment("load", None, 10, 30),), by_ns=100) == (Segment("load", None, -90, 30),)
