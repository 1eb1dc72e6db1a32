"""The lines of an inference run, in a pipe and in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from dawnbench.report.display.inference import InferenceDisplay
from tests.cli.made_runs import HOSTILE, steers
from tests.records.examples import RUN
from tests.records.inference_runs import inference_pass, settings

FOLDER = Path("runs/20260203T040506Z-davidnet-0a1b2c")


def shown(terminal: bool = False, model: str = "kept.safetensors", **changes: Any) -> str:
    """Return what a run of one pass prints; `changes` are of the pass."""
    file = io.StringIO()
    display = InferenceDisplay(Console(file=file, width=120, force_terminal=terminal, color_system=None))
    record = replace(RUN, kind="inference", inference=settings(model=model), trials=2)
    display.preparing("opening kept.safetensors")
    display.run_started(record, FOLDER, 1)
    display.preparing("compiling, which may take a minute", slow=True)
    display.noted("the model is old")
    display.trial_started(1, 0)
    display.trial_ended(inference_pass(1, **changes))
    display.close()
    return file.getvalue()


def test_a_pipe_gets_a_line_for_what_runs_and_for_each_pass() -> None:
    assert shown().splitlines() == [
        "davidnet inference torch on AMD EPYC (cpu, fp32)",
        "model kept.safetensors",
        f"run folder {FOLDER}",
        "compiling, which may take a minute",
        "note: the model is old",
        "pass 1/2: 1.000 ms per image (median 0.9500 ms, p99 1.900 ms), 9000 images/s at batch 64, 94.32 %",
    ]


def test_a_terminal_shows_what_is_waited_for_and_overwrites_it() -> None:
    text = shown(terminal=True)
    assert "\ropening kept.safetensors" in text
    assert "\rpass 1/2" in text
    assert text.replace("\r", "\n").splitlines()[-1].startswith("pass 1/2: 1.000 ms per image")


def test_a_pass_that_broke_off_says_why_and_warnings_are_shown() -> None:
    text = shown(inference=None, status="failed", reason="OSError: full", warnings=("the machine slept",))
    assert text.splitlines()[-2:] == ["pass 1/2: failed: OSError: full", "warning: the machine slept"]


def test_names_and_reasons_cannot_steer_the_terminal() -> None:
    text = shown(model=HOSTILE, inference=None, status="failed", reason=HOSTILE, warnings=(HOSTILE,))
    assert not steers(text)
