from __future__ import annotations

from pathlib import Path

from dawnbench.report.write_up.write import write_write_up
from tests.report.write_up.models import model_run


def test_a_series_has_its_figure_beside_it_and_the_link_holds(tmp_path: Path) -> None:
    runs = [model_run(tmp_path / str(i), name=f"mnist-{i}") for i in range(3)]
    out = tmp_path / "out" / "writeup.md"
    write_write_up(runs, "dawnbench", "epochs", out)
    link = out.read_text().split("](")[1].split(")")[0]
    assert link == "figures/series.svg"
    assert (out.parent / link).stat().st_size > 1000
    assert (out.parent / link).with_suffix(".png").stat().st_size > 1000


def test_a_model_alone_has_none(tmp_path: Path) -> None:
    write_write_up([model_run(tmp_path / "a")], "dawnbench", "epochs", tmp_path / "out" / "writeup.md")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["writeup.md"]


def test_models_without_epochs_have_none(tmp_path: Path) -> None:
    runs = [model_run(tmp_path / name, (), ended=[], name=name) for name in "ab"]
    write_write_up(runs, "dawnbench", "epochs", tmp_path / "out" / "writeup.md")
    assert "![" not in (tmp_path / "out" / "writeup.md").read_text()
