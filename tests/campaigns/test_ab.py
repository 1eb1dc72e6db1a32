"""The order and the end of a campaign, with sessions that only write down what is asked of them."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.campaigns import SilentObserver, ab
from dawnbench.campaigns.startup import Startup
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import Recipe, find_recipe
from dawnbench.records.schema import PairingRecord

RECIPE = find_recipe("quickstart")
OTHER = replace(RECIPE, name="other", epochs=3)


class Noted:
    """A session that notes what is asked of it, and fails where it is told to."""

    journal: list[str]
    made: list[Noted]
    fails: dict[str, BaseException]

    def __init__(self, recipe: Recipe, _device: object, **options: Any) -> None:
        self.recipe, self.options = recipe, options
        self.side = options["pairing"].side
        self.samples: list[Any] = []
        self.status: str | None = None
        self._note("prepare")
        self.made.append(self)

    @property
    def folder(self) -> Path:
        return Path(self.side)

    def begin(self, _sampler: object) -> None:
        self._note("begin")

    def warm_up(self) -> None:
        self._note("warm up")

    def trial(self, number: int) -> None:
        self._note(f"trial {number}")

    def append_samples(self, samples: list[Any]) -> None:
        self.samples += samples

    def close(self, status: str) -> None:
        self.status = status

    def _note(self, what: str) -> None:
        self.journal.append(f"{self.side} {what}")
        if (error := self.fails.get(self.journal[-1])) is not None:
            raise error


@pytest.fixture(autouse=True)
def _noted_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    Noted.journal, Noted.made, Noted.fails = [], [], {}
    module = sys.modules[ab.__module__]  # of its package's attributes, `ab` is the function
    monkeypatch.setattr(module, "Session", Noted)
    monkeypatch.setattr(module, "open_sources", lambda _uuid: [])


def trials() -> list[str]:
    return [entry for entry in Noted.journal if "trial" in entry]


def test_both_are_ready_before_the_first_trial_of_either() -> None:
    ab(RECIPE, OTHER, pairs=1, device="cpu")
    assert Noted.journal == [
        *("A prepare", "B prepare", "A begin", "B begin", "A warm up", "B warm up"),
        *("A trial 1", "B trial 1"),
    ]


@pytest.mark.parametrize("pairs", [1, 2, 5])
def test_the_order_turns_with_every_pair(pairs: int) -> None:
    assert ab(RECIPE, OTHER, pairs=pairs, device="cpu") == (Path("A"), Path("B"))
    expected = [
        f"{side} trial {pair}" for pair in range(1, pairs + 1) for side in ("AB" if pair % 2 else "BA")
    ]
    assert trials() == expected


def test_each_side_is_first_as_often_as_the_other_give_or_take_one() -> None:
    ab(RECIPE, OTHER, pairs=7, device="cpu")
    first = [entry[0] for entry in trials()[::2]]
    assert first == list(itertools.islice(itertools.cycle("AB"), 7))


def test_each_side_gets_its_recipe_its_observer_and_what_the_two_share(tmp_path: Path) -> None:
    observers = (SilentObserver(), SilentObserver())
    ab(
        *(RECIPE, OTHER),
        pairs=4,
        device="cpu",
        seed=9,
        out=tmp_path,
        observers=observers,
        command=("dawnbench", "ab"),
    )
    a, b = Noted.made
    assert (a.recipe, b.recipe) == (replace(RECIPE, trials=4), replace(OTHER, trials=4))
    assert (a.options["observer"], b.options["observer"]) == observers
    for session in (a, b):
        shared = {name: session.options[name] for name in ("seed", "out", "command", "startup")}
        assert shared == {"seed": 9, "out": tmp_path, "command": ("dawnbench", "ab"), "startup": Startup()}
    campaign = a.options["pairing"].campaign
    assert [s.options["pairing"] for s in (a, b)] == [
        PairingRecord(campaign, "A"),
        PairingRecord(campaign, "B"),
    ]


def test_two_campaigns_are_told_apart() -> None:
    for _ in range(2):
        ab(RECIPE, OTHER, pairs=1, device="cpu")
    assert len({session.options["pairing"].campaign for session in Noted.made}) == 2


def test_the_telemetry_goes_to_both_sides() -> None:
    ab(RECIPE, OTHER, pairs=1, device="cpu")
    a, b = Noted.made
    assert a.samples
    assert a.samples == b.samples


def test_a_campaign_that_ends_well_is_finished_on_both_sides() -> None:
    ab(RECIPE, OTHER, pairs=2, device="cpu")
    assert [session.status for session in Noted.made] == ["finished", "finished"]


@pytest.mark.parametrize("side", "AB")
@pytest.mark.parametrize("step", ["prepare", "begin", "warm up", "trial 2"])
@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "interrupted"), (DawnbenchError("full"), "failed")]
)
def test_wherever_it_breaks_off_both_sides_are_closed_and_the_reason_is_passed_on(
    side: str, step: str, error: BaseException, status: str
) -> None:
    where = f"{side} {step}"
    Noted.fails = {where: error}
    with pytest.raises(type(error)) as passed_on:
        ab(RECIPE, OTHER, pairs=3, device="cpu")
    assert passed_on.value is error
    assert [session.status for session in Noted.made] == [status] * len(Noted.made)
    assert Noted.journal[-1] == where, "nothing is run after it"


def test_a_device_that_is_not_there_is_told_before_anything_is_prepared() -> None:
    with pytest.raises(DawnbenchError, match="device 'tpu' is unknown"):
        ab(RECIPE, OTHER, pairs=1, device="tpu")
    assert Noted.journal == []
