"""The table [search] of a campaign file: what it asks for, and the sentence of each mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dawnbench.campaigns.matrix.file import CampaignFileError, PlannedSearch, load_campaign_file
from dawnbench.records.search import Parameter

Write = Callable[[str], Path]

HEAD = 'recipes = ["quickstart"]\nseeds = 3\n'
MOMENTUM = "optimizer.momentum = {low = 0.5, high = 0.95}"


def text(settings: str, search: str = "candidates = 4", head: str = HEAD) -> str:
    return f"{head}\n[search]\n{search}\n\n[search.settings]\n{settings}\n"


def load(path: Path) -> PlannedSearch:
    found = load_campaign_file(path, lambda _recipes: None).search
    assert found is not None
    return found


def test_the_search_of_the_docs_is_valid(write_file: Write) -> None:
    page = (Path(__file__).parents[3] / "docs/campaigns.md").read_text()
    (example,) = (block.partition("```")[0] for block in page.split("```toml\n") if "[search]" in block[:900])
    found = load(write_file(example))
    assert [one.name for one in found.record.parameters] == [
        *("optimizer.momentum", "epochs", "schedule.rates[1]", "batch_size")
    ]
    assert found.first == {
        **{"optimizer.momentum": 0.9, "epochs": 8, "schedule.rates[1]": 0.4},
        "batch_size": "128",
    }


def test_what_is_left_out_is_the_recipes_own(write_file: Write) -> None:
    found = load(write_file(text(MOMENTUM)))
    assert (found.record.rule, found.record.accuracy, found.record.device) == ("dawnbench", 0.97, "auto")
    assert found.record.seeds == (0, 1, 2)
    assert found.first == {"optimizer.momentum": 0.9}


def test_all_kinds_of_parameters(write_file: Write) -> None:
    settings = (
        "optimizer.weight_decay = {low = 1e-5, high = 1e-3, log = true}\n"
        "epochs = {low = 4, high = 8, step = 2}\n"
        "model.widths = {choices = [[8, 16, 32, 64], [16, 32, 64, 128]]}\n"
        "precision = {choices = ['fp32', 'bf16']}\n"
        "label_smoothing = {low = 0, high = 0.9}\n"
        "schedule.rates = [0, {low = 0.1, high = 1}, 0]"
    )
    found = load(write_file(text(settings, head=HEAD + "[settings]\noptimizer.nesterov = true")))
    decay, epochs, widths, precision, smoothing, rate = found.record.parameters
    assert (decay.log, decay.whole, epochs.step, epochs.whole) == (True, False, 2, True)
    assert widths.choices == ("[8, 16, 32, 64]", "[16, 32, 64, 128]")
    assert precision.choices == ("fp32", "bf16")
    assert not smoothing.whole
    assert (rate.name, rate.places) == ("schedule.rates[1]", (1,))
    values = {
        decay.name: 2.00000049e-5,
        epochs.name: 6,
        widths.name: widths.choices[0],
        precision.name: "bf16",
        smoothing.name: 0.123456789,
        rate.name: 0.5,
    }
    candidate = found.record.filled(values)
    assert candidate == (
        "optimizer.nesterov=true",
        "optimizer.weight_decay=2e-05",
        "epochs=6",
        "model.widths=[8, 16, 32, 64]",
        "precision=bf16",
        "label_smoothing=0.123457",
        "schedule.rates=[0, 0.5, 0]",
    )
    assert found.record.values(candidate) == values | {decay.name: 2e-5, smoothing.name: 0.123457}
    assert found.first is None  # precision is auto


def test_a_rounded_number_stays_within_its_range() -> None:
    narrow = Parameter("optimizer.momentum", low=0.12345678, high=0.12345679)
    assert 0.12345678 <= float(narrow.written(0.123456785)) <= 0.12345679


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text(MOMENTUM, ""), "search: candidates is missing; write candidates = 40"),
        (
            text(MOMENTUM, "candidates = 4\nseeds = 2"),
            "search: unknown key 'seeds'; it takes candidates, accuracy, rule, settings",
        ),
        (
            text(MOMENTUM, "candidates = 4\nrule = 'cold'"),
            "search: rule='cold' is not one of dawnbench, airbench, strict",
        ),
        (
            text(MOMENTUM, "candidates = 4\naccuracy = 94"),
            "search: accuracy='94' is not an accuracy between 0 and 100 %; write 94 percent as 94% or 0.94",
        ),
        (
            text("optimizer.momentum = {low = 0.5, high = 1.5}"),
            "search: quickstart: optimizer.momentum=1.5 must be ",
        ),
        (
            text("optimizer.momentun = {low = 0.5, high = 0.9}"),
            "search: quickstart: recipe quickstart has no key 'optimizer.momentun'; did you mean "
            "optimizer.momentum?",
        ),
        (text("optimizer.momentum = {low = 0.9, high = 0.5}"), "search: optimizer.momentum must have low < "),
        (
            text("optimizer.momentum = {low = 0.5}"),
            "search: optimizer.momentum needs a low and a high end that are numbers; write {low = 0.5, high",
        ),
        (
            text("optimizer.momentum = {low = 0, high = 0.9, log = true}"),
            "search: optimizer.momentum: log is true or false, and needs low > 0 and no step",
        ),
        (
            text("optimizer.momentum = {low = 0.5, high = 0.9, step = 1}"),
            "search: optimizer.momentum: step=1 must lie between 0 and high - low",
        ),
        (
            text("optimizer.momentum = {low = 0.5, high = 0.9, lgo = true}"),
            "search: optimizer.momentum has the unknown key 'lgo'; write {low",
        ),
        (text("batch_size = {choices = [64]}"), "search: batch_size needs at least two choices; write "),
        (text("batch_size = {choices = [64, 0]}"), "search: quickstart: batch_size=0 must be at least 1"),
        (text("batch_size = 64"), "search: batch_size has nothing to search; write {low"),
        (
            text(MOMENTUM, head=HEAD + "[settings]\noptimizer.momentum = 0.9"),
            "optimizer.momentum is both in settings and in search.settings; keep one of them",
        ),
        (
            text(MOMENTUM, head=HEAD + "[settings]\nbatch_size = [64, 128]"),
            "a search compares times, so it takes one combination of settings, not 2",
        ),
        (
            text(MOMENTUM, head='recipes = ["quickstart", "mnist"]'),
            "a search compares times, so it takes one recipe, not 2",
        ),
        (
            text(MOMENTUM, head=HEAD + 'devices = ["cpu", "cuda:0"]'),
            "a search compares times, so it takes one device, not 2",
        ),
        (text("trials = {low = 1, high = 3}"), "search: trials cannot be set: each request is one trial"),
    ],
)
def test_a_mistake_is_one_sentence(write_file: Write, content: str, said: str) -> None:
    with pytest.raises(CampaignFileError) as caught:
        load(write_file(content))
    (mistake,) = caught.value.mistakes
    assert mistake.partition(".toml: ")[2].startswith(said)


def test_all_mistakes_are_said_at_once(write_file: Write) -> None:
    path = write_file(
        text("batch_size = {choices = [64]}\nepochs = {low = 8, high = 4}", "candidates = 4\nrule='x'")
    )
    with pytest.raises(CampaignFileError) as caught:
        load(path)
    assert len(caught.value.mistakes) == 3
