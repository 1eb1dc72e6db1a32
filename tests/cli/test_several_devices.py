"""Runs whose trials several devices trained together: every reader says how many, and none mixes numbers."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.cli.configuration import configuration_path
from dawnbench.export.trackers.metrics import run_facts
from dawnbench.records.prices import Prices
from dawnbench.records.reader import read_run
from dawnbench.records.schema import Reading, TelemetrySummary
from dawnbench.report.charts.epochs import subject
from dawnbench.report.page import render_run_page
from dawnbench.report.text.sections import telemetry_table
from tests.cli.made_runs import invoke, made_run, row, trials, words
from tests.export.judgements import strict_json
from tests.records.full_runs import full_run
from tests.report.site.folders import CIFAR, history, small_run

TWO_NODES = {"devices": 16, "nodes": 2}
COLUMNS = ("device", "devices", "nodes")
SAID = "16 x NVIDIA H200 on 2 nodes"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def one_and_eight(**changes: object) -> None:
    made_run(Path("one"), trials(16.0))
    made_run(Path("eight"), trials(2.5), devices=8, **changes)


# --- one run ---


@pytest.fixture
def run() -> Path:
    return full_run(Path("runs/many"), trials=3, epochs=5, data=CIFAR, **TWO_NODES)


@pytest.mark.parametrize(
    "command", [("show",), ("report", "-o", "-"), ("export", "--format", "json", "--out", "-")]
)
def test_a_command_that_names_the_device_says_how_many(run: Path, command: tuple[str, ...]) -> None:
    code, shown, errors = invoke(command[0], run, *command[1:])
    assert code == 0, errors
    if command[0] == "export":
        assert (json.loads(shown)["run"]["devices"], json.loads(shown)["run"]["nodes"]) == (16, 2)
    else:
        assert SAID in words(shown)


def test_its_page_the_titles_of_figures_and_the_log_do(run: Path) -> None:
    opened = read_run(run)
    assert render_run_page(opened, None).count(SAID) >= 2
    assert subject(opened).endswith(f" on {SAID}")
    assert invoke("log", run)[0] == 0
    assert (run / "log.md").read_text().startswith(f"# davidnet on {SAID}\n")


def test_the_sensors_of_each_gpu_share_a_row(run: Path) -> None:
    opened = read_run(run)
    each = {f"gpu{rank}_power": Reading(600.0 + rank, 690.0 + rank, "W") for rank in range(8)}
    telemetry = TelemetrySummary(
        9, {"gpu_power": Reading(4828.0, 5548.0, "W"), **each}, ("cap",), 9.0, 8.0, ""
    )
    read = tuple(replace(trial, telemetry=telemetry) for trial in opened.trials)
    text = words(telemetry_table(replace(opened, trials=read)))
    assert "| GPU power | 4828.0 W | 5548.0 W |" in text
    assert "| GPU power, each | 600.0 W to 607.0 W | 690.0 W to 697.0 W |" in text
    assert "GPU 3" not in text
    assert "A GPU was throttled by: cap." in text


def test_what_each_gpu_spent_and_the_slowest_rank_have_rows(run: Path) -> None:
    opened = read_run(run)
    spent = [{"0": 900.0, "1": 1000.0}, {"0": 1100.0, "1": 1040.0}, {}]
    trials_ = tuple(
        replace(trial, telemetry=TelemetrySummary(1, {}, (), None, None, None, gpu_energy=joules))
        for trial, joules in zip(opened.trials, spent, strict=True)
    )
    epochs = tuple(
        replace(epoch, train_seconds=10.0, slowest_train_seconds=11.0 if epoch.epoch == 5 else 10.0)
        for epoch in opened.epochs
    )
    text = words(telemetry_table(replace(opened, trials=trials_, epochs=epochs)))
    assert "| energy of a trial, each GPU | 1000.0 J to 1020.0 J | 1040.0 J to 1100.0 J |" in text
    assert "| slowest rank, longer than rank 0 | 2.00 % | 10.00 % |" in text
    assert "slowest rank" not in telemetry_table(opened)


def test_tables_and_entries_do(run: Path) -> None:
    invoke("export", run, "--format", "csv")
    header, *rows = csv.reader(Path("exports/csv/trials.csv").read_text().splitlines())
    assert {tuple(dict(zip(header, row, strict=True))[key] for key in COLUMNS) for row in rows} == {
        (SAID, "16", "2")
    }
    who = ("--author", "Ada", "--author-email", "ada@example.org")
    invoke("export", run, "--format", "dawnbench", *who)
    (entry,) = Path("exports/dawnbench").rglob("*.json")
    assert json.loads(entry.read_text())["hardware"] == SAID
    assert "16-x-nvidia-h200-on-2-nodes" in entry.name


def test_trackers_get_both_numbers(run: Path) -> None:
    tags = run_facts(read_run(run).record, run.name).tags
    assert (tags["device_name"], tags["devices"], tags["nodes"]) == ("NVIDIA H200", "16", "2")


def test_an_mlperf_log_has_the_numbers_of_a_system_description(run: Path) -> None:
    pytest.importorskip("mlperf_logging")
    code, _, errors = invoke("export", run, "--format", "mlperf", "--author", "Ada")
    assert code == 0, errors
    log = next(Path("exports/mlperf").rglob("*.txt")).read_text()
    assert f'"key": "submission_platform", "value": "{SAID}"' in log
    assert '"key": "number_of_nodes", "value": 2' in log
    assert '"key": "accelerators_per_node", "value": 8' in log


def test_the_ladder_names_the_run_and_the_published_devices_by_their_numbers(run: Path) -> None:
    shown = invoke("compare", "published", run, env={"COLUMNS": "140"})[1]
    assert "16 x H200 on 2 nodes" in shown
    assert "8 x V100" in shown
    assert "4 x V100" in shown


def test_json_of_one_device_has_neither_number_and_of_several_has_both(run: Path) -> None:
    made_run(Path("runs/one"))
    assert TWO_NODES.items() <= strict_json(invoke("show", run, "--json")[1]).items()
    assert not TWO_NODES.keys() & strict_json(invoke("show", "runs/one", "--json")[1])
    listed = {one["name"]: one for one in strict_json(invoke("runs", "runs", "--json")[1])["runs"]}
    assert (listed["many"]["devices"], listed["many"]["nodes"]) == (16, 2)
    assert not TWO_NODES.keys() & listed["one"].keys()


def test_a_list_tells_them_apart_and_finds_them(run: Path) -> None:
    made_run(Path("runs/one"))
    shown = invoke("runs", "runs")[1]
    assert SAID.removeprefix("16 x NVIDIA ") in shown
    found = invoke("runs", "runs", "--device", "16 x NVIDIA H200")[1]
    assert "many" in found
    assert "one " not in found
    assert "2 runs" in invoke("runs", "runs", "--device", "H200")[1]


# --- several runs ---


def test_other_numbers_compare_as_a_speed_up_without_an_option() -> None:
    one_and_eight()
    code, shown, errors = invoke("compare", "one", "eight")
    assert (code, errors) == (0, "")
    assert "eight is faster than one" in shown
    assert "Speed-up of 8 devices over 1: 6.40 (99 % interval 6.3" in shown
    assert "an efficiency of 80.0 % (79." in words(shown)
    assert "! the numbers of devices" not in shown
    assert row(shown, "dawnbench [s]")[2] == "0.1562"


def test_in_another_precision_the_numbers_of_devices_are_a_caution() -> None:
    one_and_eight(precision="fp32")
    shown = words(invoke("compare", "one", "eight")[1])
    assert "Speed-up" not in shown
    assert "! the numbers of devices differ: NVIDIA H200 and 8 x NVIDIA H200" in shown


def test_the_speed_up_is_in_the_json_of_such_a_pair_alone() -> None:
    one_and_eight()
    made_run(Path("two"), trials(8.4), devices=2)
    made_run(Path("again"), trials(16.1))
    two, again = strict_json(invoke("compare", "one", "two", "again", "--json")[1])
    assert "speed_up" not in again
    found = two["speed_up"]
    assert (found["rule"], found["devices"], found["nodes"]) == ("dawnbench", [1, 2], [1, 1])
    assert found["efficiency"] == pytest.approx(16 / 8.4 / 2)
    low, high = (found["efficiency_interval"][end] for end in ("low", "high"))
    assert low < found["efficiency"] < high
    assert (two["reference"]["device"], two["other"]["device"]) == ("NVIDIA H200", "2 x NVIDIA H200")


def test_a_report_on_both_has_the_speed_up() -> None:
    one_and_eight()
    shown = words(invoke("report", "one", "eight", "-o", "-")[1])
    assert "Speed-up of 8 devices over 1: 6.40" in shown


def test_what_to_run_again_starts_as_many_processes() -> None:
    command = ("dawnbench", "run", "davidnet")
    made_run(Path("one"), trials(16.0, 3), command=command)
    made_run(Path("eight"), trials(2.5, 3), command=command, devices=8)
    shown = invoke("compare", "one", "eight")[1].splitlines()
    assert "dawnbench run davidnet --trials 5" in shown
    assert "torchrun --nproc-per-node 8 -m dawnbench run davidnet --trials 5" in shown
    assert (
        "```console\ntorchrun --nproc-per-node 8 -m dawnbench run davidnet\n```"
        in (invoke("report", "eight", "-o", "-")[1])
    )


def test_runs_on_other_numbers_of_devices_are_never_pooled() -> None:
    one_and_eight()
    code, _, errors = invoke("show", "*e*")
    assert code == 2
    assert "the numbers of devices differ: 8 x NVIDIA H200 and NVIDIA H200" in words(errors)


def test_each_number_has_a_baseline_of_its_own() -> None:
    one_and_eight()
    assert invoke("baseline", "save", "one", "--name", "main")[0] == 0
    code, shown, _ = invoke("regress", "eight")
    assert code == 2
    assert "on 8 x NVIDIA H200; save one with" in words(shown)
    assert invoke("baseline", "save", "eight", "--name", "main")[0] == 0
    assert {path.name for path in Path("baselines/davidnet").iterdir()} == {
        "NVIDIA-H200.json",
        "8-x-NVIDIA-H200.json",
    }
    assert invoke("regress", "eight")[0] == 0
    crossed = words(invoke("regress", "eight", "--baseline", "baselines/davidnet/NVIDIA-H200.json")[1])
    assert "it was measured on another number of devices or nodes than the baseline's" in crossed


def test_a_site_has_a_series_for_each_number_and_says_what_more_of_them_bring() -> None:
    history(Path("runs"), [8.0, 8.1])
    small_run(Path("runs"), 3, 1.0, **TWO_NODES)
    assert invoke("site", "runs")[0] == 0
    pages = {path.name for path in Path("site/series").iterdir()}
    assert len(pages) == 2
    (many,) = (name for name in pages if name.startswith("16-x-NVIDIA-H200-on-2-nodes"))
    assert SAID in (Path("site/series") / many).read_text()
    index = Path("site/index.html").read_text()
    assert SAID in index
    assert "Each number of devices compared with the fewest" in index
    (page,) = Path("site/comparisons").glob("*-against-fewer.html")
    assert f"comparisons/{page.name}" in index
    (found,) = re.findall(r"Speed-up of 16 devices on 2 nodes over 1: (\S+) \(", page.read_text())
    assert f">{found}<" in index


# --- prices ---


def configure(price: float) -> None:
    path = configuration_path()
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[cost]\n"*H200" = {price}\n')


def test_a_configured_price_counts_once_per_device_and_a_given_one_once() -> None:
    configure(3.6)
    made_run(Path("one"), trials(100.0))
    made_run(Path("eight"), trials(100.0), devices=8)
    made_run(Path("told"), trials(100.0), devices=8, prices=Prices(cost_per_hour=3.6))
    assert "Cost to target under dawnbench: $0.100 at $3.60 per hour." in invoke("show", "one")[1]
    assert "Cost to target under dawnbench: $0.800 at $28.80 per hour." in invoke("show", "eight")[1]
    assert "Cost to target under dawnbench: $0.100 at $3.60 per hour." in invoke("show", "told")[1]


def test_side_by_side_each_number_has_its_price_its_speed_up_and_a_place_on_the_front() -> None:
    configure(3.6)
    one_and_eight()
    made_run(Path("two"), trials(8.4), devices=2)
    code, shown, errors = invoke("compare", "--devices", "one", "two", "eight")
    assert (code, errors) == (0, "")
    assert "Speed-up of 2 devices over 1: 1.90" in words(shown)
    assert "Speed-up of 8 devices over 1: 6.40" in words(shown)
    assert "Pareto front of time and cost: NVIDIA H200, 2 x NVIDIA H200 and 8 x NVIDIA H200" in words(shown)
    assert "numbers of devices differ" not in shown
    assert "4 % of a trial is serial (Amdahl), so any number of devices makes it at most" in words(shown)
    found = strict_json(invoke("compare", "--devices", "one", "eight", "--json")[1])
    assert "speed_up" not in found[0]
    assert found[1]["speed_up"]["value"] == pytest.approx(6.4)
    assert found[1]["dollars"] / found[0]["dollars"] == pytest.approx(8 / 6.4)
