"""The report on a search: its table, its sentences, and the best candidate as a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dawnbench.recipes import find_recipe
from dawnbench.report.text.console import open_console
from dawnbench.report.text.search import (
    best_recipe,
    measure_command,
    search_page,
    search_table,
    search_words,
)
from dawnbench.stats.search_results import SearchResults
from tests.campaigns.matrix.pretended import Came
from tests.stats.searches import searched

pytest.importorskip("optuna")


def noisy(folder: Path, count: int = 12) -> SearchResults:
    """Candidates of which none is faster than another, and half are accurate enough."""
    random = np.random.default_rng(5)

    def trial(momentum: float, seed: int) -> Came:
        accuracy = 0.95 if momentum < 0.7 else 0.93
        return Came(random.normal(2, 0.1), random.normal(accuracy, 0.001))

    return searched(folder, [round(float(m), 3) for m in np.linspace(0.5, 0.88, count)], trial)


def test_it_says_what_is_within_the_noise_and_what_is_luck(tmp_path: Path) -> None:
    found = noisy(tmp_path)
    words = "\n".join(search_words(found))
    assert (
        "12 of 20 candidates of quickstart were tried on cpu, with up to 3 seeds each; 0 of them were"
        in words
    )
    assert "a mean accuracy of 94 % or more; its time is the mean under the dawnbench rule, to which" in words
    assert f"within the noise: {len(found.as_fast)} others that meet the constraint cannot be told" in words
    assert "the best of 6 that meet the constraint is best partly by luck" in words
    assert (
        f"by {100 * (found.luck or 0):.1f} % if all 6 were equally fast; measure it with new seeds" in words
    )


def test_what_was_dropped_is_told_from_what_has_other_reasons_for_fewer_trials(tmp_path: Path) -> None:
    def trial(momentum: float, seed: int) -> Came:
        return Came(2.0 + 0.01 * seed, 0.5 if momentum == 0.8 else 0.95 + 0.001 * seed)

    found = searched(tmp_path, [0.5, 0.6, 0.7, 0.8], trial, seeds=2)
    said = "1 of them was dropped early as hopeless, and 3 more have not had every seed"
    assert said in search_words(found)[0]


def test_an_accuracy_that_may_not_suffice_is_said(tmp_path: Path) -> None:
    found = searched(tmp_path, [0.5], lambda m, s: Came(2.0, 0.9401 + 0.002 * (s - 1)))
    assert any("3 trials do not show that it meets the constraint" in words for words in search_words(found))


def test_without_an_accurate_candidate_there_is_no_best(tmp_path: Path) -> None:
    found = searched(tmp_path, [0.5, 0.6], lambda m, s: Came(2.0, 0.9))
    assert "no candidate with all of its trials meets the constraint yet" in search_words(found)
    assert measure_command(found) is None
    assert best_recipe(found) is None


def test_the_table_fits_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    console = open_console()
    with console.capture() as captured:
        console.print(search_table(noisy(tmp_path)))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["time", "95", "%", "accuracy", "trials", "meets", "settings"]
    assert len([line for line in lines if "optimizer.momentum=" in line]) == 10
    assert "label_smoothing=" in lines[2]


def test_the_page_has_the_table_the_figures_and_the_command(tmp_path: Path) -> None:
    found = noisy(tmp_path)
    page = search_page(found, {"history": "figures/history.svg", "importance": "figures/importance.svg"})
    assert page.count("optimizer.momentum=") == 10
    assert "2 more are left out." in page
    assert "(figures/history.svg)" in page
    assert "(figures/importance.svg)" in page
    assert f"dawnbench ab quickstart {tmp_path}/best.py --trials=20 --seed=1002 --device=cpu" in page


def test_the_best_candidate_is_a_recipe(tmp_path: Path) -> None:
    found = noisy(tmp_path)
    text = best_recipe(found)
    assert text is not None
    (tmp_path / "best.py").write_text(text)
    recipe = find_recipe(str(tmp_path / "best.py"))
    assert recipe.name == "quickstart-best"
    assert found.best is not None
    assert f"optimizer.momentum={recipe.optimizer.momentum}" in found.best.settings  # type: ignore[attr-defined]


def test_no_recipe_is_written_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    found = noisy(tmp_path)
    for recipe in ("../../evil.py", "/evil.py"):
        assert best_recipe(replace(found, search=replace(found.search, recipe=recipe))) is None


def test_what_a_damaged_folder_holds_stays_text(tmp_path: Path) -> None:
    found = noisy(tmp_path, 3)
    hostile = replace(found, name="<script>\x1b[31m", warnings=("evil\n# heading",))
    page = search_page(hostile, {})
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "\n# heading" not in page
