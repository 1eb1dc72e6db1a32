from __future__ import annotations

import torch
from torch import Tensor

from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.records.rules import RULES, times
from dawnbench.records.schema import Segment
from tests.engine.fakes import STEPS, FakeDevice, World, results_of
from tests.engine.small import small


class Guest(Hook):
    """Says when it is told of something, and takes its time."""

    def __init__(self, name: str, device: FakeDevice, segment: str = "record", takes_ns: int = 0) -> None:
        self.segment = segment
        self.told: list[tuple[str, int]] = []
        self._name, self._device, self._takes_ns = name, device, takes_ns

    def trial_began(self, trial: Trial) -> None:
        self._happened("began", 0)

    def after_step(self, trial: Trial, step: int) -> None:
        self._happened("step", step)

    def after_epoch(self, trial: Trial, result: EpochResult) -> None:
        self._happened("epoch", result.epoch)

    def _happened(self, what: str, number: int) -> None:
        self.told.append((what, number))
        self._device.happened(f"{self._name}: {what}", self._takes_ns)


def run(world: World, *hooks: Hook) -> tuple[Segment, ...]:
    ledger = Ledger(world.device)
    Trial(world.prepared(), 0, ledger, hooks).run()
    return ledger.segments()


def test_a_guest_is_told_of_the_trials_begin_of_each_step_and_of_each_epoch() -> None:
    world = World(epochs=2)
    guest = Guest("guest", world.device)
    run(world, guest)
    assert guest.told == [
        ("began", 0),
        *(("step", step) for step in (1, 2, 3)),
        ("epoch", 1),
        *(("step", step) for step in (4, 5, 6)),
        ("epoch", 2),
    ]


def test_a_guest_is_told_in_the_segment_that_its_work_belongs_to() -> None:
    world = World(epochs=1)
    segments = run(world, Guest("guest", world.device, takes_ns=1000))
    lengths = {segment.name: segment.length_ns for segment in segments}
    assert lengths == {
        "to_device": 6,
        "reset": 7,
        "init": 5 + 1000,
        "train": STEPS * (10 + 1000),
        "final_evaluate": 10,
        "record": 1000,
    }


def test_a_guest_with_a_segment_of_its_own_gets_it_after_the_record() -> None:
    world = World(epochs=2)
    guests = Guest("writer", world.device, "checkpoint", 500), Guest("recorder", world.device)
    segments = run(world, *guests)
    own = [(segment.name, segment.epoch) for segment in segments if segment.epoch is not None]
    assert own == [
        *(("train", 1), ("evaluate", 1), ("record", 1), ("checkpoint", 1)),
        *(("train", 2), ("final_evaluate", 2), ("record", 2), ("checkpoint", 2)),
    ]
    assert [segment.length_ns for segment in segments if segment.name == "checkpoint"] == [500, 500]


def test_guests_of_one_segment_share_it_and_come_in_their_order() -> None:
    world = World(epochs=1)
    guests = [
        Guest(name, world.device, segment)
        for name, segment in (("a", "checkpoint"), ("b", "record"), ("c", "checkpoint"), ("d", "record"))
    ]
    segments = run(world, *guests)
    assert [segment.name for segment in segments].count("checkpoint") == 1
    end = world.device.journal.index("evaluate")
    assert world.device.journal[end:] == [
        *("evaluate", "mark"),
        *("mark", "b: epoch", "d: epoch", "observe", "mark"),
        *("mark", "a: epoch", "c: epoch", "mark"),
    ]


def test_without_such_guests_there_is_no_further_segment() -> None:
    assert "checkpoint" not in {segment.name for segment in run(World())}


def test_no_rule_but_the_one_from_the_processs_start_counts_a_checkpoint() -> None:
    startup = Segment("startup", None, -1, 1)
    quick, slow = (
        (startup, *run(world, Guest("writer", world.device, "checkpoint")))
        for world in (World(epochs=2), World(epochs=2))
    )
    slow = tuple(
        Segment(s.name, s.epoch, s.start_ns, s.length_ns + (10**9 if s.name == "checkpoint" else 0))
        for s in slow
    )
    before, after = times(quick, 2), times(slow, 2)
    assert {rule.name for rule in RULES if before[rule.name] != after[rule.name]} == {"cold"}
    assert after["cold"] - before["cold"] == 2


class Mask(Hook):
    """Keeps some weights at zero, as pruning does."""

    def __init__(self, prepared: Prepared, seed: int = 0) -> None:
        draws = torch.Generator().manual_seed(seed)
        self._pairs = [
            (p, torch.rand(p.shape, generator=draws) < 0.5)
            for p in prepared.model.parameters()
            if p.dim() > 1
        ]
        self._zero: list[Tensor] = [mask for _, mask in self._pairs]

    def trial_began(self, trial: Trial) -> None:
        self._apply()

    def after_step(self, trial: Trial, step: int) -> None:
        self._apply()

    @torch.no_grad()
    def _apply(self) -> None:
        for parameter, mask in self._pairs:
            parameter.masked_fill_(mask, 0)

    def holds(self, parameters: list[Tensor]) -> bool:
        """Return whether all masked weights are zero, and some of the others are not."""
        return all(
            not parameter[mask].any() and bool(parameter[~mask].any())
            for parameter, mask in zip(parameters, self._zero, strict=True)
        )


def weights(model: torch.nn.Module) -> list[Tensor]:
    return [p.detach() for p in model.parameters() if p.dim() > 1]


def test_a_mask_on_the_weights_is_a_guest() -> None:
    prepared = small("davidnet")
    mask = Mask(prepared)
    masked, plain = results_of(prepared, 0, (mask,)), results_of(small("davidnet"))
    assert mask.holds(weights(prepared.model))
    assert [a.train_loss for a in masked] != [b.train_loss for b in plain]


def test_a_mask_holds_in_the_average_that_is_evaluated() -> None:
    """A guest acts before the recipe's own average takes the weights in."""
    prepared = small("davidnet-10")
    mask = Mask(prepared)
    results_of(prepared, 0, (mask,))
    assert prepared.evaluated is not prepared.model
    assert mask.holds(weights(prepared.evaluated))


def test_a_mask_holds_where_weights_are_drawn_back_onto_their_average() -> None:
    prepared = small("davidnet", 'average={"kind": "lookahead", "last_steps": 3, "every": 1}')
    mask = Mask(prepared)
    results_of(prepared, 0, (mask,))
    assert mask.holds(weights(prepared.evaluated))
