from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dawnbench.records import index_cache
from dawnbench.records.index import Index, index_runs
from dawnbench.records.index_cache import cache_path, keep, recall
from tests.records.folders import make_run


def a_while_later() -> int:
    return time.time_ns() + 60_000_000_000


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for number in range(4):
        make_run(tmp_path / "runs" / f"run-{number}")
    return tmp_path / "runs"


@pytest.fixture
def expected(runs: Path, tmp_path: Path) -> Index:
    """The listing without a cache."""
    return index_runs(runs, cache=tmp_path / "other.sqlite")


def look(runs: Path) -> Index:
    return index_runs(runs, clock=a_while_later)


def kept(runs: Path) -> int:
    return len(recall(cache_path(), str(runs.resolve())))


def test_the_cache_is_in_the_users_cache_folder(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    look(runs)
    if sys.platform == "linux":
        assert cache_path() == tmp_path / "mine" / "dawnbench" / "runs.sqlite"
    assert cache_path().is_file()
    assert kept(runs) == 4


def no_database() -> None:
    cache_path().write_bytes(b"no database at all " * 400)


def empty() -> None:
    cache_path().write_bytes(b"")


def cut_short() -> None:
    content = cache_path().read_bytes()
    cache_path().write_bytes(content[: len(content) // 2])


def overwritten_inside() -> None:
    content = bytearray(cache_path().read_bytes())
    content[5000:] = os.urandom(len(content) - 5000)
    cache_path().write_bytes(content)


def of_another_layout() -> None:
    cache_path().unlink()
    with closing(sqlite3.connect(cache_path())) as database:
        database.execute("CREATE TABLE runs (folder TEXT, figures REAL)")
        database.execute("INSERT INTO runs VALUES ('run-1', 2.5)")
        database.execute("PRAGMA user_version = 7")
        database.commit()


def with_other_content() -> None:
    with closing(sqlite3.connect(cache_path())) as database:
        database.execute("UPDATE runs SET content = '[1, 2]'")
        database.commit()


def with_stamps_missing() -> None:
    with closing(sqlite3.connect(cache_path())) as database:
        database.execute("UPDATE runs SET stamp = NULL")
        database.commit()


def without_its_table() -> None:
    with closing(sqlite3.connect(cache_path())) as database:
        database.execute("DROP TABLE runs")
        database.commit()


def with_content_that_is_no_text() -> None:
    with closing(sqlite3.connect(cache_path())) as database:
        database.execute("UPDATE runs SET content = CAST(x'ff00ff' AS TEXT)")
        database.commit()


@pytest.mark.parametrize(
    "spoil",
    [
        no_database,
        empty,
        cut_short,
        overwritten_inside,
        of_another_layout,
        with_other_content,
        with_stamps_missing,
        without_its_table,
        with_content_that_is_no_text,
    ],
)
def test_a_damaged_cache_is_ignored_and_made_again(
    runs: Path, expected: Index, spoil: Callable[[], None]
) -> None:
    look(runs)
    spoil()
    assert look(runs) == expected
    look(runs)
    assert kept(runs) == 4
    assert look(runs) == expected


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 16_000), put=st.binary(min_size=1, max_size=200))
def test_no_damage_to_the_file_changes_the_list(runs: Path, expected: Index, at: int, put: bytes) -> None:
    look(runs)
    content = bytearray(cache_path().read_bytes())
    content[at : at + len(put)] = put
    cache_path().write_bytes(content)
    for _ in range(2):
        assert look(runs) == expected


@pytest.fixture
def locked(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another process writes and never finishes."""
    monkeypatch.setattr(index_cache, "PATIENCE", 0.02)
    look(runs)
    with closing(sqlite3.connect(cache_path(), isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


@pytest.mark.usefixtures("locked")
def test_a_locked_cache_is_ignored_and_left_alone(runs: Path, expected: Index) -> None:
    before = cache_path().read_bytes()
    assert look(runs) == expected
    assert cache_path().read_bytes() == before


def test_runs_are_listed_even_if_no_cache_can_be_written(
    runs: Path, expected: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    for place in (tmp_path / "taken", None):
        monkeypatch.setattr(index_cache, "cache_folder", lambda p=place: p)
        assert look(runs) == look(runs) == expected


def test_a_read_only_cache_is_read(runs: Path, expected: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    look(runs)
    really_connect = sqlite3.connect

    def connect(path: Path, **options: float | None) -> sqlite3.Connection:
        return really_connect(f"{path.as_uri()}?mode=ro", uri=True, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", connect)
    make_run(runs / "run-9", created="2026-09-09T00:00:00+00:00")
    for _ in range(2):
        assert [run.name for run in look(runs).runs] == ["run-9", *(run.name for run in expected.runs)]
    assert kept(runs) == 4


def test_concurrent_listings_agree_and_leave_an_intact_cache(runs: Path) -> None:
    for number in range(200):
        make_run(runs / f"more-{number:03}")
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dawnbench.records.index import index_runs\n"
        "for _ in range(5):\n"
        "    found = index_runs(Path(sys.argv[1]), clock=lambda: time.time_ns() + 10**11)\n"
        "    print(len(found.runs), found.troubles, hash(str(found)))\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(runs)], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(4)
    ]
    printed = {line for process in started for line in process.communicate()[0].splitlines()}
    assert [process.returncode for process in started] == [0] * 4
    assert len(printed) == 1
    assert kept(runs) == 204
    with closing(sqlite3.connect(cache_path())) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_old_entries_are_dropped_to_limit_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_cache, "MAX_ROWS", 5)
    cache = tmp_path / "cache.sqlite"
    for place, count in (("/a", 3), ("/b", 2), ("/c", 1)):
        keep(cache, place, {f"run-{n}": ("stamp", "content") for n in range(count)}, ())
    assert [len(recall(cache, place)) for place in ("/a", "/b", "/c")] == [0, 0, 1]
