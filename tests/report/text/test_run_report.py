"""report.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pymarkdown.api import PyMarkdownApi

from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import DataRecord
from dawnbench.report.text.log_views import LogView
from dawnbench.report.text.run_report import report
from tests.cli.made_runs import HOSTILE
from tests.records.full_runs import full_run
from tests.report.text.test_log import BROKEN

# Lines are as long as a paragraph or a row is, and an address stands where it stands in a table.
ACCEPTED = ("md013",)


def lint(text: str, folder: Path) -> list[str]:
    """Return what a linter for markdown has to say."""
    path = folder / "report.md"
    path.write_text(text, encoding="utf-8")
    linter = PyMarkdownApi()
    for rule in ACCEPTED:
        linter.disable_rule_by_identifier(rule)
    found = linter.scan_path(str(path))
    return [f"{f.line_number}: {f.rule_id} {f.rule_description}" for f in found.scan_failures]


def made(folder: Path, **changes: object) -> Run:
    return read_run(full_run(folder, **changes))  # type: ignore[arg-type]


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match("#+ ", line)]


def test_one_run_has_its_sections_in_this_order(tmp_path: Path) -> None:
    assert headings(report([made(tmp_path / "a")], "dawnbench", "dawn")) == [
        "# davidnet on NVIDIA H200",
        "## Training log",
        "## Trials",
        "## Time by segment",
        "## Telemetry",
        "## Among published times",
        "## What to beware of",
        "## Environment",
        "## How to reproduce",
    ]


@pytest.mark.parametrize("view", ["dawn", "progress", "epochs"])
def test_a_linter_finds_nothing(view: LogView, tmp_path: Path) -> None:
    runs = [made(tmp_path / "a"), made(tmp_path / "b", seed=3, recipe_name=HOSTILE)]
    for chosen in (runs[:1], runs[1:], runs):
        assert lint(report(chosen, "dawnbench", view), tmp_path) == []


def test_the_log_is_that_of_the_median_trial(tmp_path: Path) -> None:
    run = made(tmp_path / "a")
    text = report([run], "dawnbench", "epochs")
    number = int(re.findall(r"Trial (\d) \(seed \d\), the median of 5 by the dawnbench rule", text)[0])
    times = [t.seconds["dawnbench"] or float("inf") for t in run.trials]
    assert sorted(times)[2] == times[number - 1]
    last = run.epochs_of(number)[-1]
    assert f"Accuracy: {last.validation_correct}/10000" in text


def test_several_runs_are_held_against_the_first(tmp_path: Path) -> None:
    runs = [made(tmp_path / "a", trials=10), made(tmp_path / "b", seed=3, trials=10, epoch_seconds=0.4)]
    text = report(runs, "dawnbench", "dawn")
    assert headings(text)[:2] == ["# 2 runs", "## Against a"]
    assert "b is faster than a: " in text
    assert "## davidnet on NVIDIA H200 (b)" in text
    assert len(set(headings(text))) == len(headings(text))


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    other = DataRecord("mnist", "ef" * 32, 60_000, 10_000, (28, 28, 1), 10)
    runs = [made(tmp_path / "a"), made(tmp_path / "b", data=other)]
    assert "b cannot be compared with a: the data differ" in report(runs, "dawnbench", "dawn")


def test_other_data_have_no_place_on_the_ladder(tmp_path: Path) -> None:
    other = DataRecord("digits", "ef" * 32, 1_437, 360, (8, 8, 1), 10)
    text = report([made(tmp_path / "a", data=other)], "dawnbench", "dawn")
    assert "published" not in text


def test_nothing_in_a_run_becomes_markup(tmp_path: Path) -> None:
    run = made(
        tmp_path / "a",
        recipe_name="<script>alert(1)</script>",
        device_name="| a | b\n\n# c",
        command=("dawnbench", "run", "```\n<script>", "x"),
        environment={"packages": {"<b>": "`"}, "cpu": {"flags": ["|"]}},
    )
    text = report([run], "dawnbench", "dawn")
    outside = re.sub(r"(?ms)^(`{3,})console\n.*?\n\1$", "", text)
    assert "<script>" not in outside
    assert "<b>" not in outside
    assert "# c" not in headings(text)
    assert lint(text, tmp_path) == []


def test_sizes_of_memory_are_readable(tmp_path: Path) -> None:
    environment = {"machine": {"memory_bytes": 25_276_502_016}}
    text = report([made(tmp_path / "a", environment=environment)], "dawnbench", "dawn")
    assert re.search(r"\| machine memory +\| 25\.28 GB", text)


def test_the_command_that_repeats_it_is_whole(tmp_path: Path) -> None:
    run = made(tmp_path / "a", command=("dawnbench", "run", "davidnet", "--set", "schedule.rates=[0, 1]"))
    text = report([run], "dawnbench", "dawn")
    assert "```console\ndawnbench run davidnet --set 'schedule.rates=[0, 1]'\n```" in text
    assert "run from Python" in report([made(tmp_path / "b", command=())], "dawnbench", "dawn")


def test_a_run_on_a_processor_is_repeated_on_as_many_threads(tmp_path: Path) -> None:
    command = ("dawnbench", "run", "davidnet")
    run = made(tmp_path / "a", device="cpu", command=command, environment={"cpu": {"threads": 2}})
    text = report([run], "dawnbench", "dawn")
    assert "```console\nOMP_NUM_THREADS=2 dawnbench run davidnet\n```" in text
    assert "- Device: NVIDIA H200 (cpu), precision bf16, 2 threads" in text


def test_the_same_run_makes_the_same_bytes(tmp_path: Path) -> None:
    run = made(tmp_path / "a")
    assert report([run], "strict", "dawn") == report([read_run(run.folder)], "strict", "dawn")


def test_a_run_without_a_finished_trial_has_a_report(tmp_path: Path) -> None:
    run = made(tmp_path / "a", trials=1)
    for trials in ((), (BROKEN,)):
        text = report([Run(run.folder, run.record, trials, run.epochs, ())], "dawnbench", "dawn")
        assert "no trial has a time" in text
        assert lint(text, tmp_path) == []


def test_tags_are_named_and_are_no_markup(tmp_path: Path) -> None:
    run = made(tmp_path / "a", tags={"branch": "main", "note": "*b* <i>\n\n# c"})
    text = report([run], "dawnbench", "dawn")
    assert "\n- Tags: branch=main, note=\\*b\\* \\<i\\> # c\n" in text
    assert lint(text, tmp_path) == []
    assert "- Tags" not in report([made(tmp_path / "b")], "dawnbench", "dawn")
