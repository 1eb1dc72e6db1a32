"""A profile as it stands in a terminal of 80 columns."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from dawnbench.records.step_profile import StepProfile
from dawnbench.report.text.profile_report import gap_sentences, profile_report
from tests.records.rooflines import PROFILE, ROWS, row


def shown(profile: StepProfile) -> list[str]:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(profile_report(profile), highlight=False)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def under(lines: list[str], name: str) -> list[str]:
    """Return the figures below a kernel's name."""
    at = next(i for i, line in enumerate(lines) if line.split(" ")[0] == name)
    return [cell.strip() for cell in lines[at + 1].split("  ") if cell.strip()]


def test_every_figure_of_a_kernel_stands_below_its_name_and_shapes() -> None:
    lines = shown(PROFILE)
    assert lines[0] == "example on Example 9000 (cpu, bf16), 3 steps of 64 images"
    assert lines[1] == "peaks: fp32 1.00 TFLOP/s, bf16 2.00 TFLOP/s, copy 100 GB/s"
    assert "convolution 64x8x4x4 8" in lines
    figures = under(lines, "convolution")
    assert figures == ["2", "500", "50 %", "500 G", "1.00 G", "500", "1.00 T", "2.00 G", "C 50 %"]
    assert under(lines, "relu")[-2:] == ["50.0 G", "M 50 %"]
    assert under(lines, "Optimizer.step") == ["2", "40.0", "4 %", "-", "-", "-", "-", "-", "-"]


def test_the_last_lines_account_for_the_whole_step() -> None:
    lines = shown(PROFILE)
    between, step = (
        next(line for line in lines if line.endswith(end)) for end in ("between kernels", "the step")
    )
    assert float(between.split()[0]) == 100
    assert between.split()[1:3] == ["10", "%"]
    assert step.split()[:3] == ["1000", "100", "%"]


def test_the_shorter_kernels_are_summed_up() -> None:
    many = tuple(row(f"kernel{i}", 0.05, 0, 1e9) for i in range(15))
    lines = shown(replace(PROFILE, rows=many))
    assert "kernel11 64x8x4x4 8" in lines
    assert "kernel12 64x8x4x4 8" not in lines
    assert any(line.split() == ["6", "150", "15", "%", "3", "others"] for line in lines)


def test_nothing_is_wider_than_80_columns_and_no_name_steers_the_terminal() -> None:
    hostile = row(
        "void at::native::\x1b[31m" + "vectorized<4, float>" * 20, 123.456789, 1.2345e18, 9.87e17, "fp32"
    )
    lines = shown(replace(PROFILE, rows=(hostile, *ROWS), step_seconds=124.0, profiled_seconds=124.5))
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in "".join(lines)
    assert any(line.endswith("…") for line in lines)


def test_the_gap_in_words() -> None:
    where, at_the_roofs = gap_sentences(PROFILE)
    assert where.startswith(
        "Of 1.00 s per step, 50 % is in convolutions, which reach 50 % of the bf16 peak; "
    )
    assert "25 % is in work without products, which moves its bytes at 80 % of the memory's copy" in where
    assert "10 % is in matrix products, which reach 10 % of the fp32 peak; " in where
    assert where.endswith("; in 10 % no kernel runs.")
    assert "the step would take 490 ms, 49 % of that." in at_the_roofs


def test_what_the_profiler_costs_is_told_where_it_shows() -> None:
    assert (
        list(gap_sentences(replace(PROFILE, step_seconds=0.8)))[-1]
        == "Without the profiler a step took 800 ms."
    )
    assert len(list(gap_sentences(replace(PROFILE, step_seconds=0.97)))) == 2
