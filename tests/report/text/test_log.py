from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import LayerRecord, ModelRecord, Reading, TelemetrySummary, TrialRecord
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.text.log import render_log, write_log
from dawnbench.report.text.log_table import log_table
from tests.records.examples import RUN, TRIAL, begin_run, epoch
from tests.records.inference_runs import inference_run, passes

EPOCHS = (epoch(), epoch(epoch=2), epoch(trial=2))
BROKEN = replace(
    TRIAL,
    trial=2,
    seed=8,
    status="interrupted",
    reason="interrupted from the keyboard",
    seconds={"dawnbench": None, "cold": None},
    epochs_to_target=None,
    accuracy=None,
    telemetry=None,
    warnings=(),
)
HOSTILE = "<script>alert(1)</script> | x"


def run(**changes: Any) -> Run:
    fields: dict[str, Any] = {
        "folder": Path("/runs/20260203T040506Z-davidnet-0a1b2c"),
        "record": RUN,
        "trials": (TRIAL, BROKEN),
        "epochs": EPOCHS,
        "warnings": (),
    }
    return Run(**(fields | changes))


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


def section(text: str, heading: str) -> str:
    return text.split(f"\n## {heading}\n\n")[1].split("\n\n## ")[0].strip()


def measured(trial: TrialRecord, **changes: Any) -> TrialRecord:
    assert trial.telemetry is not None
    return replace(trial, telemetry=replace(trial.telemetry, **changes))


def test_the_sections_come_in_this_order() -> None:
    assert headings(render_log(run())) == [
        "# davidnet on AMD EPYC",
        "## Model",
        "## Trial 1 (seed 7)",
        "## Trial 2 (seed 8, interrupted)",
        "## Time under each rule",
        "## Telemetry",
        "## Warnings",
    ]


def test_it_ends_with_one_newline_and_blocks_are_set_apart_by_one_empty_line() -> None:
    text = render_log(run())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("style", ["milliseconds", "seconds"])
def test_each_trial_has_its_own_table(style: Any) -> None:
    text = render_log(run(), style)
    assert section(text, "Trial 1 (seed 7)") == log_table(EPOCHS[:2], style)
    broken_off = f"{log_table(EPOCHS[2:], style)}\n\ninterrupted from the keyboard"
    assert section(text, "Trial 2 (seed 8, interrupted)") == broken_off


def test_the_facts_lead() -> None:
    text = render_log(run())
    facts = text.split("\n\n")[1].splitlines()
    assert all(fact.startswith("- ") for fact in facts)
    assert "- Run: 20260203T040506Z-davidnet-0a1b2c, begun 2026-02-03T04:05:06+00:00, running" in facts
    assert "- Target: 94.00 % validation accuracy" in facts
    assert "- Device: AMD EPYC (cpu), precision fp32" in facts
    data = "cifar10, 50000 training and 10000 validation images, fingerprint cdcdcdcdcdcdcdcd"
    assert f"- Data: {data}" in facts
    assert "- Recipe digest: abababababababab" in facts
    assert "- Software: dawnbench 0.1.0, torch 2.15" in facts


@pytest.mark.parametrize(
    ("environment", "software"),
    [
        ({}, "torch unknown"),
        ({"packages": {"torch": "2.11"}, "git": None}, "torch 2.11"),
        ({"git": {"commit": "0123456789abcdef", "dirty": False}}, "torch unknown, commit 0123456789ab"),
        (
            {"packages": {"torch": "2.11"}, "git": {"commit": "0123456789abcdef", "dirty": True}},
            "torch 2.11, commit 0123456789ab with changes",
        ),
    ],
)
def test_the_software_is_told_as_far_as_it_is_known(environment: dict[str, Any], software: str) -> None:
    text = render_log(run(record=replace(RUN, environment=environment)))
    assert f"- Software: dawnbench 0.1.0, {software}\n" in text


def test_the_model_has_a_row_a_layer_and_its_totals() -> None:
    layers = (
        LayerRecord("prep.conv", "Conv2d", (64, 32, 32), 1728),
        LayerRecord("head", "Linear", (10,), 5120),
    )
    record = replace(RUN, model=ModelRecord(layers, 6848, 729, 10**12, 5 * 10**15))
    lines = section(render_log(run(record=record)), "Model").splitlines()
    assert [re.split(r"\s*\|\s*", line)[1:4] for line in lines[2:4]] == [
        ["prep.conv (Conv2d)", "64x32x32", "1,728"],
        ["head (Linear)", "10", "5,120"],
    ]
    assert lines[-1] == "6,848 parameters trained, 729 fixed; 1 TFLOP per step, 5 PFLOP per trial."


def test_the_time_under_each_rule_has_a_row_a_trial_and_dashes_where_there_is_none() -> None:
    lines = section(render_log(run()), "Time under each rule").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:4] if "---" not in line]
    assert rows == [
        ["Trial", "dawnbench", "cold", "Epochs to target", "Final accuracy", "Energy to target"],
        ["1", "2.000 s", "-", "1", "95.00 %", "-"],
        ["2", "-", "-", "-", "-", "-"],
    ]
    start = "the process was not started for this run alone, as in a series or from Python"
    assert lines[5:] == [
        f"- A dash under cold of trial 1: {start}, so its start is not that of the run.",
        "- A dash under Energy to target of trial 1: the counter was not read at that epoch.",
        "- A dash under dawnbench, cold and Epochs to target of trial 2: the trial was interrupted before it "
        "reached the target.",
        "- A dash under Final accuracy of trial 2: the trial was interrupted before its end.",
        "- A dash under Energy to target of trial 2: the trial has no telemetry.",
    ]


def test_the_energy_to_the_target_is_in_joules() -> None:
    trial = measured(TRIAL, energy_to_target_joules=1234.56)
    assert "1234.6 J" in section(render_log(run(trials=(trial,))), "Time under each rule")


def test_a_trial_that_was_killed_while_it_ran_is_called_broken_off() -> None:
    text = render_log(run(trials=(TRIAL,)))
    assert "## Trial 2 (broken off)" in headings(text)
    assert section(text, "Trial 2 (broken off)") == log_table(EPOCHS[2:])


def test_a_run_without_a_trial_has_neither_times_nor_telemetry() -> None:
    text = render_log(run(trials=(), epochs=()))
    assert headings(text) == ["# davidnet on AMD EPYC", "## Model"]
    begun = render_log(run(trials=(), epochs=EPOCHS[:1]))
    assert headings(begun) == ["# davidnet on AMD EPYC", "## Model", "## Trial 1 (broken off)"]


def test_warnings_of_the_reader_and_of_each_trial_are_listed() -> None:
    text = render_log(run(warnings=("epochs.jsonl: the last line is torn",)))
    assert section(text, "Warnings").splitlines() == [
        "- epochs.jsonl: the last line is torn",
        "- trial 1: the host's clock says nothing",
    ]
    assert "## Warnings" not in headings(render_log(run(trials=(replace(TRIAL, warnings=()),))))


def test_what_could_not_be_done_is_a_warning() -> None:
    noted = run(record=replace(RUN, notes=("startup is not timed",)))
    assert "- startup is not timed" in section(render_log(noted), "Warnings").splitlines()
    assert "startup is not timed" in trial_set_of(noted).warnings


def test_the_readings_are_those_over_all_trials() -> None:
    other = TelemetrySummary(1, {"cpu_power": Reading(30.5, 31.0, "W")}, (), None, None, None)
    trials = (TRIAL, replace(TRIAL, trial=2, telemetry=other, peak_memory_bytes=2_500_000_000))
    lines = section(render_log(run(trials=trials)), "Telemetry").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:4]]
    assert rows == [["CPU power", "15.5 W", "31.0 W"], ["device memory allocated", "peak only", "2.50 GB"]]


def test_throttle_reasons_of_all_trials_are_told_once_each_in_order() -> None:
    trials = (
        measured(TRIAL, throttle_reasons=("thermal", "power cap")),
        measured(replace(TRIAL, trial=2), throttle_reasons=("power cap",)),
    )
    text = section(render_log(run(trials=trials)), "Telemetry")
    assert text.endswith("The GPU was throttled by: power cap, thermal.")
    assert "held below" not in render_log(run(trials=(measured(TRIAL, throttle_reasons=()),)))


def test_sensors_that_could_not_be_read_are_listed_once_a_reason() -> None:
    why = {"gpu_power": "no NVIDIA driver", "gpu_clock": "no NVIDIA driver", "fan": "no | fan"}
    text = section(render_log(run(record=replace(RUN, telemetry_unavailable=why))), "Telemetry")
    assert "Not read:\n\n- no NVIDIA driver\n- no \\| fan\n" in text + "\n"


def test_without_any_sensor_a_sentence_stands_in_the_tables_place() -> None:
    record = replace(RUN, telemetry_unavailable={})
    text = render_log(run(record=record, trials=(replace(TRIAL, telemetry=None),)))
    assert section(text, "Telemetry") == "No sensor could be read."


def unescaped(text: str) -> str:
    return re.sub(r"\\[\\`*_\[\]<>|]", "", text)


def test_markup_in_any_text_of_a_run_is_escaped() -> None:
    record = replace(
        RUN,
        recipe_name=HOSTILE,
        device_name=HOSTILE,
        command=("dawnbench", "run", HOSTILE),
        data=replace(RUN.data, source=HOSTILE),
        model=replace(RUN.model, layers=(LayerRecord(HOSTILE, "Conv2d", (1,), 2),)),
        telemetry_unavailable={"gpu_power": HOSTILE},
    )
    trial = measured(replace(TRIAL, warnings=(HOSTILE,)), throttle_reasons=(HOSTILE,))
    hostile = run(record=record, trials=(trial,), warnings=(HOSTILE,), folder=Path("/runs") / "a<b>|c")
    text = render_log(hostile)
    escaped = r"\<script\>alert(1)\</script\> \| x"
    assert headings(text)[0] == f"# {escaped} on {escaped}"
    assert not re.search(r"[<>]", unescaped(text))
    model = section(text, "Model").splitlines()
    assert {unescaped(line).count("|") for line in model[:3]} == {4}


@pytest.mark.parametrize("name", ["two\nlines", "a\r\n## Fake", "`code` *bold*", "\\"])
def test_a_recipes_name_stays_one_heading(name: str) -> None:
    text = render_log(run(record=replace(RUN, recipe_name=name)))
    assert len([line for line in headings(text) if line.startswith("# ")]) == 1
    assert "## Fake" not in headings(text)


def test_writing_puts_the_text_into_the_run_folder(tmp_path: Path) -> None:
    writer = begin_run(tmp_path)
    for record in EPOCHS:
        writer.append_epoch(record)
    writer.append_trial(TRIAL)
    writer.close("finished")
    path = write_log(writer.folder, "seconds")
    assert path == writer.folder / "log.md"
    assert path.read_text(encoding="utf-8") == render_log(read_run(writer.folder), "seconds")
    before = path.read_bytes()
    assert write_log(writer.folder, "seconds").read_bytes() == before


def test_a_folder_that_cannot_be_read_or_written_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="is not a run folder"):
        write_log(tmp_path)
    writer = begin_run(tmp_path)
    writer.close("finished")
    (writer.folder / "log.md").mkdir()
    with pytest.raises(DawnbenchError, match=r"cannot write .*log\.md: Is a directory"):
        write_log(writer.folder)


def test_the_log_of_an_inference_run_has_its_passes_and_no_epochs(tmp_path: Path) -> None:
    text = write_log(inference_run(tmp_path / "run", passes(count=2))).read_text()
    assert "## Passes" in text
    assert "- Model: model.safetensors of 20260203T040506Z-davidnet-abcdef" in text
    for meaningless in ("Epoch", "per step", "/home/ada", "## Trial "):
        assert meaningless not in text
