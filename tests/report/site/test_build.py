from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.records.index_cache import cache_path
from dawnbench.records.reader import collector_paused
from dawnbench.report.site import build_site
from dawnbench.report.site.build import Built
from tests.records.examples import RUN
from tests.report.site.folders import files, history, pair, small_run

LATER = 1 << 62
"""By this clock everything was written long ago."""


def build(runs: Path, out: Path, **changes: object) -> Built:
    return build_site(runs, out, **{"processes": 1, "clock": lambda: LATER, **changes})  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two series of some runs and a pair."""
    runs = tmp_path / "runs"
    history(runs, [2.6, 2.6, 2.7])
    history(runs, [9.3, 9.2], recipe_name="speedrun", first=10)
    pair(runs, 20, 2.6, 2.3)
    return runs


def test_every_run_series_and_comparison_has_a_page(folder: Path, tmp_path: Path) -> None:
    built = build(folder, tmp_path / "site")
    pages = [name for name in files(tmp_path / "site") if name.endswith(".html")]
    counted = {
        kind: sum(page.startswith(f"{kind}/") for page in pages) for kind in ("runs", "series", "comparisons")
    }
    # Three of davidnet follow another, one of speedrun does; newest against first; B against A.
    assert counted == {"runs": 7, "series": 3, "comparisons": 3 + 1 + 1 + 1}
    assert (built.runs, built.troubles) == (7, ())
    assert built.written == built.pages == len(files(tmp_path / "site")) - 1  # the manifest


def test_leaderboards_tell_precision_threads_and_changed_settings(tmp_path: Path) -> None:
    for number, threads in enumerate((1, 2)):
        environment, recipe = {"cpu": {"threads": threads}}, {**RUN.recipe, "changed": ["epochs=2"]}
        small_run(
            tmp_path / "runs", number, 2.0, environment=environment, recipe=recipe, device_name="AMD EPYC"
        )
    assert build(tmp_path / "runs", tmp_path / "site").troubles == ()
    page = (tmp_path / "site" / "index.html").read_text().replace("&nbsp;", " ")
    for device in ("AMD EPYC, bf16, 1 thread", "AMD EPYC, bf16, 2 threads"):
        assert f">{device}</td>" in page
        assert f'<option value="{device}">' in page
    assert ">davidnet epochs=2</a>" in page
    assert ">davidnet epochs=2 on AMD EPYC, 2 threads</a>" in page
    assert list((tmp_path / "site").glob("comparisons/*")) == []


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    for page in site.rglob("*.html"):
        for url in re.findall(r'(?:href|src)="([^"]*)"', page.read_text()):
            parts = urlsplit(url)
            if parts.scheme == "data" or not parts.path:
                continue
            assert (parts.scheme, parts.netloc) == ("", ""), url
            assert (page.parent / unquote(parts.path)).is_file(), (page, url)


def test_pages_of_runs_and_comparisons_that_did_not_change_are_left_alone(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    build(folder, out)
    before = files(out)
    kept = {page: page.stat().st_ino for page in (*out.glob("runs/*"), *out.glob("comparisons/*"))}
    assert build(folder, out).written == len(before) - 1 - len(kept)  # without the manifest
    assert {page: page.stat().st_ino for page in kept} == kept
    assert files(out) == before


def test_one_new_run_changes_only_the_pages_that_show_it(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(folder, out)
    before = files(out)
    new = small_run(folder, 30, 9.1, recipe_name="speedrun")
    build(folder, out)
    changed = {name for name, content in files(out).items() if before.get(name) != content}
    kinds = sorted(name.partition("/")[0] for name in changed)
    # Its own page, it against the one before and against the first, its series.
    assert kinds == ["comparisons", "comparisons", "dawnbench-site.json", "index.html", "runs", "series"]
    assert f"runs/{new.name}.html" in changed


def test_one_new_run_among_a_hundred_costs_a_fraction(tmp_path: Path) -> None:
    runs, out = tmp_path / "runs", tmp_path / "site"
    for recipe in ("a", "b", "c", "d"):
        history(runs, [2.0] * 25, recipe_name=recipe, count=2)

    def cost() -> float:
        # What other tests left in memory would be counted with it.
        with collector_paused():
            began = time.process_time()
            build(runs, out)
            return time.process_time() - began

    at_once = cost()
    small_run(runs, 50, 2.0, recipe_name="a", count=2)
    assert cost() < at_once / 4


@pytest.mark.parametrize("processes", [1, 2])
def test_built_step_by_step_or_at_once_it_is_the_same_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr("dawnbench.report.site.page_writer.MIN_PARALLEL", 2)
    runs, stepwise, at_once = tmp_path / "runs", tmp_path / "stepwise", tmp_path / "at-once"
    for number, mean in enumerate([2.6, 2.7, 2.6, 2.8]):
        made = small_run(runs, number, mean)
        if number == 2:
            other = small_run(runs, 9, 1.0, recipe_name="gone")
            build(runs, stepwise, processes=processes)
            shutil.rmtree(other)
        build(runs, stepwise, processes=processes)
    (made / "trials.jsonl").write_text((made / "trials.jsonl").read_text().replace("2.", "3."))
    build(runs, stepwise, processes=processes)
    build(runs, at_once, processes=1)
    assert files(stepwise) == files(at_once)


def test_the_location_of_the_runs_and_the_site_makes_no_difference(folder: Path, tmp_path: Path) -> None:
    build(folder, tmp_path / "site")
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    build(tmp_path / "elsewhere" / "copy", tmp_path / "elsewhere" / "out")
    found = files(tmp_path / "elsewhere" / "out")
    assert found == files(tmp_path / "site")
    for content in found.values():
        assert str(tmp_path).encode() not in content
        assert socket.gethostname().encode() not in content


def test_pages_of_a_removed_run_are_removed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    gone = small_run(folder, 40, 1.0, recipe_name="gone")
    build(folder, out)
    assert any("gone" in name for name in files(out))
    shutil.rmtree(gone)
    build(folder, out)
    assert not any("gone" in name for name in files(out))
    assert b"gone" not in files(out)["index.html"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: (run / "run.json").write_text("{"),
        lambda run: (run / "run.json").unlink(),
        lambda run: (run / "trials.jsonl").unlink(),
    ],
)
def test_a_damaged_run_is_reported_and_the_rest_is_built(
    folder: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    out = tmp_path / "site"
    bad = small_run(folder, 40, 1.0, recipe_name="bad")
    build(folder, out)
    damage(bad)
    built = build(folder, out)
    (trouble,) = built.troubles
    assert bad.name in trouble
    assert str(tmp_path) not in trouble
    assert built.runs == 7
    index = files(out)["index.html"].decode()
    assert "What could not be read or compared" in index
    assert bad.name in index
    assert f"runs/{bad.name}.html" not in files(out)
    # And it is back when it is whole again.
    shutil.rmtree(bad)
    small_run(folder, 40, 1.0, recipe_name="bad")
    assert build(folder, out).troubles == ()


def test_what_was_touched_a_moment_ago_is_read_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    first = build(folder, out, clock=lambda: 0).written
    assert build(folder, out).written == first
    kept = [*out.glob("runs/*"), *out.glob("comparisons/*")]
    assert build(folder, out).written == first - len(kept)


def test_a_page_that_was_lost_or_changed_is_written_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(folder, out)
    before = files(out)
    run, comparison = (next((out / kind).iterdir()) for kind in ("runs", "comparisons"))
    run.unlink()
    comparison.write_text("by hand")
    (out / "index.html").write_text("by hand")
    kept = [*out.glob("runs/*"), *out.glob("comparisons/*")]
    # Of the pages that would be kept, the lost one is no longer there and the changed one is written again.
    assert build(folder, out).written == len(before) - 1 - (len(kept) - 1)
    assert files(out) == before


def test_another_version_of_dawnbench_writes_every_page(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    build(folder, out)
    monkeypatch.setattr("dawnbench.records.index_cache._MADE_BY", 7)
    built = build(folder, out)
    assert built.written == built.pages


def test_a_lost_or_damaged_cache_only_takes_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    build(folder, out)
    before = files(out)
    kept = cache_path()
    assert kept is not None
    kept.write_bytes(kept.read_bytes()[:4096])
    assert build(folder, out).written == len(before) - 1
    with closing(sqlite3.connect(kept)) as database:
        database.execute("UPDATE runs SET content = '[1]'")
        database.commit()
    assert build(folder, out).written == len(before) - 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    assert build(folder, out).written == len(before) - 1
    assert files(out) == before


def test_a_cache_that_cannot_be_written_only_takes_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert build(folder, tmp_path / "site").troubles == ()


@pytest.mark.parametrize("kind", ["folder", "file", "foreign"])
def test_what_is_not_ours_is_left_alone(folder: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "precious"
    if kind == "file":
        out.write_text("thesis")
    else:
        out.mkdir()
        (out / "thesis.tex").write_text("thesis")
        if kind == "foreign":
            (out / "dawnbench-site.json").write_text('{"kind": "another"}')
    with pytest.raises(
        DawnbenchError, match=r"precious is not empty and is not a site .* name a new folder with --out"
    ):
        build(folder, out)
    assert not (out / "index.html").exists()


def test_files_that_a_user_added_stay(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(folder, out)
    (out / "CNAME").write_text("example.org")
    (out / "runs" / "notes.txt").write_text("mine")
    shutil.rmtree(folder)
    history(folder, [1.0], recipe_name="only")
    build(folder, out)
    assert (out / "CNAME").read_text() == "example.org"
    assert (out / "runs" / "notes.txt").read_text() == "mine"
    assert not (out / "comparisons").exists()


def test_a_manifest_cannot_lead_out_of_the_site(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    build(folder, out)
    (tmp_path / "precious").touch()
    manifest = json.loads((out / "dawnbench-site.json").read_text())
    manifest["files"] += ["../precious", str(tmp_path / "precious"), "runs/../../precious"]
    (out / "dawnbench-site.json").write_text(json.dumps(manifest))
    build(folder, out)
    assert (tmp_path / "precious").exists()


def test_a_link_in_a_site_cannot_lead_out_of_it(folder: Path, tmp_path: Path) -> None:
    out, outside = tmp_path / "site", tmp_path / "outside"
    build(folder, out)
    outside.mkdir()
    (outside / "precious").touch()
    manifest = json.loads((out / "dawnbench-site.json").read_text())
    (out / "link").symlink_to(outside)
    (out / "dawnbench-site.json").write_text(
        json.dumps({**manifest, "files": [*manifest["files"], "link/precious"]})
    )
    with pytest.raises(DawnbenchError, match=r"precious was left alone: a link in the site .* leads outside"):
        build(folder, out)

    (out / "dawnbench-site.json").write_text(json.dumps(manifest))
    shutil.rmtree(out / "runs")
    (out / "runs").symlink_to(outside)
    with pytest.raises(DawnbenchError, match=r"was left alone: a link in the site .* leads outside it"):
        build(folder, out)
    assert [path.name for path in outside.iterdir()] == ["precious"]


def test_an_interrupted_build_leaves_no_stray_page(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"

    def stopped(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dawnbench.report.site.build.render_series", stopped)
        with pytest.raises(KeyboardInterrupt):
            build(folder, out)
    shutil.rmtree(folder)
    history(folder, [1.0], recipe_name="only")
    build(folder, out)
    build(folder, tmp_path / "fresh")
    assert files(out) == files(tmp_path / "fresh")


def test_a_folder_without_runs_makes_a_site_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert build(tmp_path / "runs", tmp_path / "site").runs == 0
    assert "No runs yet" in (tmp_path / "site" / "index.html").read_text()


def test_a_single_run_folder_makes_a_site(tmp_path: Path) -> None:
    run = small_run(tmp_path / "runs", 1, 2.0)
    assert build(run, tmp_path / "site").runs == 1


def test_runs_and_rules_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="there is no folder"):
        build(tmp_path / "nowhere", tmp_path / "site")
    with pytest.raises(DawnbenchError, match="there is no timing rule lap"):
        build(tmp_path, tmp_path / "site", rule="lap")
    assert not (tmp_path / "site").exists()


def test_a_run_folder_whose_name_is_not_utf8_has_a_page(tmp_path: Path) -> None:
    run = small_run(tmp_path / "runs", 1, 2.0)
    history(tmp_path / "runs", [2.0, 2.1], first=2)
    try:
        run.rename(run.with_name(os.fsdecode(b"run-\xff")))
    except OSError:
        pytest.skip("this file system accepts only UTF-8 names")
    built = build(tmp_path / "runs", tmp_path / "site")
    assert (built.runs, built.troubles) == (3, ())
    # The other pages are remembered all the same.
    assert build(tmp_path / "runs", tmp_path / "site").written < built.written - 2


def test_a_linked_run_has_the_name_of_the_link(tmp_path: Path) -> None:
    run = small_run(tmp_path / "elsewhere", 1, 2.0)
    (tmp_path / "runs").mkdir()
    for name in ("one", "two"):
        (tmp_path / "runs" / name).symlink_to(run, target_is_directory=True)
    build(tmp_path / "runs", tmp_path / "site")
    assert {"runs/one.html", "runs/two.html"} <= files(tmp_path / "site").keys()
