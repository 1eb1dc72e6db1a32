from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dawnbench.cli.configuration import configuration_path, price_list
from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES, Prices

WHOLE = """
[cost]
"NVIDIA H200" = 3.5
"*A100*" = 1
[energy]
price_per_kwh = 0.30
grams_per_kwh = 380
"""


@dataclass(frozen=True)
class Run:
    """What prices depend on."""

    device_name: str
    prices: Prices = NO_PRICES
    devices: int = 1


def prices_for(
    device: str, given: Prices = NO_PRICES, recorded: Prices = NO_PRICES, devices: int = 1
) -> Prices:
    return price_list(given).prices_of(Run(device, recorded, devices))


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the configuration lies, in a folder that is there and empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = configuration_path()
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


@pytest.mark.usefixtures("path")
def test_without_a_file_only_what_is_given_is_known() -> None:
    assert prices_for("NVIDIA H200") == Prices()
    assert prices_for("NVIDIA H200", Prices(1, 2, 3)) == Prices(1, 2, 3)


def test_the_file_lies_in_the_users_configuration_folder(path: Path, tmp_path: Path) -> None:
    assert path == tmp_path / "dawnbench" / "config.toml"


def test_the_file_gives_the_price_of_the_device_and_of_electricity(path: Path) -> None:
    path.write_text(WHOLE)
    assert prices_for("NVIDIA H200") == Prices(3.5, 0.30, 380)
    assert prices_for("AMD EPYC") == Prices(None, 0.30, 380)


def test_only_the_price_of_the_file_is_that_of_one_device(path: Path) -> None:
    path.write_text(WHOLE)
    assert prices_for("NVIDIA H200", devices=8) == Prices(28.0, 0.30, 380)
    assert prices_for("NVIDIA H200", Prices(cost_per_hour=20), devices=8).cost_per_hour == 20
    assert prices_for("NVIDIA H200", recorded=Prices(cost_per_hour=20), devices=8).cost_per_hour == 20
    assert prices_for("AMD EPYC", devices=2).cost_per_hour is None


def test_what_is_given_wins_even_where_it_is_nothing(path: Path) -> None:
    path.write_text(WHOLE)
    assert prices_for("NVIDIA H200", Prices(cost_per_hour=0)) == Prices(0, 0.30, 380)
    assert prices_for("NVIDIA H200", Prices(price_per_kwh=0, grams_per_kwh=20)) == Prices(3.5, 0, 20)


def test_a_recorded_price_wins_over_the_file_and_a_given_one_over_both(path: Path) -> None:
    path.write_text(WHOLE)
    recorded = Prices(cost_per_hour=2, price_per_kwh=0)
    assert prices_for("NVIDIA H200", recorded=recorded) == Prices(2, 0, 380)
    assert prices_for("NVIDIA H200", Prices(cost_per_hour=0), recorded) == Prices(0, 0, 380)


@pytest.mark.parametrize(
    ("device", "cost"),
    [("NVIDIA A100-SXM4-80GB", 1), ("A100", 1), ("nvidia a100", None), ("NVIDIA H200 NVL", None)],
)
def test_a_pattern_fits_by_the_shells_rules(path: Path, device: str, cost: float | None) -> None:
    path.write_text(WHOLE)
    assert prices_for(device).cost_per_hour == cost


def test_an_exact_name_wins_over_patterns_even_where_they_differ(path: Path) -> None:
    path.write_text('[cost]\n"*H200*" = 1\n"NVIDIA*" = 2\n"NVIDIA H200" = 3\n"GPU [0]" = 4\n')
    assert prices_for("NVIDIA H200").cost_per_hour == 3
    assert prices_for("GPU [0]").cost_per_hour == 4


def test_two_patterns_that_differ_are_a_sentence_for_the_devices_that_both_fit(path: Path) -> None:
    path.write_text('[cost]\n"*H200*" = 1\n"NVIDIA*" = 2.5\n"*" = 1\n')
    with pytest.raises(DawnbenchError) as caught:
        prices_for("NVIDIA H200")
    assert str(caught.value) == (
        f'{path}: under [cost], "*H200*" = 1 and "NVIDIA*" = 2.5 and "*" = 1 all match NVIDIA H200; '
        'add "NVIDIA H200" with its own price'
    )
    assert prices_for("AMD H200").cost_per_hour == 1  # two patterns that agree
    assert prices_for("NVIDIA H200", Prices(cost_per_hour=4)).cost_per_hour == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[costs]\nx = 1\n", 'unknown table "costs"; did you mean cost?'),
        ("power = {}\n", 'unknown table "power"; did you mean energy?'),
        ("[energy]\ngrams = 1\n", 'unknown key in [energy] "grams"; did you mean grams_per_kwh?'),
        ("[energy]\nprice_kwh = 1\n", 'unknown key in [energy] "price_kwh"; did you mean price_per_kwh?'),
        ("cost = 3.5\n", "cost is 3.5; write a table, [cost] on a line of its own"),
        ('[cost]\n"H200" = "3.5"\n', "\"H200\" under [cost] is '3.5'; give a number of 0 or more"),
        ('[cost]\n"other" = -1\n', '"other" under [cost] is -1; give a number of 0 or more'),
        ("[cost]\nNVIDIA.H200 = 1\n", "\"NVIDIA\" under [cost] is {'H200': 1}; give a number of 0 or more"),
        ("[energy]\ngrams_per_kwh = nan\n", '"grams_per_kwh" under [energy] is nan; give a number'),
        ("[energy]\nprice_per_kwh = inf\n", '"price_per_kwh" under [energy] is inf; give a number'),
        ("[energy]\nprice_per_kwh = true\n", '"price_per_kwh" under [energy] is True; give a number'),
        ("[cost\n", "is not TOML: "),
        ("[cost]\na = 1\na = 2\n", "is not TOML: "),
        ("a = " + "[" * 100_000, "is not TOML: "),
        ("a = " + "1" * 5000, "is not TOML: "),
    ],
)  # fmt: skip
def test_a_wrong_file_is_one_sentence_with_its_path(path: Path, content: str, said: str) -> None:
    path.write_text(content)
    with pytest.raises(DawnbenchError) as caught:
        prices_for("NVIDIA H200")
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_a_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DawnbenchError, match=r"cannot read the configuration .*: Is a directory"):
        prices_for("NVIDIA H200")
    path.rmdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DawnbenchError, match=r"config\.toml is not TOML"):
        prices_for("NVIDIA H200")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text(alphabet='[]"=.\n acostenergy_1-'), st.text())
def test_whatever_the_file_holds_there_is_a_price_or_a_sentence(
    path: Path, content: str, device: str
) -> None:
    path.write_text(content, encoding="utf-8", newline="")
    try:
        prices_for(device)
        said = None
    except DawnbenchError as error:
        said = str(error)
    assert said is None or str(path) in said
