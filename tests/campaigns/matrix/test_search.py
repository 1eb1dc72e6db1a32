"""A search: Optuna's candidates, their seeds one after another, and what a resumed one does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.coordinator import run_campaign
from dawnbench.campaigns.matrix.file import CampaignPlan, load_campaign_file
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import Campaign, read_campaign
from tests.campaigns.matrix.pretended import Came, Pretended, Trial

pytest.importorskip("optuna")

FILE = """
recipes = ["quickstart"]
seeds = 3
devices = ["cpu"]

[search]
candidates = 20
accuracy = "94%"

[search.settings]
optimizer.momentum = {low = 0.5, high = 0.99}
"""


def plan(folder: Path, text: str = FILE) -> CampaignPlan:
    path = folder / "hunt.toml"
    path.write_text(text)
    return load_campaign_file(path, lambda _: None)


def search(
    folder: Path,
    trial: Trial,
    text: str = FILE,
    *,
    slots: int = 1,
    resuming: bool = False,
    interrupted_after: int | None = None,
    told: int | None = None,
    out: str = "out",
    study: Path | None = None,
) -> Pretended:
    executor = Pretended(trial, slots, interrupted_after)

    def ended(*_: object) -> None:
        if len(executor.ran) == told:
            raise KeyboardInterrupt

    run_campaign(
        plan(folder, text),
        folder / out,
        executor,
        retries=0,
        resuming=resuming,
        ended=ended,
        study=study,
    )
    return executor


def by_candidate(campaign: Campaign) -> dict[str, list[int]]:
    """Return the seeds that ran of each candidate."""
    found: dict[str, list[int]] = {}
    for request in campaign.record.requests:
        found.setdefault(" ".join(request.settings), []).append(request.seed)
    return found


def momentum(settings: dict[str, str]) -> float:
    return float(settings["optimizer.momentum"])


def faster_with_momentum(settings: dict[str, str], seed: int) -> Came:
    """Time falls with momentum, and accuracy too, from 0.8 on below what is asked for."""
    value = momentum(settings)
    noise = 0.001 * (seed - 1)
    return Came(3 - 2 * value + noise, 0.95 - max(0.0, value - 0.7) / 10 + noise)


def test_search_approaches_the_fastest_settings_that_are_accurate_enough(tmp_path: Path) -> None:
    search(tmp_path, faster_with_momentum, FILE.replace("candidates = 20", "candidates = 40"))
    campaign = read_campaign(tmp_path / "out")
    full = [float(name.split("=")[1]) for name, seeds in by_candidate(campaign).items() if len(seeds) == 3]
    assert max(value for value in full if value <= 0.8) > 0.75  # a random one of 40 exceeds it as well
    later = [float(name.split("=")[1]) for name in list(by_candidate(campaign))[20:]]
    assert sum(0.7 <= value <= 0.82 for value in later) > len(later) / 2


@pytest.mark.parametrize("slots", [1, 4])
def test_every_candidate_is_run_once_with_its_seeds_in_order(tmp_path: Path, slots: int) -> None:
    executor = search(tmp_path, lambda settings, seed: Came(1 + momentum(settings)), slots=slots)
    seeds = by_candidate(read_campaign(tmp_path / "out"))
    assert len(seeds) == 20
    assert all(found == list(range(len(found))) for found in seeds.values())
    assert set(Counter(executor.ran).values()) == {1}


def test_the_recipe_as_it_is_comes_first(tmp_path: Path) -> None:
    executor = search(tmp_path, faster_with_momentum)
    assert executor.ran[0] == "quickstart optimizer.momentum=0.9 seed 0 on cpu"


def test_a_candidate_that_is_not_accurate_enough_gets_no_more_seeds(tmp_path: Path) -> None:
    def trial(settings: dict[str, str], seed: int) -> Came:
        return Came(1.0, (0.96 if momentum(settings) > 0.7 else 0.5) + 0.001 * seed)

    search(tmp_path, trial)
    seeds = by_candidate(read_campaign(tmp_path / "out"))
    poor = [len(found) for name, found in seeds.items() if float(name.split("=")[1]) <= 0.7]
    good = [len(found) for name, found in seeds.items() if float(name.split("=")[1]) > 0.7]
    assert set(good) == {3}
    assert poor
    assert set(poor[1:]) <= {1}


def test_a_candidate_that_is_too_slow_gets_no_more_seeds(tmp_path: Path) -> None:
    def trial(settings: dict[str, str], seed: int) -> Came:
        return Came((1.0 if momentum(settings) > 0.7 else 5.0) + 0.001 * seed, 0.95)

    search(tmp_path, trial)
    seeds = by_candidate(read_campaign(tmp_path / "out"))
    slow = [len(found) for name, found in seeds.items() if float(name.split("=")[1]) <= 0.7]
    assert slow
    assert set(slow[1:]) <= {1}


def test_a_candidate_that_diverges_is_dropped(tmp_path: Path) -> None:
    executor = search(tmp_path, lambda settings, seed: Came(diverged=momentum(settings) > 0.8))
    seeds = by_candidate(read_campaign(tmp_path / "out"))
    assert len(seeds) == 20
    assert seeds["optimizer.momentum=0.9"] == [0]
    assert len(executor.ran) < 60


def test_a_candidate_that_cannot_be_run_does_not_end_the_search(tmp_path: Path) -> None:
    search(tmp_path, lambda settings, seed: Came(fails="no" if momentum(settings) > 0.8 else ""))
    campaign = read_campaign(tmp_path / "out")
    assert campaign.record.status == "finished"
    assert by_candidate(campaign)["optimizer.momentum=0.9"] == [0]
    assert Counter(len(seeds) for seeds in by_candidate(campaign).values())[3] > 5


@pytest.mark.parametrize(
    "stop", [{"interrupted_after": 0}, {"interrupted_after": 20}, {"told": 3}, {"told": 8}]
)
def test_a_resumed_search_goes_on_and_runs_nothing_twice(tmp_path: Path, stop: dict[str, int]) -> None:
    """Whether it stopped as a trial began, or between the record of a result and Optuna's hearing of it."""
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, faster_with_momentum, **stop)
    before = read_campaign(tmp_path / "out")
    finished = {str(one) for one in before.record.requests if before.result(one) is not None}
    executor = search(tmp_path, faster_with_momentum, resuming=True)
    campaign = read_campaign(tmp_path / "out")
    assert len(by_candidate(campaign)) == 20
    assert set(Counter(executor.ran).values()) == {1}
    assert not finished & set(executor.ran)
    assert all(campaign.result(request) is not None for request in campaign.record.requests)


def test_more_candidates_can_be_asked_for_later(tmp_path: Path) -> None:
    search(tmp_path, faster_with_momentum, FILE.replace("candidates = 20", "candidates = 5"))
    search(tmp_path, faster_with_momentum, FILE.replace("candidates = 20", "candidates = 8"), resuming=True)
    assert len(by_candidate(read_campaign(tmp_path / "out"))) == 8


def test_another_search_is_not_continued(tmp_path: Path) -> None:
    search(tmp_path, faster_with_momentum, FILE.replace("candidates = 20", "candidates = 3"))
    with pytest.raises(DawnbenchError, match=r"differs from that in .*out \(accuracy\); undo the change"):
        search(tmp_path, faster_with_momentum, FILE.replace("94%", "95%"), resuming=True)


def test_a_search_ends_when_every_combination_has_been_tried(tmp_path: Path) -> None:
    text = FILE.replace("{low = 0.5, high = 0.99}", "{choices = [0.8, 0.9]}")
    text += "batch_size = {choices = [64, 128]}\n"
    search(tmp_path, lambda settings, seed: Came(1.0 + momentum(settings)), text)
    campaign = read_campaign(tmp_path / "out")
    assert campaign.record.status == "finished"
    assert len(by_candidate(campaign)) == 4


def test_a_range_within_a_list_and_whole_numbers_reach_the_recipe(tmp_path: Path) -> None:
    text = FILE.replace("candidates = 20", "candidates = 6").replace(
        "optimizer.momentum = {low = 0.5, high = 0.99}",
        "schedule.rates = [0, {low = 0.1, high = 0.8, log = true}, 0]\nepochs = {low = 4, high = 8}",
    )
    executor = search(tmp_path, lambda settings, seed: Came(), text)
    assert executor.ran[0].startswith("quickstart schedule.rates=[0, 0.4, 0] epochs=8 seed 0")
    for request in read_campaign(tmp_path / "out").record.requests:
        settings = dict(setting.split("=", 1) for setting in request.settings)
        assert 4 <= int(settings["epochs"]) <= 8
        start, rate, end = json.loads(settings["schedule.rates"])
        assert (start, end) == (0, 0)
        assert 0.1 <= rate <= 0.8


def test_campaigns_share_a_search_through_a_file(tmp_path: Path) -> None:
    study, text = tmp_path / "shared.journal", FILE.replace("candidates = 20", "candidates = 12")
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, faster_with_momentum, text, out="one", study=study, told=9)
    other = search(tmp_path, faster_with_momentum, text, out="two", study=study)
    rest = search(tmp_path, faster_with_momentum, text, out="one", study=study, resuming=True)
    one, two = (by_candidate(read_campaign(tmp_path / name)) for name in ("one", "two"))
    assert not one.keys() & two.keys()
    assert len(one) + len(two) == 12
    assert len(two) > 5
    assert not {*other.ran} & {*rest.ran}
    assert not (tmp_path / "one/search.journal").exists()


def test_a_shared_search_is_resumed_with_its_file_and_is_one_search(tmp_path: Path) -> None:
    study, text = tmp_path / "shared.journal", FILE.replace("candidates = 20", "candidates = 2")
    search(tmp_path, faster_with_momentum, text, study=study)
    with pytest.raises(DawnbenchError, match=r"search.journal knows nothing of this search; name its file"):
        search(tmp_path, faster_with_momentum, text, resuming=True)
    with pytest.raises(DawnbenchError, match=r"shared.journal has another search; name another file"):
        search(tmp_path, faster_with_momentum, text.replace("94%", "95%"), out="two", study=study)
