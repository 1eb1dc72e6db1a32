from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.baseline import read_baseline, write_baseline
from dawnbench.records.index import index_runs
from dawnbench.records.listed import read_listed
from dawnbench.records.reader import read_run
from dawnbench.records.store import RunWriter
from dawnbench.records.tags import checked_tags, parse_tags, tags_text
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.pooling import pool_runs, pool_trials
from tests.records.examples import RUN
from tests.records.folders import make_run
from tests.records.full_runs import full_run

TAGS = {"branch": "main", "driver": "580.95"}


def test_tags_are_keys_with_values_in_the_order_given() -> None:
    given = ("branch=main", "note=a=b c", "empty=", "branch=main", "ci/job.id-2=7")
    assert parse_tags(given) == {"branch": "main", "note": "a=b c", "empty": "", "ci/job.id-2": "7"}
    assert tags_text(parse_tags(given[:2])) == "branch=main, note=a=b c"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["main"], "the tag 'main' has no value; write KEY=VALUE, such as branch=main"),
        (["=main"], "the tag's key '' may have letters, digits, and _ . - / only"),
        (["a b=c"], "the tag's key 'a b' may have"),
        (["\x1b=c"], "may have letters"),
        (["a=b", "a=c"], "the tag a is given as 'b' and as 'c'; give it once"),
    ],
)
def test_anything_else_is_refused(given: list[str], said: str) -> None:
    with pytest.raises(DawnbenchError, match=re.escape(said)):
        parse_tags(given)


@pytest.mark.parametrize("tags", [{"a": 1}, {"a": None}, {1: "a"}])
def test_tags_from_python_are_text(tags: Any) -> None:
    with pytest.raises(DawnbenchError, match="the tag"):
        checked_tags(tags)


def test_a_run_keeps_its_tags_whatever_their_values_hold(tmp_path: Path) -> None:
    tags = {**TAGS, "hostile": "\x1b[31m\n\udcff"}
    writer = RunWriter(tmp_path, "davidnet", datetime.now(UTC))
    writer.write_run(replace(RUN, tags=tags))
    writer.close("finished")
    run = read_run(writer.folder)
    assert (run.record.tags, run.warnings) == (tags, ())
    assert read_listed(writer.folder).tags == tags


def test_a_folder_from_before_there_were_tags_has_none(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs" / "run")
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(re.sub(r',\n *"tags": \{\}', "", text))
    assert "tags" not in (folder / "run.json").read_text()
    assert read_run(folder).record.tags == read_listed(folder).tags == {}


@pytest.mark.parametrize("tags", ["null", "[]", '{"a": 1}'])
def test_tags_that_are_none_are_left_out(tmp_path: Path, tags: str) -> None:
    folder = make_run(tmp_path / "runs" / "run")
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text.replace('"tags": {}', f'"tags": {tags}'))
    run = read_run(folder)
    assert run.record.tags == read_listed(folder).tags == {}
    assert "tags" in run.warnings[0]


def test_a_cached_listing_has_the_tags(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "run", tags=TAGS)
    later = 2 * 10**18
    first, second = (index_runs(tmp_path / "runs", clock=lambda: later) for _ in range(2))
    assert first == second
    assert second.runs[0].tags == TAGS


def test_pooled_runs_keep_the_tags_that_all_have(tmp_path: Path) -> None:
    folders = [
        full_run(tmp_path / name, trials=2, hertz=0, seed=number, tags={**TAGS, "host": name})
        for number, name in enumerate(("a", "b"))
    ]
    runs = [read_run(folder) for folder in folders]
    assert pool_trials([trial_set_of(run) for run in runs], "both").tags == TAGS
    others = replace(runs[1], record=replace(runs[1].record, seed=7))
    (both,) = pool_runs([runs[0], others])
    assert both.record.tags == TAGS


def test_a_baseline_keeps_them(tmp_path: Path) -> None:
    write_baseline(trial_set_of(read_run(make_run(tmp_path / "run", tags=TAGS))), tmp_path / "b.json")
    assert read_baseline(tmp_path / "b.json").tags == TAGS
    text = (tmp_path / "b.json").read_text()
    (tmp_path / "b.json").write_text(re.sub(r',\n *"tags": \{[^}]*\}', "", text))
    assert read_baseline(tmp_path / "b.json").tags == {}
