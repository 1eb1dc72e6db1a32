"""Timing rules: which of a ledger's segments a benchmark's clock counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dawnbench.errors import DawnbenchError
from dawnbench.records.inference import RunKind
from dawnbench.records.schema import Segment

SEGMENTS = frozenset(
    {
        "startup",  # from the start of the process to the start of the run: Python, imports
        "load",  # files to uint8 pixels in host memory
        "build",  # the model's modules
        "compile",  # compilation and warm-up on random pixels
        "to_device",  # the pixels to the device, resized if the recipe asks for it
        "reset",  # fresh weights from the trial's seed
        "init",  # the optimizer, and whatever is fitted to the training images before the first step
        "train",
        "evaluate",
        "record",  # describing the machine; writing each epoch to the run folder and the screen
        "checkpoint",  # writing the model, or all of a trial's state, to a file
        "final_evaluate",  # the last epoch's evaluation
        "infer",  # all test images one at a time, each from host memory to its answer in host memory
        "throughput",  # the same images in larger batches
    }
)


@dataclass(frozen=True)
class TimingRule:
    """A benchmark's clock as a predicate over segments."""

    name: str
    counted: frozenset[str]
    stops_at_target: bool
    required: frozenset[str]
    """Segments without which the rule gives no time: the trial ended early, or its start was not seen."""
    source: str
    """Where the rule is written down."""

    def seconds(self, segments: Iterable[Segment], stop_after: int | None) -> float | None:
        """Return the time in seconds.

        `stop_after` is the first epoch that reached the target, None if none did. The result is None if the
        rule stops at the target and it was not reached, or if a required segment is missing.
        """
        segments = tuple(segments)
        if not self.required <= {segment.name for segment in segments}:
            return None
        if self.stops_at_target and stop_after is None:
            return None
        length_ns = sum(
            segment.length_ns
            for segment in segments
            if segment.name in self.counted and not self._too_late(segment, stop_after)
        )
        return length_ns / 1e9

    def spent_seconds(self, segments: Iterable[Segment]) -> float | None:
        """Return what the clock counted up to the trial's end, whether the target was reached or not.

        None if the clock's start was not seen.
        """
        segments = tuple(segments)
        if "startup" in self.required and all(segment.name != "startup" for segment in segments):
            return None
        return sum(segment.length_ns for segment in segments if segment.name in self.counted) / 1e9

    def _too_late(self, segment: Segment, stop_after: int | None) -> bool:
        if not self.stops_at_target or segment.epoch is None or stop_after is None:
            return False
        return segment.epoch > stop_after


RULES = (
    TimingRule(
        name="dawnbench",
        counted=frozenset({"to_device", "build", "reset", "init", "train"}),
        stops_at_target=True,
        required=frozenset({"train"}),
        source="DAWNBench's FAQ, issue 21 of its repository, and the accepted DavidNet entry",
    ),
    TimingRule(
        name="airbench",
        counted=frozenset({"init", "train", "final_evaluate"}),
        stops_at_target=False,
        required=frozenset({"final_evaluate"}),
        source="airbench94; the claim is about the mean accuracy of many trials",
    ),
    TimingRule(
        name="strict",
        counted=frozenset({"to_device", "reset", "init", "train", "final_evaluate"}),
        stops_at_target=False,
        required=frozenset({"final_evaluate"}),
        source="everything a trial does except the evaluations between epochs",
    ),
    TimingRule(
        name="cold",
        counted=SEGMENTS,
        stops_at_target=True,
        required=frozenset({"startup", "train"}),
        source="how long a person waits, from the start of the process to the target",
    ),
)

"""Those of a training, in the order in which they are shown."""

INFERENCE = TimingRule(
    name="inference",
    counted=frozenset({"infer"}),
    stops_at_target=False,
    required=frozenset({"infer"}),
    source="DAWNBench's inference rule: the total over all test images, answered one at a time",
)

RULES_BY_NAME = {rule.name: rule for rule in (*RULES, INFERENCE)}


def known_rule(name: str) -> TimingRule:
    """Return the rule of that name.

    Raises:
        DawnbenchError: there is none.
    """
    if name not in RULES_BY_NAME:
        raise DawnbenchError(f"there is no timing rule {name}; the rules are {', '.join(RULES_BY_NAME)}")
    return RULES_BY_NAME[name]


def rule_for(kind: RunKind, asked: str | None = None) -> str:
    """Return the name of the rule that a run of this kind is read by: the one asked for, or the usual one."""
    if asked is not None:
        return asked
    return INFERENCE.name if kind == "inference" else RULES[0].name


def suiting_rule(kind: RunKind, rule: str) -> str:
    """Return a rule, or the usual one of a kind of run if no run of that kind reports it."""
    return rule if is_per_image(rule) == (kind == "inference") else rule_for(kind)


def is_per_image(rule: str) -> bool:
    """Return whether figures under a rule are those of one image rather than of a whole trial."""
    return rule == INFERENCE.name


def shares_start(rule: str) -> bool:
    """Return whether a rule counts the start-up that all trials of a run share.

    Times of one run under such a rule are not independent: they move together from run to run.
    """
    return rule in RULES_BY_NAME and "startup" in RULES_BY_NAME[rule].counted


def stops_at_target(rule: str) -> bool:
    """Return whether the clock of the named rule stops at the target; False for an unknown rule."""
    return rule in RULES_BY_NAME and RULES_BY_NAME[rule].stops_at_target


def times(segments: Iterable[Segment], stop_after: int | None) -> dict[str, float | None]:
    """Return the seconds of a training under every rule, by rule name."""
    segments = tuple(segments)
    return {rule.name: rule.seconds(segments, stop_after) for rule in RULES}
