"""writeup.md as a whole: its sections, and what becomes of runs that did not go well."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pymarkdown.api import PyMarkdownApi

from dawnbench.records.reader import Run
from dawnbench.report.text.log_views import LogView
from dawnbench.report.write_up.document import write_up, write_write_up
from tests.cli.made_runs import HOSTILE, steers
from tests.records.examples import RUN
from tests.report.write_up.models import RISING, finished, model_run

# Rows are long, and a log is folded away by an element that markdown has no sign for.
ACCEPTED = ("md013", "md033")


def written(*runs: Run, view: LogView = "epochs", **more: str) -> str:
    return write_up(runs, "dawnbench", view, **more)


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match("#+ ", line)]


def lint(text: str, folder: Path) -> list[str]:
    path = folder / "writeup.md"
    path.write_text(text, encoding="utf-8")
    linter = PyMarkdownApi()
    for rule in ACCEPTED:
        linter.disable_rule_by_identifier(rule)
    return [f"{f.line_number}: {f.rule_description}" for f in linter.scan_path(str(path)).scan_failures]


def cells(text: str, label: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {label}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_one_model_has_its_three_sections(tmp_path: Path) -> None:
    text = written(model_run(tmp_path / "a"))
    assert headings(text) == ["# mnist-1", "## Target", "## Results", "## Analysis"]
    assert text.index("a small net") < text.index("## Target")
    assert "At least 99.3 % validation accuracy within 7 epochs." in text
    assert "The series" not in text


def test_the_authors_words_come_first_with_the_analysis_that_earlier_versions_recorded(
    tmp_path: Path,
) -> None:
    words = {"target": "99.4 %.\n\n# In *15* epochs.", "analysis": "It overfits."}
    text = written(model_run(tmp_path / "a", words=words))
    assert "## Target\n\n99.4 %.\n\n\\# In \\*15\\* epochs.\n\n## Results" in text
    assert "## Analysis\n\nIt overfits.\n\n- The gap of" in text
    assert "At least 99" not in text


def test_a_trial_has_values_and_several_have_a_spread(tmp_path: Path) -> None:
    one = written(model_run(tmp_path / "a"))
    assert cells(one, "Figure") == ["Value"]
    assert cells(one, "Parameters") == ["1,728"]
    assert cells(one, "Best test accuracy") == ["99.50 %"]
    assert "1 trial of 7 epochs on AMD EPYC (cpu, fp32); cifar10, 50,000 training and 10,000 test" in one
    several = written(model_run(tmp_path / "b", RISING, [0.9] * 7, [0.994] * 7))
    assert cells(several, "Figure") == ["Mean", "Least", "Most"]
    assert cells(several, "Best test accuracy") == ["96.30 %", "90.00 %", "99.50 %"]
    assert cells(several, "Epochs at or above 99.3 %") == ["3.333", "0", "7"]
    assert cells(several, "Training time an epoch") == ["4.000 s", "3.000 s", "5.000 s"]
    assert "3 trials of 7 epochs each on" in several


def test_a_run_on_other_data_says_so_beside_the_recipes_summary(tmp_path: Path) -> None:
    recipe = {"name": "davidnet", "summary": "the 24-epoch entry, CIFAR-10", "changed": ["epochs=2"]}
    data = replace(RUN.data, source="synthetic")
    own = written(model_run(tmp_path / "a", recipe=recipe))
    assert "\n\nthe 24-epoch entry, CIFAR-10\n\n" in own
    recipe["changed"] = ["dataset.name=synthetic"]
    other = written(model_run(tmp_path / "b", recipe=recipe, data=data))
    subtitle = "Trained on synthetic instead of the recipe's own data. Recipe: the 24-epoch entry, CIFAR-10"
    assert f"\n\n{subtitle}\n\n" in other


def test_the_log_is_that_of_the_median_trial(tmp_path: Path) -> None:
    text = written(model_run(tmp_path / "a", RISING, [0.9] * 7, [0.5] * 7))
    assert "<summary>Training log of trial 2, the median of 3 by the dawnbench rule; it counts epochs" in text
    log = text[text.index("<details>") : text.index("</details>")]
    assert log.count("Accuracy: 900/1000 (90.00%)") == 14
    table = written(model_run(tmp_path / "b"), view="dawn")
    assert "| Epoch |" in table
    assert "<summary>Training log of trial 1</summary>" in table


def test_the_log_is_of_a_trial_that_counts(tmp_path: Path) -> None:
    quick = finished(4, status="diverged", seconds={"dawnbench": 1.0})
    ended = [finished(1), finished(2), finished(3), quick]
    text = written(model_run(tmp_path / "a", RISING, RISING, RISING, [0.1], ended=ended))
    assert "Training log of trial 2, the median of 3" in text


def test_a_series_has_a_row_a_model_in_the_order_given(tmp_path: Path) -> None:
    second = model_run(tmp_path / "b", RISING, [0.9] * 7, name="mnist-2", target=0.9924)
    text = written(second, model_run(tmp_path / "a"), picture="figures/series.svg", title="mnist-ladder")
    assert [line for line in headings(text) if line.count("#") < 3] == [
        "# mnist-ladder",
        "## mnist-2",
        "## mnist-1",
        "## The series",
    ]
    table = text[text.index("## The series") :]
    assert cells(table, "mnist-2") == [
        "1,728",
        "94.75 %",
        "94.75 %",
        "94.70 %",
        "1.5 of 7",
        "99.24 %",
        "3.500 s",
    ]
    assert table.rstrip().endswith("](figures/series.svg)")


def test_runs_of_one_recipe_are_told_apart(tmp_path: Path) -> None:
    text = written(model_run(tmp_path / "one"), model_run(tmp_path / "two"))
    assert "## mnist-1, one" in text
    assert len(set(headings(text))) == len(headings(text))


@pytest.mark.parametrize("view", ["dawn", "progress", "epochs"])
def test_a_linter_finds_nothing(view: LogView, tmp_path: Path) -> None:
    words = {"target": HOSTILE + "\n\n- x", "analysis": HOSTILE}
    hostile = {"name": HOSTILE, "words": words, "device_name": HOSTILE}
    runs = [model_run(tmp_path / "a", RISING, RISING), model_run(tmp_path / "b", **hostile)]  # type: ignore[arg-type]
    for chosen in (runs[:1], runs[1:], runs):
        text = written(*chosen, view=view)
        assert lint(text, tmp_path) == []
        assert not steers(text)
        assert "<script>" not in text


def test_trials_that_went_wrong_are_told_and_left_out(tmp_path: Path) -> None:
    ended = [finished(1), finished(2, status="diverged", reason="the loss was nan")]
    lossless = model_run(tmp_path / "a", RISING, [0.1], RISING, ended=ended, trials=5)
    text = written(lossless)
    assert "1 trial of 7 epochs on" in text
    assert "Trial 2 diverged (the loss was nan) and is left out." in text
    assert "Trial 3 was broken off and is left out." in text
    assert "2 of the 5 trials that were asked for did not begin." in text
    assert cells(text, "Figure") == ["Value"]


def test_a_run_that_was_interrupted_shows_how_far_it_went(tmp_path: Path) -> None:
    stopped = [finished(1, status="interrupted", reason="interrupted from the keyboard")]
    text = written(model_run(tmp_path / "a", RISING[:2], ended=stopped, status="interrupted"))
    assert "1 trial of 2 epochs on" in text
    assert "No trial came to its end, so the figures are of what was trained." in text
    assert "Trial 1 was interrupted (interrupted from the keyboard)." in text


def test_a_run_without_an_epoch_says_so(tmp_path: Path) -> None:
    empty = model_run(tmp_path / "a", (), ended=[finished(1, status="diverged", reason="nan")], name="broken")
    text = written(empty, model_run(tmp_path / "b"))
    assert "### Results (broken)\n\nNo epoch was recorded." in text
    assert cells(text, "broken") == ["1,728", "-", "-", "-", "-", "99.3 %", "-"]
    assert lint(text, tmp_path) == []


def test_the_same_runs_give_the_same_text(tmp_path: Path) -> None:
    run = model_run(tmp_path / "a", RISING, RISING)
    assert written(run) == written(run)
    assert str(tmp_path) not in written(run)


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
