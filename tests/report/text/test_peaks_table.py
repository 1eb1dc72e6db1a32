"""Peaks as they stand in a terminal of 80 columns."""

from __future__ import annotations

import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dawnbench.records.step_profile import Peaks
from dawnbench.report.text.peaks_table import peaks_report, prefixed
from tests.records.rooflines import PEAKS


def shown(peaks: Peaks) -> list[str]:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(peaks_report(peaks), highlight=False)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_row_for_each_peak_with_its_size_and_what_was_left_out() -> None:
    lines = shown(PEAKS)
    assert lines[0] == "Example 9000 (cpu, 2 threads)"
    assert [" ".join(line.split()) for line in lines[3:7]] == [
        "matrix product, fp32 1.00 TFLOP/s 1024 x 1024, fastest of 10",
        "matrix product, bf16 2.00 TFLOP/s 2048 x 2048, fastest of 5",
        "copy, memory 100 GB/s 512 MiB, fastest of 3",
        "copy, cache 500 GB/s 1.00 MiB, fastest of 300",
    ]
    assert PEAKS.skipped[0] in lines
    assert max(map(len, lines)) <= 80


def test_a_gpu_has_no_threads_of_the_host() -> None:
    assert shown(replace(PEAKS, threads=None, device="cuda:0"))[0] == "Example 9000 (cuda:0)"


@given(st.floats(1e-3, 1e20))
def test_a_prefixed_figure_is_the_figure(value: float) -> None:
    figure, _, prefix = prefixed(value).partition(" ")
    scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}[prefix]
    assert abs(float(figure) * scale / value - 1) < 0.0051
