from __future__ import annotations

from benchmarks.work import Work, change_of

KEPT = {"mm": Work(10, 2_000, 300), "relu": Work(5, 0, 80)}


def test_a_new_operation_is_named_with_what_there_is_in_all() -> None:
    assert change_of("davidnet", dict(KEPT), KEPT) is None
    change = change_of("davidnet", {**KEPT, "clone": Work(5, 0, 4_000)}, KEPT)
    assert change is not None
    assert change[0]
    assert "15 calls became 20, 380 bytes became 4,380 in 5 steps, by clone;" in change[1]


def test_only_what_grew_in_all_is_growth() -> None:
    fewer = change_of("davidnet", {"mm": KEPT["mm"]}, KEPT)
    assert fewer is not None
    assert not fewer[0]
    more_bytes = change_of("davidnet", {"mm": Work(4, 2_000, 900)}, KEPT)
    assert more_bytes is not None
    assert more_bytes[0], "fewer calls hide more bytes"
