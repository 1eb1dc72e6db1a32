from __future__ import annotations

from benchmarks.work import MAX_NAMED, Work, change_of, total

KEPT = {"mm": Work(10, 2_000, 300), "relu": Work(5, 0, 80)}


def test_the_same_work_is_no_change() -> None:
    assert change_of("davidnet", dict(KEPT), KEPT) is None


def test_a_new_operation_is_named_with_what_it_adds() -> None:
    change = change_of("davidnet", {**KEPT, "clone": Work(5, 0, 4_000)}, KEPT)
    assert change is not None
    assert change.grew
    assert "15 calls became 20, 380 bytes became 4,380 in 5 steps" in change.sentence
    assert "more of clone (5 calls, 4,000 bytes)" in change.sentence
    assert "less of" not in change.sentence


def test_an_operation_that_went_is_no_growth() -> None:
    change = change_of("davidnet", {"mm": KEPT["mm"]}, KEPT)
    assert change is not None
    assert not change.grew
    assert "less of relu (5 calls, 80 bytes)" in change.sentence


def test_fewer_calls_do_not_hide_more_bytes() -> None:
    change = change_of("davidnet", {"mm": Work(4, 2_000, 900)}, KEPT)
    assert change is not None
    assert change.grew
    assert "more of mm (600 bytes); less of" in change.sentence


def test_only_the_operations_with_most_bytes_are_named() -> None:
    many = {f"operation_{number}": Work(1, 0, number) for number in range(1, MAX_NAMED + 4)}
    change = change_of("davidnet", {**KEPT, **many}, KEPT)
    assert change is not None
    assert f"more of operation_{MAX_NAMED + 3} (" in change.sentence
    assert "3 others" in change.sentence
    assert "operation_3 " not in change.sentence


def test_the_total_is_that_of_all_operations() -> None:
    assert total(KEPT) == Work(15, 2_000, 380)
