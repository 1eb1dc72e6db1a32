from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.report.plots.scaling_plot import draw_scaling, write_scaling_plot
from tests.report.scale_study import one_seed, point, study


def test_each_axis_has_a_row_with_time_memory_and_accuracy() -> None:
    panels = draw_scaling(study()).axes
    assert len(panels) == 9
    time, memory, accuracy = panels[:3]
    measured, law = time.lines
    assert (measured.get_linestyle(), measured.get_marker()) == ("None", "o")
    assert law.get_linestyle() == "-"
    assert (time.get_xscale(), time.get_yscale()) == ("log", "log")
    assert list(time.get_xticks()) == [256, 512, 1024]
    assert len(memory.lines) == 2
    assert memory.get_ylim()[0] == 0
    assert list(memory.get_xlim()) == pytest.approx(list(time.get_xlim()), rel=0.1)
    single = panels[4]
    assert single.get_ylim()[1] > 1.05 * max(single.lines[0].get_ydata())
    assert memory.get_ylim()[1] > 2.1
    assert list(accuracy.lines[1].get_ydata()) == pytest.approx([91.23] * 3)
    assert [panel.get_xlabel() for panel in panels[::3]] == [
        "batch size",
        "width, times the recipe's",
        "threads",
    ]


def test_single_seeds_have_rows_without_their_accuracy() -> None:
    assert len(draw_scaling(study(one_seed(256, 4.0), one_seed(512, 2.0))).axes) == 6


def test_both_files_are_written_whatever_the_name(tmp_path: Path) -> None:
    svg, png = write_scaling_plot(study(name="a $x$ \\frac <b>"), tmp_path / "scaling")
    assert svg.read_text().lstrip().startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_study_without_a_time_is_an_empty_picture(tmp_path: Path) -> None:
    write_scaling_plot(study(point(512, None)), tmp_path / "scaling")


def test_a_device_that_counts_no_memory_has_its_times_drawn(tmp_path: Path) -> None:
    write_scaling_plot(study(point(256, 4.0), point(512, 2.0)), tmp_path / "scaling")


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    with pytest.raises(DawnbenchError, match="cannot write"):
        write_scaling_plot(study(), tmp_path / "none" / "scaling")


def test_the_words_need_no_matplotlib_and_the_picture_no_torch() -> None:
    program = (
        "import sys, dawnbench.cli, dawnbench.report.text.scaling_study\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import dawnbench.report.plots.scaling_plot\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
