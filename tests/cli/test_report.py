"""`dawnbench report` and `dawnbench watch`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.made_runs import invoke
from tests.records.full_runs import full_run
from tests.records.inference_runs import inference_run, passes
from tests.report.write_up.models import model_run

LINKED = ("accuracy", "curves", "learning-rate", "times", "segments", "telemetry", "ladder")


def test_one_run_gets_its_report_page_and_figures_into_its_folder(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a")
    status, out, _ = invoke("report", folder)
    assert status == 0
    assert out.split() == [str(folder / "report.md"), str(folder / "report.html")]
    text = (folder / "report.md").read_text()
    for name in LINKED:
        assert f"](figures/{name}.svg)" in text
        assert (folder / "figures" / f"{name}.svg").stat().st_size > 1000
        assert (folder / "figures" / f"{name}.png").stat().st_size > 1000
    assert "data:image/svg+xml" in (folder / "report.html").read_text()


def test_it_goes_where_it_is_told_and_its_links_hold(tmp_path: Path) -> None:
    runs = [full_run(tmp_path / name, seed=i) for i, name in enumerate("ab")]
    out = tmp_path / "docs" / "both.md"
    assert invoke("report", *runs, "-o", out)[0] == 0
    links = [part.split(")")[0] for part in out.read_text().split("](figures/")[1:]]
    assert "ratio-2.svg" in links
    assert "2/accuracy.svg" in links
    assert all((out.parent / "figures" / link).is_file() for link in links)
    page = tmp_path / "docs" / "a.html"
    assert invoke("report", runs[0], "-o", page)[0] == 0
    assert page.read_text().startswith("<!doctype html>")


def test_a_dash_prints_it_and_writes_nothing(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a")
    before = sorted(folder.iterdir())
    status, out, _ = invoke("report", folder, "-o", "-", "--log", "epochs", "--rule", "strict")
    assert status == 0
    assert out.startswith("# davidnet on NVIDIA H200\n")
    assert out.count("\n[Epoch ") == 10
    assert "under the strict rule" in out
    assert "figures/" not in out
    assert sorted(folder.iterdir()) == before


def test_a_write_up_of_one_run_goes_into_its_folder(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a")
    status, out, _ = invoke("report", folder, "--style", "writeup")
    assert status == 0
    assert out == f"{folder / 'writeup.md'}\n"
    text = (folder / "writeup.md").read_text()
    for heading in ("Target", "Results", "Analysis"):
        assert f"\n## {heading}\n" in text
    assert text.count("\n[Epoch ") == 10
    assert not (folder / "report.md").exists()


def test_a_write_up_of_a_series_goes_where_it_is_told(tmp_path: Path) -> None:
    runs = [full_run(tmp_path / name, recipe_name=name) for name in "ba"]
    out = tmp_path / "docs" / "series.md"
    assert invoke("report", *runs, "--style", "writeup", "-o", out, "--log", "dawn")[0] == 0
    text = out.read_text()
    assert text.index("## b\n") < text.index("## a\n") < text.index("](figures/series.svg)")
    assert "| Epoch | LR" in text
    assert (out.parent / "figures" / "series.svg").is_file()


def test_runs_of_other_seeds_are_written_up_as_one_model(tmp_path: Path) -> None:
    runs = [model_run(tmp_path / str(seed), seed=seed).folder for seed in (3, 4)]
    status, out, _ = invoke("report", *runs, "--style", "writeup", "-o", "-")
    assert status == 0
    assert out.startswith("# mnist-1\n")
    assert "2 trials of 7 epochs each on" in out
    assert "The trials come from 2 runs, in this order: 3, 4." in out


def test_a_write_up_has_the_authors_notes(tmp_path: Path) -> None:
    recorded = {"target": "Be good.", "analysis": "Said beforehand."}
    runs = [model_run(tmp_path / name, name=name, words=recorded).folder for name in ("mnist-1", "mnist-2")]
    notes = tmp_path / "notes.md"
    notes.write_text("## mnist-1\n\nWritten the day after.\n\n## mnist-3\n\nOf another.\n")
    status, out, err = invoke("report", runs[0], "--style", "writeup", "--notes", notes, "-o", "-")
    assert (status, err) == (0, "")
    assert "## Target\n\nBe good.\n" in out
    assert "## Analysis\n\nWritten the day after.\n\n- The gap" in out
    path = tmp_path / "both.md"
    status, out, err = invoke("report", *runs, "--style", "writeup", "--notes", notes, "-o", path)
    assert (status, out) == (0, f"{path}\n")
    assert err == f"{notes} has no text on mnist-2; begin its section with the line ## mnist-2\n"
    text = path.read_text()
    assert text.count("Written the day after.") == text.count("Said beforehand.") == 1
    assert "Of another." not in text


def test_the_notes_are_never_replaced_by_the_write_up(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a")
    notes = folder / "writeup.md"
    notes.write_text("## davidnet\n\nIt was.\n")
    status, _, err = invoke("report", folder, "--style", "writeup", "--notes", notes)
    assert status == 2
    assert "would replace the notes" in err
    assert notes.read_text() == "## davidnet\n\nIt was.\n"


def test_a_dash_prints_the_write_up_and_writes_nothing(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a")
    before = sorted(folder.iterdir())
    status, out, _ = invoke("report", folder, "--style", "writeup", "-o", "-", "--rule", "strict")
    assert status == 0
    assert out.startswith("# davidnet\n")
    assert "by the strict rule" in out
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "not a run folder"),
        (["a", "a", "--style", "writeup"], "name it with -o writeup.md"),
        (["a", "--style", "writeup", "-o", "x.html"], "a write-up is Markdown and x.html is a page"),
        (["a", "--style", "essay"], "--style"),
        (["a", "--notes", "notes.md"], "--notes only apply to a write-up; add --style writeup"),
        (["a", "--style", "writeup", "--notes", "no.md"], "cannot read the notes no.md: No such file"),
        (["a", "--style", "writeup", "--notes", "a"], "cannot read the notes a: "),
        (
            ["a", "--style", "writeup", "--notes", "notes.md"],
            "notes.md has no text on davidnet; begin its section with the line ## davidnet",
        ),
        (["a", "--rule", "mine"], "'mine' is not one of"),
        (["a", "a"], "name it with -o"),
        (["a", "a", "-o", "x.html"], "a page shows one run"),
        (["a", "--log", "x"], "--log"),
        ([], "RUN"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    full_run(tmp_path / "a", hertz=0)
    (tmp_path / "notes.md").write_text("## davidnet\n\n## quickstart\n\nIt was.\n")
    status, _, error = invoke("report", *arguments)
    assert status == 2
    assert said in error
    assert "Traceback" not in error
    assert not {"report.md", "writeup.md"} & {path.name for path in (tmp_path / "a").iterdir()}


def test_no_verb_loads_torch(tmp_path: Path) -> None:
    folder = full_run(tmp_path / "a", trials=1)
    program = (
        "import sys\nfrom dawnbench.cli import main\n"
        "for words in (['report'], ['report', '--style', 'writeup'], ['watch']):\n"
        f"    main([*words, {str(folder)!r}], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_run_that_goes_on_is_followed_to_its_end(command: list[str], tmp_path: Path) -> None:
    recipe = ["quickstart", "--trials", "2", "--epochs", "2", "--set", "model.widths=[4,4,4,4]"]
    running = subprocess.Popen(
        [*command, "run", *recipe, "--out", tmp_path, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    first = running.stdout.readline()
    while '"folder"' not in first:  # what is loaded comes before
        first = running.stdout.readline()
    folder = Path(json.loads(first)["folder"])
    watched = subprocess.run([*command, "watch", folder], capture_output=True, text=True, timeout=120)
    assert running.wait(60) == 0
    assert watched.returncode == 0, watched.stderr
    rows = [line.split()[1] for line in watched.stdout.splitlines() if line.startswith("| ")]
    assert [row for row in rows if row.isdigit()] == ["1", "2", "1", "2"]
    assert f"finished: {folder}" in watched.stdout.replace("\n", "")


def test_watching_an_inference_run_shows_its_passes_and_no_epochs(tmp_path: Path) -> None:
    status, out, _ = invoke("watch", inference_run(tmp_path / "answers", passes(count=2)))
    assert status == 0
    assert ": 1.000 ms per image (median 0.9500 ms, p99 1.900 ms)" in out
    assert "94.32 % of 10,000 test images are classified correctly" in out
    assert "latency [ms]" in out
    assert not any(word in out.lower() for word in ("epoch", "missed", "trial  "))
    assert out.endswith(f"finished: {tmp_path / 'answers'}\n")


def test_watching_what_is_no_run_is_one_sentence(tmp_path: Path) -> None:
    status, _, error = invoke("watch", tmp_path)
    assert status == 2
    assert "not a run folder" in error


def test_an_inference_run_reports_latency_and_throughput_and_nothing_of_a_training(tmp_path: Path) -> None:
    folder = inference_run(tmp_path / "answers", passes(count=3))
    assert invoke("report", folder, "--cost-per-hour", "0.36")[0] == 0
    text, page = (folder / "report.md").read_text(), (folder / "report.html").read_text()
    for name in ("latency", "throughput", "times", "segments", "ladder"):
        assert f"](figures/{name}.svg)" in text
    assert "davidnet inference torch on AMD EPYC (cpu, fp32) answers in 1.000 ms per image" in text
    assert "## Passes" in text
    assert "Cost per million images under inference: $0.100 at $0.360 per hour." in text
    for written in (text, page):
        assert "by torch" in written
        for meaningless in ("Epochs to target", "Learning rate", "epoch", "per step", "/home/ada"):
            assert meaningless not in written.partition("## How to")[0].partition("charts.js")[0]


def test_an_inference_run_has_no_write_up(tmp_path: Path) -> None:
    folder = inference_run(tmp_path / "answers")
    code, out, err = invoke("report", folder, "--style", "writeup")
    assert (code, out) == (2, "")
    assert f"{folder} is an inference run, and a write-up is about trainings; omit --style writeup" in err
