"""The document about a run, as text."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import Run, read_run
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import trial_set_of
from dawnbench.report.page import render_run_page, shared_assets
from dawnbench.report.text.headline import headline
from dawnbench.stats.trial_summary import summarise
from tests.records.full_runs import full_run


def test_the_same_run_gives_the_same_bytes_wherever_it_lies(run: Run, tmp_path: Path) -> None:
    page = render_run_page(run, read_samples(run.folder))
    moved = tmp_path / "elsewhere" / run.folder.name
    shutil.copytree(run.folder, moved)
    assert render_run_page(read_run(moved), read_samples(moved)) == page
    assert str(run.folder.parent) not in page


def test_the_headline_stands_in_the_page_word_for_word(run: Run) -> None:
    series = trial_set_of(run)
    sentence = headline(series, summarise(series), "strict")
    page = render_run_page(run, None, rule="strict").replace("&nbsp;", " ")
    assert sentence in page


def test_a_run_on_a_processor_shows_its_threads_and_what_was_changed(tmp_path: Path) -> None:
    folder = full_run(
        tmp_path / "run",
        trials=1,
        device="cpu",
        device_name="AMD EPYC",
        command=("dawnbench", "run", "davidnet"),
        environment={"cpu": {"threads": 2}},
    )
    run = read_run(folder)
    changed = {**run.record.recipe, "changed": [f"a{i}=1" for i in range(6)]}
    run = replace(run, record=replace(run.record, recipe=changed))
    page = render_run_page(run, None).replace("&nbsp;", " ")
    assert "AMD EPYC (cpu, bf16, 2 threads)" in page
    assert "OMP_NUM_THREADS=2 dawnbench run davidnet" in page
    assert "a0=1, a1=1, a2=1, a3=1, a4=1, a5=1" in page


def test_tags_are_among_the_facts_and_are_no_markup(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "run", hertz=0, tags={"branch": "main", "note": "<img src=x>"}))
    page = render_run_page(run, None)
    assert "branch=main, note=&lt;img src=x&gt;" in page
    assert "<img src=x>" not in page


def test_twenty_trials_with_telemetry_stay_under_three_megabytes(tmp_path: Path) -> None:
    run = read_run(full_run(tmp_path / "run", trials=20, epochs=24, epoch_seconds=4))
    samples = read_samples(run.folder)
    assert samples is not None
    assert len(samples) > 40_000
    page = render_run_page(run, samples)
    assert len(page.encode()) < 3_000_000
    assert "thinned to at most 1,500 points" in page


def test_a_page_beside_its_assets_holds_none_of_them(run: Run) -> None:
    page = render_run_page(run, None, assets="../assets/", trail=[("All runs", "../index.html")])
    for name in shared_assets():
        assert (f'"../assets/{name}"' in page) == name.endswith((".js", ".css"))
    assert 'href="../index.html"' in page
    assert len(page.encode()) < 100_000
    alone = render_run_page(run, None)
    assert "Leon Sorokin" in alone
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!data:)", alone)


def test_a_page_is_made_in_a_moment(run: Run) -> None:
    samples, summary = read_samples(run.folder), summarise(trial_set_of(run))
    render_run_page(run, samples, summary=summary)
    took = []
    for _ in range(5):
        began = time.process_time()
        render_run_page(run, samples, summary=summary)
        took.append(time.process_time() - began)
    assert min(took) < 0.1  # about 0.01 on a machine at rest


def test_a_rule_that_there_is_none_of_is_refused(run: Run) -> None:
    with pytest.raises(DawnbenchError, match="there is no timing rule lunch"):
        render_run_page(run, None, rule="lunch")


def test_what_is_doubtful_is_said(run: Run) -> None:
    trials = (replace(run.trials[0], warnings=("its two clocks disagree",)), *run.trials[1:])
    page = render_run_page(replace(run, trials=trials, warnings=("a line is torn",)), None)
    for words in ("held below its clocks", "trial 1: its two clocks disagree", "a line is torn"):
        assert words in page


def test_a_dash_has_its_reason_below_its_table(run: Run) -> None:
    first, *others = run.trials
    untimed = replace(first, seconds=first.seconds | {"cold": None})
    page = render_run_page(replace(run, trials=(untimed, *others)), None)
    assert page.count("A dash under") == 1
    assert "A dash under cold of trial 1: the process was not started for this run alone" in page
