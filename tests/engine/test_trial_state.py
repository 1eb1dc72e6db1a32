from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from dawnbench.engine.hooks import EpochResult, Hook, Progress
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from tests.engine.fakes import Listener, World, results_of
from tests.engine.small import small

pytestmark = pytest.mark.usefixtures("one_thread")

NAMES = ("davidnet-10", "mnist-5", "davidnet-onecycle", "speedrun")
SEED = 3


def begin(prepared: Prepared, seed: int, *hooks: Hook) -> tuple[Trial, list[EpochResult]]:
    """Return a trial at its beginning, and the list that its results come into."""
    listener = Listener()
    return Trial(prepared, seed, Ledger(prepared.device), (listener, *hooks)), listener.results


def train(trial: Trial, epochs: int) -> None:
    for _ in range(epochs):
        trial.train_epoch()
        trial.evaluate()
        trial.end_epoch()


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state as a file that may hold no code gives it back."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_trial_that_is_gone_on_with_elsewhere_gives_what_it_would_have_given(name: str, after: int) -> None:
    whole = results_of(small(name), SEED)
    trial, results = begin(small(name), SEED)
    train(trial, after)
    state = through_a_file(trial.state_dict())
    assert results == whole[:after]

    elsewhere = small(name)
    results_of(elsewhere, SEED + 1)  # which leaves weights, momentum and averages of its own
    torch.manual_seed(99)
    trial, results = begin(elsewhere, SEED + 2)
    trial.load_state_dict(state)
    assert trial.epoch == after
    trial.run()
    assert results == whole[after:]


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_that_was_saved_in_the_middle_of_an_epoch_gives_what_it_would_have_given(name: str) -> None:
    whole = results_of(small(name), SEED)

    class Saved(Hook):
        segment = "checkpoint"  # as a checkpoint it comes last
        state: dict[str, Any] | None = None

        def after_step(self, trial: Progress, step: int) -> None:
            if self.state is None and trial.epoch == 1 and trial.is_within_epoch:
                self.state = through_a_file(trial.state_dict())

    saved = Saved()
    trial, results = begin(small(name), SEED, saved)
    trial.run()
    assert results == whole
    assert saved.state is not None

    elsewhere = small(name)
    results_of(elsewhere, SEED + 1)
    torch.manual_seed(99)
    trial, results = begin(elsewhere, SEED + 2, Saved())
    trial.load_state_dict(saved.state)
    trial.run()
    assert results == whole[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_state_stays_what_it_was_while_its_trial_goes_on(name: str) -> None:
    """So that a trial can be taken back to an earlier epoch, as pruning by the lottery ticket does."""
    trial, results = begin(small(name), SEED)
    train(trial, 1)
    state = trial.state_dict()
    trial.run()
    first = list(results)
    results.clear()
    trial.load_state_dict(state)
    trial.run()
    assert results == first[1:]


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_can_be_taken_back_to_its_beginning(name: str) -> None:
    trial, results = begin(small(name), SEED)
    state = trial.state_dict()
    trial.run()
    first = list(results)
    results.clear()
    trial.load_state_dict(state)
    trial.run()
    assert results == first


def leaves(value: Any) -> Iterator[Any]:
    assert type(value) in (dict, list, torch.Tensor, int, float, str), value
    if isinstance(value, dict):
        assert all(type(key) is str for key in value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@pytest.mark.parametrize("name", NAMES)
def test_a_state_is_tensors_numbers_and_text(name: str) -> None:
    trial, _ = begin(small(name), SEED)
    train(trial, 1)
    found = list(leaves(trial.state_dict()))
    assert len(found) > 10
    assert not any(leaf.requires_grad for leaf in found if torch.is_tensor(leaf))


class Counter(Hook):
    """A guest with a state of its own."""

    def __init__(self) -> None:
        self.count = 0

    def trial_began(self, trial: Trial) -> None:
        self.count = 0

    def after_step(self, trial: Trial, step: int) -> None:
        self.count += 1

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


def test_a_guest_goes_on_from_its_own_state() -> None:
    counter = Counter()
    trial, _ = begin(World(epochs=2).prepared(), SEED, counter)
    train(trial, 1)
    state = through_a_file(trial.state_dict())
    again = Counter()
    trial, _ = begin(World(epochs=2).prepared(), SEED, again)
    assert again.count == 0
    trial.load_state_dict(state)
    trial.run()
    assert again.count == 2 * counter.count == 6


def test_a_trial_that_is_gone_on_with_counts_its_steps_from_where_it_was() -> None:
    trial, _ = begin(World(epochs=2).prepared(), SEED)
    train(trial, 1)
    state, listener = trial.state_dict(), Listener()
    trial = Trial(World(epochs=2).prepared(), SEED, Ledger(World().device), (listener,))
    trial.load_state_dict(state)
    trial.run()
    assert listener.steps == [4, 5, 6]
    assert [result.epoch for result in listener.results] == [2]


def test_the_state_of_a_trial_with_other_guests_is_refused() -> None:
    trial, _ = begin(World().prepared(), SEED, Counter())
    state = trial.state_dict()
    other, _ = begin(World().prepared(), SEED)
    with pytest.raises(DawnbenchError, match="has 3 hooks, including the trial's own, but this trial has 2"):
        other.load_state_dict(state)
