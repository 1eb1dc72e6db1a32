from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from dawnbench.records.identity import RunIdentity
from dawnbench.records.listed import Listed
from dawnbench.report.text.listing import coloured, fitted, listing
from dawnbench.safe_text import plain

RUN = Listed(
    name="20260203T040506Z-davidnet-10-3fa2b1",
    folder=Path("runs", "20260203T040506Z-davidnet-10-3fa2b1"),
    created="2026-02-03T04:05:06+00:00",
    identity=RunIdentity(
        fingerprint="cd" * 32,
        target=0.94,
        recipe_digest="ab" * 32,
        device_name="NVIDIA H200",
        precision="bf16",
        recipe_name="davidnet-10",
        changed=(),
        data="cifar10",
        device="cuda",
    ),
    status="finished",
    asked=3,
    done=3,
    reached=2,
    median_seconds={"dawnbench": 2.4, "airbench": 3.0, "cold": None},
    mean_seconds={"dawnbench": 2.5912, "airbench": 3.25, "cold": None},
    accuracy=0.94081,
)
OTHER = replace(
    RUN,
    name="20260202T040506Z-airbench94-0c0ffe",
    identity=replace(
        RUN.identity,
        recipe_name="airbench94",
        device_name="Intel(R) Xeon(R) Platinum 8488C",
        target=0.96,
    ),
)


def cells(text: str, line: int) -> list[str]:
    return [cell.strip() for cell in text.splitlines()[line].split("  ") if cell.strip()]


def closing(text: str) -> str:
    return text.split("\n\n")[1]


def test_a_run_is_a_line_and_what_all_share_is_said_once() -> None:
    text = listing([RUN, replace(RUN, name="b")], "dawnbench", 2, 80)
    assert cells(text, 0) == ["run", "trials", "time", "accuracy"]
    assert cells(text, 1) == [RUN.name, "2/3", "2.591 s", "94.08 %"]
    said = "2 runs, target 94 %, on NVIDIA H200, bf16"
    assert closing(text) == f"{said}\ntime: mean under the dawnbench rule"


def test_target_and_device_have_a_column_where_they_differ() -> None:
    text = listing([RUN, OTHER], "airbench", 2, None)
    assert cells(text, 0) == ["run", "target", "trials", "time", "accuracy", "device"]
    assert cells(text, 1) == [RUN.name, "94 %", "2/3", "3.250 s", "94.08 %", "NVIDIA H200"]
    assert cells(text, 2)[1] == "96 %"
    assert cells(text, 2)[-1] == "Intel(R) Xeon(R) Platinum 8488C"
    assert closing(text) == "2 runs, bf16\ntime: mean under the airbench rule"


def test_in_a_terminal_of_80_columns_no_line_is_longer_and_the_name_is_whole() -> None:
    text = listing([RUN, replace(OTHER, reached=198, done=200, asked=200)], "dawnbench", 2, 80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.splitlines()[1].startswith(RUN.name)
    assert text.splitlines()[2] == "    NVIDIA H200"
    assert text.splitlines()[4] == "    Intel(R) Xeon(R) Platinum 8488C"


def test_a_device_loses_its_vendor_before_it_gets_a_line_of_its_own() -> None:
    other = replace(RUN, identity=replace(RUN.identity, device_name="NVIDIA GeForce RTX 4090"))
    lines = listing([RUN, other], "dawnbench", 2, 80).splitlines()
    assert lines[1].endswith("  H200")
    assert lines[2].endswith("  RTX 4090")
    assert "NVIDIA GeForce RTX 4090" in listing([RUN, other], "dawnbench", 2, 100)


def on_threads(threads: int | None, **changes: Any) -> Listed:
    known = {"device_name": "AMD EPYC", "threads": threads, **changes}
    return replace(RUN, identity=replace(RUN.identity, **known))


def test_precision_and_threads_are_said_once_or_have_a_column_if_they_differ() -> None:
    assert "on AMD EPYC, bf16, 2 threads\n" in listing([on_threads(2)] * 2, "dawnbench", 2, 80)
    text = listing([on_threads(2), on_threads(1, precision="fp32"), on_threads(None)], "dawnbench", 3, 80)
    assert cells(text, 0)[-1] == "precision"
    assert [cells(text, row)[-1] for row in (1, 2, 3)] == ["bf16, 2 threads", "fp32, 1 thread", "bf16"]
    assert closing(text).startswith("3 runs, target 94 %, on AMD EPYC\n")
    assert max(map(cell_len, text.splitlines())) <= 80


def test_whatever_differs_it_fits_a_terminal_and_is_whole() -> None:
    changed = ("precision=fp32", "epochs=2", "batch_size=256")
    runs = [replace(OTHER, identity=replace(OTHER.identity, threads=16)), on_threads(2, changed=changed), RUN]
    lines = listing(runs, "dawnbench", 3, 80).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert lines[2] == "    Intel(R) Xeon(R) Platinum 8488C, bf16, 16 threads"
    assert lines[4] == "    AMD EPYC, bf16, 2 threads, precision=fp32 epochs=2 batch_size=256"
    assert lines[6] == "    NVIDIA H200, bf16"
    shared = listing([on_threads(128, device_name="x" * 60)], "dawnbench", 7, 80)
    assert max(map(cell_len, shared.splitlines())) <= 80


def test_an_inference_run_has_milliseconds_and_both_times_are_explained_within_the_width() -> None:
    answers = replace(
        RUN,
        identity=replace(RUN.identity, inference="torch"),
        median_seconds={"inference": 0.00125},
        mean_seconds={"inference": 0.0013},
    )
    text = listing([answers, RUN], None, 2, 80)
    assert "1.300 ms" in text.splitlines()[1]
    assert "2.591 s" in text.splitlines()[2]
    assert max(map(cell_len, text.splitlines())) <= 80
    times = "time: mean latency of an image (inference), mean under the dawnbench rule (training)"
    assert " ".join(closing(text).split("\n")[1:]) == times


def test_a_run_that_is_not_finished_says_how_far_it_came() -> None:
    broken = replace(RUN, status="interrupted", asked=20)
    begun = replace(
        RUN, status="running", done=0, reached=0, median_seconds={}, mean_seconds={}, accuracy=None
    )
    text = listing([RUN, broken, begun], "dawnbench", 3, 80)
    assert cells(text, 2)[1] == "2/3 of 20"
    assert cells(text, 3)[1:] == ["0/0 of 3", "running", "-"]
    assert closing(text).startswith("3 runs, 1 interrupted, 1 running, ")


@pytest.mark.parametrize(
    ("changes", "color"),
    [
        ({"reached": 3}, "green"),
        ({"reached": 2}, "yellow"),
        ({"reached": 3, "status": "interrupted"}, "yellow"),
        ({"done": 0, "reached": 0, "status": "running"}, "yellow"),
        ({"status": "failed"}, "red"),
        ({"status": "died"}, "red"),
    ],
)
def test_a_terminal_shows_by_its_colour_how_a_run_went(changes: dict[str, Any], color: str) -> None:
    runs = [replace(RUN, **changes), RUN]
    text = listing(runs, "dawnbench", 2, 80)
    shown = coloured(text, runs)
    assert shown.plain == text
    places = text.index(RUN.name), text.rindex(RUN.name)
    assert [str(shown.get_style_at_offset(Console(), place)) for place in places] == [color, "yellow"]
    folded = listing([runs[0], replace(OTHER, reached=3)], "dawnbench", 2, 80)
    shown = coloured(folded, [runs[0], replace(OTHER, reached=3)])
    places = folded.index("NVIDIA H200"), folded.index("Intel(R)")
    assert [str(shown.get_style_at_offset(Console(), place)) for place in places] == [color, "green"]


def test_a_terminal_is_told_of_an_empty_folder_without_colour() -> None:
    text = listing([], "dawnbench", 0, 80)
    assert coloured(text, []).plain == text


def test_a_missing_time_says_why_it_is_missing() -> None:
    assert cells(listing([RUN], "cold", 1, 80), 1) == [RUN.name, "2/3", "untimed", "94.08 %"]
    assert cells(listing([RUN], "strict", 1, 80), 1)[2] == "untimed"
    missed = replace(RUN, reached=0, mean_seconds={"dawnbench": None})
    assert cells(listing([missed], "dawnbench", 1, 80), 1)[2] == "missed"


def test_how_many_of_how_many_are_listed() -> None:
    assert closing(listing([RUN], "dawnbench", 1, 80)).startswith("1 run, ")
    assert closing(listing([RUN], "dawnbench", 7, 80)).startswith("1 of 7 runs, ")
    assert listing([], "dawnbench", 7, 80) == "none of 7 runs matches"
    assert listing([], "dawnbench", 0, 80) == "no run here; `dawnbench run` makes one"


@given(
    text=st.text(
        st.characters() | st.sampled_from("\x1b\x07\r\n\t\u202e\ud800\x9b"),
    )
)
def test_nothing_in_a_name_steers_the_terminal(text: str) -> None:
    one = replace(RUN.identity, device_name=text, changed=(text,))
    hostile = replace(RUN, name=f"a{text}", identity=one, status=text, done=0, tags={text: text})
    shown = listing([RUN, hostile], "dawnbench", 2, 80)
    assert all(line.isprintable() for line in shown.split("\n"))
    shown.encode()
    assert RUN.name in shown


def test_wide_letters_keep_the_columns_in_line() -> None:
    text = listing([RUN, replace(RUN, name="20260203T040506Z-訓練-3fa2b1")], "dawnbench", 2, 80)
    assert len({cell_len(line) for line in text.split("\n\n")[0].splitlines()}) == 1


@given(name=st.text(), room=st.integers(6, 40))
def test_a_device_fits_into_the_room_it_is_given(name: str, room: int) -> None:
    assert cell_len(fitted(plain(name), room)) <= room


@pytest.mark.parametrize(
    ("room", "shown"),
    [(None, "NVIDIA GeForce RTX 4090"), (23, "NVIDIA GeForce RTX 4090"), (22, "RTX 4090"), (7, "RTX 40…")],
)
def test_a_device_loses_its_vendor_before_its_model(room: int | None, shown: str) -> None:
    assert fitted("NVIDIA GeForce RTX 4090", room) == shown


def test_what_was_changed_in_a_recipe_is_named() -> None:
    changed = replace(RUN, identity=replace(RUN.identity, changed=("precision=fp32", "epochs=2")))
    text = listing([changed, RUN], "dawnbench", 2, None)
    assert cells(text, 0)[-1] == "changed"
    assert cells(text, 1)[-1] == "precision=fp32 epochs=2"
    assert cells(text, 2) == cells(listing([RUN], "dawnbench", 1, None), 1)
    narrow = listing([changed, RUN], "dawnbench", 2, 80).splitlines()
    assert max(map(cell_len, narrow)) <= 80
    assert closing(listing([changed] * 2, "dawnbench", 2, 80)).startswith(
        "2 runs, target 94 %, on NVIDIA H200, bf16, precision=fp32 epochs=2\n"
    )


def test_tags_have_a_column_where_there_are_any() -> None:
    tagged = replace(RUN, tags={"branch": "main", "note": "\x1b[2J"})
    changed = replace(RUN, identity=replace(RUN.identity, changed=("precision=fp32", "epochs=2")))
    text = listing([tagged, RUN, changed], "dawnbench", 3, None)
    assert cells(text, 0)[-2:] == ["changed", "tags"]
    assert cells(text, 1)[-1] == "branch=main, note=?[2J"
    assert cells(text, 3)[-1] == "precision=fp32 epochs=2"
    assert "tags" not in listing([RUN, changed], "dawnbench", 2, None)
    assert closing(listing([tagged], "dawnbench", 1, 80)).split("\n")[0].endswith(", branch=main, note=?[2J")
