"""Devices by time and cost, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.report.charts import Axis, Chart, Line, Point
from dawnbench.report.plots.devices_plot import draw_devices, write_devices_plot
from dawnbench.report.plots.style import styled


def chart(name: str = "NVIDIA H200", scale: str = "log") -> Chart:
    return Chart(
        title="davidnet to 94.00 %",
        x=Axis("cost", "$", scale=scale),  # type: ignore[arg-type]
        y=Axis("time", "s", scale=scale),  # type: ignore[arg-type]
        lines=[
            Line("Pareto front", [0.002, 0.3], [5.0, 2.0], thick=True, dots=True, key="Pareto front"),
            Line("other devices", [0.9], [2600.0], "grey", dots=True, joined=False, key="other devices"),
        ],
        points=[Point(0.002, 5.0, label="A"), Point(0.3, 2.0, label=name), Point(0.9, 2600.0, label="CPU")],
        note="Not shown: NVIDIA L4.",
    )


def test_the_front_is_joined_and_every_device_is_named() -> None:
    with styled():
        (axes,) = draw_devices(chart()).axes
    front, others = axes.lines
    assert (front.get_linestyle(), others.get_linestyle()) == ("--", "None")
    assert [text.get_text() for text in axes.texts] == ["A", "NVIDIA H200", "CPU"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cost, $", "time, s")
    assert axes.get_title() == "Not shown: NVIDIA L4."


def test_a_linear_axis_starts_at_zero() -> None:
    with styled():
        (axes,) = draw_devices(chart(scale="linear")).axes
    assert (axes.get_xlim()[0], axes.get_ylim()[0]) == (0, 0)


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PNG", b"\x89PNG")])
def test_one_file_is_written_whatever_the_name_and_equal_charts_give_equal_bytes(
    tmp_path: Path, suffix: str, start: bytes
) -> None:
    first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
    for path in (first, second):
        write_devices_plot(chart("a $x$ \\frac <b>\n\x1b"), path)
    assert first.read_bytes().lstrip().startswith(start)
    assert first.read_bytes() == second.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DawnbenchError, match="cannot write"):
        write_devices_plot(chart(), tmp_path / "file" / "a.png")
