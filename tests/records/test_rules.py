from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import RULES, RULES_BY_NAME, SEGMENTS, known_rule, stops_at_target, times
from dawnbench.records.schema import Segment

LENGTHS = {  # powers of two in milliseconds, so that a sum says which segments it is of
    ("startup", None): 1,
    ("load", None): 2,
    ("build", None): 4,
    ("compile", None): 8,
    ("to_device", None): 16,
    ("reset", None): 32,
    ("init", None): 64,
    ("train", 1): 128,
    ("evaluate", 1): 256,
    ("record", 1): 512,
    ("train", 2): 1024,
    ("evaluate", 2): 2048,
    ("record", 2): 4096,
    ("train", 3): 8192,
    ("final_evaluate", 3): 16384,
    ("record", 3): 32768,
}


def ledger(*without: str) -> tuple[Segment, ...]:
    return tuple(
        Segment(name, epoch, 0, length * 1_000_000)
        for (name, epoch), length in LENGTHS.items()
        if name not in without
    )


def milliseconds(*without: str, stop_after: int | None) -> dict[str, int | None]:
    found = times(ledger(*without), stop_after)
    return {rule: None if seconds is None else round(seconds * 1000) for rule, seconds in found.items()}


SETUP = 16 + 32 + 64
TRAIN = 128 + 1024 + 8192


def test_the_rules_are_the_four_of_the_design() -> None:
    assert [rule.name for rule in RULES] == ["dawnbench", "airbench", "strict", "cold"]


def test_each_rule_counts_its_own_segments_up_to_where_it_stops() -> None:
    assert milliseconds(stop_after=2) == {
        "dawnbench": 4 + SETUP + 128 + 1024,
        "airbench": 64 + TRAIN + 16384,
        "strict": SETUP + TRAIN + 16384,
        "cold": sum(LENGTHS.values()) - 8192 - 16384 - 32768,
    }


def test_a_target_reached_in_the_last_epoch_cuts_nothing_off() -> None:
    found = milliseconds(stop_after=3)
    assert found["dawnbench"] == 4 + SETUP + TRAIN
    assert found["cold"] == sum(LENGTHS.values())


def test_a_target_reached_at_once_counts_the_first_epoch_only() -> None:
    assert milliseconds(stop_after=1)["dawnbench"] == 4 + SETUP + 128


def test_a_target_never_reached_leaves_the_rules_that_stop_at_it_without_a_time() -> None:
    found = milliseconds(stop_after=None)
    assert found["dawnbench"] is None
    assert found["cold"] is None
    assert found["airbench"] == 64 + TRAIN + 16384


def test_without_the_start_of_the_process_there_is_no_cold_time() -> None:
    found = milliseconds("startup", stop_after=2)
    assert found["cold"] is None
    assert None not in (found["dawnbench"], found["airbench"], found["strict"])


def test_without_the_final_evaluation_the_rules_about_whole_trials_give_no_time() -> None:
    found = milliseconds("final_evaluate", stop_after=2)
    assert (found["airbench"], found["strict"]) == (None, None)
    assert found["dawnbench"] == 4 + SETUP + 128 + 1024


def test_an_empty_ledger_gives_no_time_under_any_rule() -> None:
    assert set(times((), 1).values()) == {None}


@pytest.mark.parametrize("rule", RULES_BY_NAME.values(), ids=lambda rule: rule.name)
def test_every_rule_counts_only_segments_that_a_ledger_takes_and_says_where_it_is_from(rule: object) -> None:
    assert rule.counted <= SEGMENTS  # type: ignore[attr-defined]
    assert rule.required <= rule.counted  # type: ignore[attr-defined]
    assert rule.source  # type: ignore[attr-defined]


def spent(*without: str) -> dict[str, int | None]:
    found = {rule.name: rule.spent_seconds(ledger(*without)) for rule in RULES}
    return {rule: None if seconds is None else round(seconds * 1000) for rule, seconds in found.items()}


def test_what_was_spent_is_counted_to_the_end_whether_the_target_was_reached_or_not() -> None:
    assert spent() == {
        "dawnbench": 4 + SETUP + TRAIN,
        "airbench": 64 + TRAIN + 16384,
        "strict": SETUP + TRAIN + 16384,
        "cold": sum(LENGTHS.values()),
    }


def test_an_interrupted_trial_spent_the_time_until_then() -> None:
    assert spent("final_evaluate")["airbench"] == 64 + TRAIN
    assert RULES_BY_NAME["dawnbench"].spent_seconds(()) == 0


def test_without_the_start_of_the_process_the_time_spent_since_is_unknown() -> None:
    found = spent("startup")
    assert found["cold"] is None
    assert None not in (found["dawnbench"], found["airbench"], found["strict"])


def test_a_rule_is_known_by_its_name() -> None:
    assert [known_rule(name) for name in RULES_BY_NAME] == list(RULES_BY_NAME.values())
    with pytest.raises(
        DawnbenchError,
        match=r"^there is no timing rule quick; the rules are dawnbench, airbench, strict, cold, inference$",
    ):
        known_rule("quick")


def test_two_rules_stop_at_the_target_and_an_unknown_one_does_not() -> None:
    assert [rule.name for rule in RULES if stops_at_target(rule.name)] == ["dawnbench", "cold"]
    assert not stops_at_target("quick")


SEGMENT = st.builds(
    Segment,
    name=st.sampled_from(sorted(SEGMENTS)),
    epoch=st.none() | st.integers(1, 5),
    start_ns=st.integers(-(10**12), 10**12),
    length_ns=st.integers(0, 10**12),
)
FINISHED = st.lists(SEGMENT).map(lambda segments: (*segments, Segment("final_evaluate", 5, 0, 1)))


@given(FINISHED, st.none() | st.integers(1, 5))
def test_strict_is_never_less_than_airbench(segments: tuple[Segment, ...], stop_after: int | None) -> None:
    found = times(segments, stop_after)
    assert found["strict"] is not None
    assert found["airbench"] is not None
    assert found["strict"] >= found["airbench"] >= 0


@given(FINISHED, st.integers(1, 4))
def test_reaching_the_target_later_never_takes_less_time(
    segments: tuple[Segment, ...], stop_after: int
) -> None:
    sooner, later = times(segments, stop_after), times(segments, stop_after + 1)
    for rule in ("dawnbench", "cold"):
        assert (sooner[rule] is None) == (later[rule] is None)
        assert (sooner[rule] or 0) <= (later[rule] or 0)


@given(FINISHED, st.integers(1, 5))
def test_cold_counts_at_least_what_dawnbench_counts(segments: tuple[Segment, ...], stop_after: int) -> None:
    found = times(segments, stop_after)
    if found["cold"] is not None:
        assert found["dawnbench"] is not None
        assert found["cold"] >= found["dawnbench"]


@given(FINISHED, st.none() | st.integers(1, 5))
def test_no_time_is_longer_than_what_was_spent(segments: tuple[Segment, ...], stop_after: int | None) -> None:
    for rule in RULES:
        seconds, spent = rule.seconds(segments, stop_after), rule.spent_seconds(segments)
        if seconds is not None:
            assert spent is not None
            assert seconds <= spent
