"""What a campaign file may say, and which sentence a mistake gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.file import CampaignFileError, CampaignPlan, load_campaign_file
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import RunRequest

Write = Callable[[str], Path]


def load(path: Path) -> CampaignPlan:
    return load_campaign_file(path, lambda _recipes: None)


def mistakes(path: Path) -> list[str]:
    with pytest.raises(CampaignFileError) as caught:
        load(path)
    assert all(mistake.startswith(f"{path}: ") for mistake in caught.value.mistakes)
    return [mistake.removeprefix(f"{path}: ") for mistake in caught.value.mistakes]


def test_every_combination_is_a_request_one_seed_after_the_other(write_file: Write) -> None:
    plan = load(
        write_file(
            'recipes = "davidnet"\nseeds = [4, 2]\ndevices = ["cpu", "cuda:1"]\n'
            "[settings]\nepochs = 2\noptimizer.momentum = [0.8, 0.9]\n"
        )
    )
    assert plan.name == "nightly"
    assert len(plan.requests) == len({request.id for request in plan.requests}) == 8
    assert plan.requests[1] == RunRequest("davidnet", ("epochs=2", "optimizer.momentum=0.9"), 4, "cpu")
    assert [request.seed for request in plan.requests] == [4] * 4 + [2] * 4


def test_a_number_of_seeds_counts_from_0_and_the_device_is_auto(write_file: Write) -> None:
    plan = load(write_file('name = "short"\nrecipes = ["davidnet", "speedrun"]\nseeds = 2'))
    assert plan.name == "short"
    assert [(one.recipe, one.seed, one.device) for one in plan.requests] == [
        ("davidnet", 0, "auto"),
        ("speedrun", 0, "auto"),
        ("davidnet", 1, "auto"),
        ("speedrun", 1, "auto"),
    ]


def test_a_list_in_a_list_and_a_whole_part_are_one_value(write_file: Write) -> None:
    plan = load(
        write_file(
            'recipes = ["davidnet"]\n[settings]\nmodel.widths = [[8, 8, 8, 8], [4, 4, 4, 4]]\n'
            'average = {kind = "exponential"}\n'
        )
    )
    assert [one.settings for one in plan.requests] == [
        ("model.widths=[8, 8, 8, 8]", 'average={"kind": "exponential"}'),
        ("model.widths=[4, 4, 4, 4]", 'average={"kind": "exponential"}'),
    ]


def test_equal_requests_have_equal_ids_and_run_once(write_file: Write) -> None:
    assert len(load(write_file('recipes = ["davidnet", "davidnet"]\nseeds = [1, 1]')).requests) == 1
    request = RunRequest("davidnet", ("a=1", "b=2"), 3, "cpu")
    assert request.id == RunRequest("davidnet", ("b=2", "a=1"), 3, "cpu").id == "290fdea22fd5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("recipes = [", "it is not TOML"),
        ("seeds = 3", 'recipes is missing; write recipes = ["quickstart"]'),
        ('recipes = ["davidnet"]\nseed = 3', "unknown key 'seed'; did you mean seeds?"),
        ('recipes = ["davidnet"]\nzzz = 3', "unknown key 'zzz'; it takes name, recipes, seeds"),
        ('recipes = ["davidnett"]', "there is no recipe 'davidnett'; did you mean davidnet?"),
        ('recipes = ["mnist-ladder"]', "mnist-ladder is a series"),
        ("recipes = []", "recipes=[] is invalid: value should have at least 1 item"),
        ("recipes = [3]", "recipes=3 is invalid: it should be a valid string"),
        ('recipes = ["davidnet"]\nseeds = 0', "seeds=0 is invalid: must lie between 1 and 20000"),
        ('recipes = ["davidnet"]\nseeds = true', "seeds=true is invalid: it should be a valid list"),
        (
            'recipes = ["davidnet"]\nseeds = [-1]',
            "seeds=-1 is invalid: it should be greater",
        ),
        ('recipes = ["davidnet"]\ndevices = ["gpu"]', "device 'gpu' is unknown; use auto, cpu, cuda"),
        ('recipes = ["davidnet"]\nname = "../x"', 'name="../x" is invalid: must be made of letters'),
        (
            'recipes = ["davidnet"]\n[settings]\noptimizer.momentun = 0.9',
            "davidnet: recipe davidnet has no key 'optimizer.momentun'; did you mean optimizer.momentum?",
        ),
        ('recipes = ["davidnet"]\n[settings]\nepochs = [2, 0]', "davidnet: epochs=0 must be at least 1"),
        ('recipes = ["davidnet"]\n[settings]\ntrials = 3', "trials cannot be set: each request is one"),
        ('recipes = ["davidnet"]\n[settings]\nepochs = []', "settings: epochs has no values"),
        (
            'recipes = ["davidnet"]\n[settings]\nepochs = 2026-01-01',
            "epochs has a value that is not a",
        ),
        (
            'recipes = ["davidnet", "speedrun"]\nseeds = 20000',
            "it asks for 40,000 trials; a campaign has",
        ),
    ],
)
def test_a_mistake_gets_one_sentence(write_file: Write, text: str, said: str) -> None:
    (mistake,) = mistakes(write_file(text))
    assert said in mistake


def test_every_mistake_is_told(write_file: Write) -> None:
    said = mistakes(write_file('recipes = ["davidnet"]\nseed = 3\nname = 4'))
    assert len(said) == 2
    said = mistakes(write_file('recipes = ["davidnet"]\n[settings]\nepochs = [0, 2]\nbatch_sise = [1, 2]'))
    assert len(said) == 2  # each once, whatever the combinations


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"cannot read the campaign file .*gone.toml: No such file"):
        load(tmp_path / "gone.toml")


def test_a_recipe_file_is_told_of_before_its_code_runs(write_file: Write, tmp_path: Path) -> None:
    events: list[object] = []
    (tmp_path / "own").mkdir()
    (tmp_path / "own/mine.py").write_text(
        "from pathlib import Path\nfrom dawnbench.recipes import find_recipe\n"
        "Path(__file__).with_name('ran').touch()\nrecipe = find_recipe('davidnet')\n"
    )
    path = write_file('recipes = ["own/mine.py"]')
    plan = load_campaign_file(
        path, lambda names: events.append((list(names), (tmp_path / "own/ran").exists()))
    )
    assert events == [(["own/mine.py"], False)]
    assert (tmp_path / "own/ran").exists()
    assert plan.requests == (RunRequest("own/mine.py"),)
    assert plan.recipes["own/mine.py"].startswith(b"from pathlib")


def test_the_file_in_the_documentation_is_one(write_file: Write) -> None:
    page = (Path(__file__).parents[3] / "docs/campaigns.md").read_text()
    text = page.partition("```toml\n")[2].partition("```")[0]
    plan = load(write_file(text))
    assert (plan.name, len(plan.requests)) == ("momentum", 15)
    commented = text.replace("# model.widths = [[64, 128], [32, 64]]       a", "# a").replace(
        "# average", "average"
    )
    assert len(load(write_file(commented.replace("  a whole part", "  # a whole part"))).requests) == 15


@pytest.mark.parametrize("name", ["../mine.py", "/tmp/mine.py", "link.py", "a/../../mine.py"])
def test_no_recipe_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "mine.py").write_text("raise SystemExit('it ran')")
    (inner / "link.py").symlink_to(tmp_path / "mine.py")
    (inner / "file.toml").write_text(f'recipes = ["{name}"]')
    (mistake,) = mistakes(inner / "file.toml")
    assert mistake == f"the recipe {name} is outside the campaign file's folder; copy it there"
