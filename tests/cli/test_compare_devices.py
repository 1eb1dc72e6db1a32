"""`dawnbench compare --devices`: one table and one figure, device against device."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.cli.configuration import configuration_path
from dawnbench.records.prices import Prices
from tests.cli.made_runs import invoke, made_run, trials, words
from tests.export.judgements import strict_json


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one recipe on three devices, two of which have a price."""
    monkeypatch.chdir(tmp_path)
    made_run(Path("runs/h200-1"), trials(2.6))
    made_run(Path("runs/h200-2"), trials(2.6, 5))
    made_run(Path("runs/a100"), trials(5.2, joules=1400.0), device_name="NVIDIA A100")
    made_run(Path("runs/l4"), trials(missed=10), device_name="NVIDIA L4")
    configured("[cost]\n'*H200' = 4.5\n'*A100' = 1.3\n")


def configured(text: str) -> None:
    path = configuration_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_runs_of_a_device_are_one_row_of_the_table() -> None:
    named = ("runs/h200-1", "runs/a100", "runs/h200-2", "runs/l4")
    code, shown, errors = invoke("compare", "--devices", *named)
    assert (code, errors) == (0, "")
    assert shown.count("\nNVIDIA H200 ") == 1
    said = words(shown)
    assert "15 of 15 reached it x 1.00" in said
    assert "10 of 10 reached it x 2.00 x 2.00 x 0.578 +0.00" in said
    assert "NVIDIA L4: no time and no energy, since no trial reached the target." in said
    assert "Pareto front of time and cost: NVIDIA H200 and NVIDIA A100." in said


def test_the_figure_is_written_beside_the_table() -> None:
    code, shown, errors = invoke("compare", "--devices", "runs/h200-1", "runs/a100", "--figure", "out/f.png")
    assert (code, errors) == (0, "")
    assert shown.endswith("out/f.png\n")
    assert Path("out/f.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in Path("out").iterdir()] == ["f.png"]


def test_without_price_and_energy_there_is_a_table_and_a_sentence_but_no_figure() -> None:
    configured("")
    made_run(Path("runs/unmetered"), trials(9.0, joules=None), device_name="CPU")
    arguments = ("compare", "--devices", "runs/h200-1", "runs/unmetered", "--figure", "f.svg")
    code, shown, errors = invoke(*arguments)
    assert code == 2
    assert "CPU: no energy, since no energy was measured." in words(shown)
    assert errors.startswith("dawnbench: f.svg is not written. There is no figure of time against cost or")
    assert not Path("f.svg").exists()
    assert invoke(*arguments[:4])[0] == 0


def test_json_holds_a_device_per_object_with_what_is_unknown_and_why() -> None:
    named = ("runs/h200-1", "runs/a100", "runs/l4")
    code, shown, errors = invoke("compare", "--devices", *named, "--json", "--figure", "f.svg")
    assert (code, errors) == (0, "f.svg\n")
    h200, a100, l4 = strict_json(shown)
    assert (h200["device"], h200["runs"], h200["verdict"]) == ("NVIDIA H200", ["h200-1"], None)
    assert a100["seconds"] == pytest.approx(5.2026)
    assert a100["dollars"] == pytest.approx(5.2026 / 3600 * 1.3)
    assert a100["relative"] == {
        "seconds": pytest.approx(2.0),
        "joules": pytest.approx(2.0, rel=1e-3),
        "dollars": pytest.approx(2.0 * 1.3 / 4.5),
        "electricity_dollars": None,
        "accuracy_points": 0.0,
    }
    assert (a100["against"], a100["pareto_front"], l4["pareto_front"]) == ("cost", True, False)
    assert a100["sentence"].startswith("NVIDIA A100 is slower than NVIDIA H200")
    assert l4["unknown"] == {
        "seconds": "no trial reached the target",
        "joules": "no trial reached the target",
        "dollars": "no price per hour is known for NVIDIA L4",
    }
    assert (l4["seconds"], l4["reached"], l4["trials"]) == (None, 0, 10)


def test_a_price_recorded_with_a_run_is_that_of_its_device() -> None:
    configured("")
    made_run(Path("runs/own"), trials(3600.0), device_name="CPU", prices=Prices(cost_per_hour=1.0))
    (_, own) = strict_json(invoke("compare", "--devices", "runs/h200-1", "runs/own", "--json")[1])
    assert own["dollars"] == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--devices", "runs/h200-1", "runs/h200-2"], "all of these trials ran on NVIDIA H200 (bf16)"),
        (
            ["--devices", "runs/h200-1", "runs/a100", "--cost-per-hour", "3"],
            "one --cost-per-hour cannot be the price of 2 devices; give each its own under [cost]",
        ),
        (["--devices", "runs/h200-1", "runs/other"], "the targets differ: 94 % and 96 %; add --across"),
        (["--devices", "runs/h200-1", "published"], "leave out published or --devices"),
        (["--devices", "runs/h200-1", "runs/a100", "--figure", "f.pdf"], "f.pdf is not an .svg or .png file"),
        (["--devices", "runs/h200-1", "nowhere"], "there is no run called nowhere"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(arguments: list[str], said: str) -> None:
    made_run(Path("runs/other"), device_name="NVIDIA A100", target=0.96)
    code, shown, errors = invoke("compare", *arguments)
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert said in errors


def test_a_figure_is_of_devices() -> None:
    code, _, errors = invoke("compare", "runs/h200-1", "runs/a100", "--figure", "f.png")
    assert code == 2
    assert "--figure goes with --devices" in errors
