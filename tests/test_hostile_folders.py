"""Run folders from a stranger through every command: nothing in them gets raw into an output."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic_core import from_json

from dawnbench.records.baseline import write_baseline
from dawnbench.records.published import CIFAR10_FINGERPRINT
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples
from dawnbench.records.trial_set import trial_set_of
from tests.cli.made_runs import invoke
from tests.records.hostile import ATTACK, FOLDER, STEERING, hostile_run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """Every output of two hostile runs, and what each command printed."""
    top = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        patch.setenv("XDG_CACHE_HOME", str(top / "cache"))
        patch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
        one = hostile_run(Path("runs") / FOLDER, "A")
        two = hostile_run(Path("runs") / f"{FOLDER}2", "B", seed=1)
        timed = hostile_run(Path("timed") / FOLDER, "A")
        text = (timed / "run.json").read_text()
        # Some outputs need a time, and some are only of CIFAR-10.
        for key, value in (("created", "2026-02-03T04:05:06+00:00"), ("fingerprint", CIFAR10_FINGERPRINT)):
            text = re.sub(rf'"{key}": "(?:[^"\\]|\\.)*"', f'"{key}": "{value}"', text)
        (timed / "run.json").write_text(text)

        write_baseline(trial_set_of(read_run(two)), Path("baseline.json"))

        printed = {}
        for name, arguments in {
            "log": ("log", one),
            "report": ("report", one),
            "page": ("report", one, "-o", "page.html"),
            "writeup": ("report", one, "--style", "writeup"),
            "report of both": ("report", one, two, "-o", "both/report.md"),
            "writeup of both": ("report", one, two, "--style", "writeup", "-o", "both/writeup.md"),
            "show": ("show", one),
            "show --json": ("show", one, "--json"),
            "runs": ("runs", "runs"),
            "runs --json": ("runs", "runs", "--json"),
            "compare": ("compare", one, two),
            "compare --json": ("compare", one, two, "--json"),
            "published": ("compare", timed, "published"),
            "watch": ("watch", one),
            "csv": ("export", "runs", "--format", "csv"),
            "parquet": ("export", "runs", "--format", "parquet"),
            "json": ("export", "runs", "--format", "json"),
            "mlperf": ("export", timed, "--format", "mlperf", "--author", "A"),
            "regress": (
                *("regress", one, "--baseline", "baseline.json", "--github-summary", "--junit", "junit.xml"),
                *("--bencher", "bencher.json", "--github-action-benchmark", "action.json"),
            ),
            "site": ("site", "runs"),
        }.items():
            code, out, err = invoke(*arguments)
            assert code == 0 or name == "regress", (name, err)
            printed[name] = out + err
        yield top, printed


def texts(top: Path, suffix: str) -> dict[str, str]:
    """Return what was written, by its path."""
    read = (top / "runs", top / "timed", top / "cache")
    paths = [path for path in top.rglob(f"*{suffix}") if path.parent.parent not in read or suffix != ".json"]
    found = {
        str(path.relative_to(top)): path.read_text("utf-8") for path in paths if "cache" not in path.parts
    }
    assert found
    return found


@pytest.mark.slow
def test_every_hostile_text_is_read(written: tuple[Path, dict[str, str]]) -> None:
    # What a reader leaves out reaches no document, and the tests below would say nothing about it.
    run = read_run(written[0] / "runs" / FOLDER)
    samples = read_samples(run.folder)
    assert run.warnings == ()
    assert samples is not None
    assert samples.warnings == ()


@pytest.mark.parametrize("suffix", [".md", ".html", ".svg", ".csv", ".xml", ".txt", ".json"])
def test_no_document_holds_what_steers(written: tuple[Path, dict[str, str]], suffix: str) -> None:
    for name, text in texts(written[0], suffix).items():
        assert [character for character in STEERING if character in text] == [], name


def test_nothing_printed_steers_the_terminal(written: tuple[Path, dict[str, str]]) -> None:
    for name, text in written[1].items():
        assert all(character.isprintable() or character == "\n" for character in text), name


def test_no_markdown_has_a_heading_a_row_or_an_element_from_a_run(
    written: tuple[Path, dict[str, str]],
) -> None:
    found = texts(written[0], ".md")
    assert {Path(name).name for name in found} >= {"log.md", "report.md", "writeup.md", "summary.md"}
    for name, whole in found.items():
        text = re.sub(
            r"^(```+)\w+\n.*?\n\1$", "", whole, flags=re.DOTALL | re.MULTILINE
        )  # without code blocks
        assert not re.search(r"(?<!\\)" + re.escape(ATTACK), text), name
        lines = text.splitlines()
        assert not [line for line in lines if re.match(r"(#+|- #+|- -|-) *(PWN|c )|\| a \|", line)], name
        for block in text.split("\n\n"):
            rows = [line for line in block.split("\n") if line.startswith("|")]
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1, name


def test_pages_have_no_element_from_a_run(written: tuple[Path, dict[str, str]]) -> None:
    found = texts(written[0], ".html")
    assert {"page.html", "site/index.html"} < found.keys()
    assert sum(name.startswith("site/comparisons/") for name in found) > 0
    for name, text in found.items():
        assert "<img src=x" not in text, name
        assert "&lt;img src=x" in text, name


def test_pictures_and_judgements_are_well_formed(written: tuple[Path, dict[str, str]]) -> None:
    found = texts(written[0], ".svg")
    assert {Path(name).stem for name in found} >= {"segments", "telemetry", "accuracy", "curves", "ratio-2"}
    for text in (*found.values(), *texts(written[0], ".xml").values()):
        ET.fromstring(text)


def test_no_cell_is_a_formula(written: tuple[Path, dict[str, str]]) -> None:
    for name, text in texts(written[0], ".csv").items():
        for row in csv.reader(text.splitlines(keepends=True)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))], name


def test_json_is_for_strict_parsers_and_ascii(written: tuple[Path, dict[str, str]]) -> None:
    found = {name: text for name, text in texts(written[0], ".json").items() if name != "baseline.json"}
    assert {"bencher.json", "action.json"} < found.keys()
    for text in (*found.values(), written[1]["compare --json"], written[1]["show --json"]):
        assert text.isascii()
        from_json(text)


def test_a_path_of_a_list_leads_to_its_folder(written: tuple[Path, dict[str, str]]) -> None:
    top, printed = written
    folders = [run["folder"] for run in json.loads(printed["runs --json"])["runs"]]
    assert [(top / folder / "run.json").is_file() for folder in folders] == [True, True]
