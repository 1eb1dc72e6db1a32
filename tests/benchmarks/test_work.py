from __future__ import annotations

from benchmarks.work import MAX_NAMED, Work, change_of

KEPT = {"mm": Work(10, 2_000, 300), "relu": Work(5, 0, 80)}


def test_a_new_operation_is_named_with_what_it_adds() -> None:
    assert change_of("davidnet", dict(KEPT), KEPT) is None
    change = change_of("davidnet", {**KEPT, "clone": Work(5, 0, 4_000)}, KEPT)
    assert change is not None
    assert change[0]
    assert "15 calls became 20, 380 bytes became 4,380 in 5 steps" in change[1]
    assert "; clone 0 calls became 5, 0 bytes became 4,000." in change[1]


def test_only_what_grew_in_all_is_growth() -> None:
    fewer = change_of("davidnet", {"mm": KEPT["mm"]}, KEPT)
    assert fewer is not None
    assert not fewer[0]
    more_bytes = change_of("davidnet", {"mm": Work(4, 2_000, 900)}, KEPT)
    assert more_bytes is not None
    assert more_bytes[0], "fewer calls hide more bytes"


def test_only_the_operations_with_most_bytes_are_named() -> None:
    many = {f"operation_{number}": Work(1, 0, number) for number in range(1, MAX_NAMED + 4)}
    change = change_of("davidnet", {**KEPT, **many}, KEPT)
    assert change is not None
    assert f"operation_{MAX_NAMED + 3} " in change[1]
    assert "3 others" in change[1]
    assert "operation_3 " not in change[1]
