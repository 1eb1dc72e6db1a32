"""Prices: one set of options for all verbs, and the same cost wherever it is shown."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from dawnbench.cli import main
from dawnbench.cli.configuration import configuration_path
from dawnbench.records.prices import Prices
from dawnbench.records.reader import read_run
from tests.cli.conftest import Finished, only_run, small_run
from tests.cli.made_runs import invoke, made_run, trial, words

VERBS = ("run", "ab", "report", "site", "show", "compare", "export")
OPTIONS = ("cost_per_hour", "price_per_kwh", "grams_per_kwh")
HALF_HOUR = 1800.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of half an hour on a device with a configured price; one recorded another price."""
    monkeypatch.chdir(tmp_path)
    made_run(Path("runs/plain"), [trial(1, HALF_HOUR), trial(2, HALF_HOUR)])
    recorded = Prices(cost_per_hour=6.0)
    made_run(Path("runs/recorded"), [trial(1, HALF_HOUR, epochs=None), trial(2, HALF_HOUR)], prices=recorded)
    path = configuration_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('[cost]\n"*H200" = 4\n')


def command(verb: str) -> click.Command:
    found = main.get_command(click.Context(main), verb)
    assert found is not None
    return found


@pytest.mark.parametrize("option", OPTIONS)
def test_every_verb_takes_the_same_prices(option: str) -> None:
    said = set()
    for verb in VERBS:
        (found,) = (one for one in command(verb).params if one.name == option)
        assert isinstance(found, click.Option)
        said.add(found.help)
    assert len(said) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_price_below_zero_is_refused_before_anything_is_done(verb: str) -> None:
    names = {"site": 0, "compare": 2}.get(verb, 1) * ["nothing"]
    code, shown, errors = invoke(verb, *names, *export(verb), "--cost-per-hour=-1")
    assert (code, shown) == (2, "")
    assert errors == "dawnbench: the cost per hour is -1.0; give a number of 0 or more\n"


def export(verb: str) -> list[str]:
    return ["--format", "json"] if verb == "export" else []


@pytest.mark.usefixtures("here")
def test_what_is_given_wins_over_what_was_recorded_and_that_over_the_configuration() -> None:
    for run, given, cost in (
        ("plain", (), "$2.00 at $4.00"),
        # One of two trials reached the target, so twice the time is expected.
        ("recorded", (), "$6.00 at $6.00"),
        ("recorded", ("--cost-per-hour", "1"), "$1.00 at $1.00"),
        ("plain", ("--cost-per-hour", "0"), "$0.00 at $0.00"),
    ):
        said = f"Cost to target under dawnbench: {cost} per hour."
        assert said in words(invoke("show", f"runs/{run}", *given)[1])
        assert f"- {said}" in invoke("report", f"runs/{run}", "-o", "-", *given)[1].replace("\\", "")


@pytest.mark.usefixtures("here")
def test_a_report_and_its_page_show_cost_and_energy() -> None:
    assert invoke("report", "runs/recorded")[0] == 0
    text = Path("runs/recorded/report.md").read_text()
    header = next(line for line in text.splitlines() if line.startswith("| Trial |"))
    assert header.endswith("| Energy to target | Cost by dawnbench |")
    assert "- Prices given: $6.00 per hour" in text
    assert "- Energy to target under dawnbench: 1330 J." in text
    assert "Energy to target and Cost by dawnbench of trial 1: the target was not reached." in text
    page = Path("runs/recorded/report.html").read_text().replace("&nbsp;", " ")
    assert "Cost by dawnbench" in page
    assert ">$3.00</td>" in page
    assert "<dt>Cost to target</dt><dd><strong>$6.00</strong>" in page
    assert "Energy to target and Cost by dawnbench of trial 1: the target was not reached." in page


@pytest.mark.usefixtures("here")
def test_without_any_price_nothing_is_said_about_dollars() -> None:
    path = configuration_path()
    assert path is not None
    path.unlink()
    for verb in (("show",), ("report", "-o", "-")):
        assert "$" not in invoke(*verb, "runs/plain")[1]
    invoke("report", "runs/plain")
    assert "Cost" not in Path("runs/plain/report.html").read_text()


@pytest.mark.usefixtures("here")
def test_a_report_on_two_runs_compares_their_costs() -> None:
    text = invoke("report", "runs/plain", "runs/recorded", "-o", "-")[1]
    assert "Cost under dawnbench: $2.00 and $6.00, +200.0 %." in text.replace("\\", "")


@pytest.mark.usefixtures("here")
def test_a_write_up_shows_what_a_model_cost() -> None:
    text = invoke("report", "runs/plain", "--style", "writeup", "-o", "-")[1]
    assert "- Cost to target under dawnbench: $2.00 at $4.00 per hour." in text.replace("\\", "")


@pytest.mark.usefixtures("here")
def test_tables_have_the_cost_of_each_trial_in_their_last_columns() -> None:
    assert invoke("export", "runs", "--format", "csv", "-o", "out", "--price-per-kwh", "0.36")[0] == 0
    with Path("out/trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-9:-6] == list(OPTIONS)
    assert [row["cost_per_hour"] for row in rows] == ["4.0", "4.0", "6.0", "6.0"]
    assert [row["dollars_dawnbench"] for row in rows] == ["2.0", "2.0", "", "3.0"]
    assert float(rows[0]["electricity_to_target_dollars"]) == pytest.approx(630 / 3.6e6 * 0.36)
    assert rows[0]["co2_to_target_grams"] == ""


@pytest.mark.usefixtures("here")
def test_a_document_has_the_prices_and_the_cost_of_each_trial() -> None:
    document = json.loads(invoke("export", "runs/recorded", "--format", "json", "-o", "-")[1])
    assert document["run"]["prices"]["cost_per_hour"] == 6.0
    assert document["prices"] == {"cost_per_hour": 6.0, "price_per_kwh": None, "grams_per_kwh": None}
    first, second = document["costs"]
    assert (first["trial"], first["dollars"]["dawnbench"], second["dollars"]["dawnbench"]) == (1, None, 3.0)
    given = invoke("export", "runs/recorded", "--format", "json", "-o", "-", "--cost-per-hour", "8")[1]
    assert json.loads(given)["costs"][1]["dollars"]["dawnbench"] == 4.0


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("kind", "option"),
    [("mlperf", "--price-per-kwh"), ("tensorboard", "--cost-per-hour"), ("dawnbench", "--grams-per-kwh")],
)
def test_a_price_that_a_format_has_no_place_for_is_refused(kind: str, option: str) -> None:
    code, _, errors = invoke("export", "runs/plain", "--format", kind, option, "1")
    assert code == 2
    assert f"{option} does not apply to --format {kind}" in errors


@pytest.mark.usefixtures("here")
def test_two_prices_for_one_device_are_a_sentence() -> None:
    path = configuration_path()
    assert path is not None
    path.write_text('[cost]\n"*H200" = 4\n"NVIDIA*" = 3\n')
    for arguments in (("show", "runs/plain"), ("report", "runs/plain"), ("site", "runs")):
        code, _, errors = invoke(*arguments)
        assert code == 2
        assert 'all match NVIDIA H200; add "NVIDIA H200" with its own price' in errors


def test_a_price_given_to_a_run_is_recorded_and_its_cost_is_printed(
    dawnbench: Callable[..., Finished], tmp_path: Path
) -> None:
    result = dawnbench(*small_run("--epochs=1", "--target=0.01", "--cost-per-hour=3600"))
    assert result.returncode == 0
    run = read_run(only_run(tmp_path))
    assert run.record.prices == Prices(cost_per_hour=3600.0)
    assert "Cost to target under dawnbench: $" in result.stdout
    assert " at $3600.00 per hour." in result.stdout
    assert "Prices given: $3600.00 per hour" in (run.folder / "log.md").read_text()
