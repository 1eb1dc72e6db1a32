"""Notes: which section is taken for a run, and what its Markdown becomes in a write-up."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.recipes.catalogue import SERIES
from dawnbench.records.reader import Run
from dawnbench.report.write_up.document import write_up
from dawnbench.report.write_up.notes import Notes, described, read_notes
from tests.cli.made_runs import steers
from tests.report.write_up.models import model_run

RESULTS = Path(__file__).parents[3] / "docs" / "results"


def noted(text: str, folder: Path) -> Notes:
    path = folder / "notes.md"
    path.write_text(text, encoding="utf-8")
    return read_notes(path)


def changed(folder: Path, *changes: str) -> Run:
    return model_run(folder, recipe={"name": "mnist-1", "changed": list(changes)})


def test_a_section_goes_below_the_analysis_of_its_model_as_it_is_written(tmp_path: Path) -> None:
    body = "It *overfits*:\n\n- by [much](x.md)\n- `late`"
    notes = noted(
        f"# Notes\n\nOf May.\n\n## mnist-2\n\nNo.\n\n## mnist-1\n\n{body}\n\n# Rest\n\nMore.\n", tmp_path
    )
    runs = [model_run(tmp_path / name, name=name) for name in ("mnist-1", "mnist-3")]
    text = write_up(runs, "dawnbench", "epochs", notes)
    assert f"### Analysis (mnist-1)\n\n{body}\n\n- The gap of" in text
    assert "### Analysis (mnist-3)\n\n- The gap of" in text
    alone = write_up(runs[:1], "dawnbench", "epochs", notes)
    assert f"## Analysis\n\n{body}\n\n- The gap of" in alone
    assert not {"Of May.", "No.", "More."} & set((text + alone).splitlines())


@pytest.mark.parametrize(
    "heading", ["## my_recipe", "##  my_recipe  ##", "## my\\_recipe", "## `my_recipe`", "   ##\tmy_recipe"]
)
def test_a_heading_may_be_written_as_markdown_allows(heading: str, tmp_path: Path) -> None:
    notes = noted(f"{heading}\r\n\r\nGood.\r\n", tmp_path)
    assert notes.about(model_run(tmp_path / "a", name="my_recipe"), 2) == ["Good."]


def test_a_changed_recipe_has_a_section_of_its_own(tmp_path: Path) -> None:
    notes = noted("## mnist-1\n\nAs it is.\n\n## mnist-1 epochs=2 dataset.name=my_digits\n\nOther.", tmp_path)
    assert notes.about(model_run(tmp_path / "a"), 2) == ["As it is."]
    assert notes.about(changed(tmp_path / "b", "epochs=2", "dataset.name=my_digits"), 2) == ["Other."]
    assert notes.about(changed(tmp_path / "c", "target=0.5"), 2) == []
    assert described(changed(tmp_path / "d", "target=0.5")) == "mnist-1 target=0.5"


def test_headings_within_a_section_stay_below_the_analysis(tmp_path: Path) -> None:
    notes = noted("## mnist-1\n### Next\n###### Deep\n```sh\n### no heading\n## none either\n```\n", tmp_path)
    run = model_run(tmp_path / "a")
    code = "```sh\n### no heading\n## none either\n```"
    assert notes.about(run, 2) == [f"### Next\n###### Deep\n{code}"]
    assert notes.about(run, 3) == [f"#### Next\n###### Deep\n{code}"]


def test_code_that_does_not_end_leaves_the_rest_of_the_write_up_alone(tmp_path: Path) -> None:
    notes = noted("## mnist-1\n\n~~~~\n~~~\n## x\n\n", tmp_path)
    assert notes.about(model_run(tmp_path / "a"), 2) == ["~~~~\n~~~\n## x\n\n\n~~~~"]


def test_nothing_in_them_steers_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes("\ufeff## mnist-1\n\nRed \x1b[31m, \x9b, \u202e, 99\u00a0%, n\u0308.\n".encode())
    (text,) = read_notes(path).about(model_run(tmp_path / "a"), 2)
    assert text == "Red ?[31m, ?, ?, 99\u00a0%, n\u0308."
    assert not steers(text.replace("\u00a0", " "))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read the notes .*notes.md: No such file"),
        ("## mnist-1\n\nf\u00fcnf".encode("latin-1"), r"notes\.md are not a UTF-8 text; save them as UTF-8"),
        (b"## mnist-1\nx\n## `mnist-1`\ny\n", "two sections headed ## `mnist-1`; join them"),
    ],
)
def test_a_file_that_is_no_notes_is_one_sentence(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DawnbenchError, match=said):
        read_notes(path)


@pytest.mark.parametrize("series", SERIES)
def test_the_published_write_ups_have_what_the_published_notes_say(series: str, tmp_path: Path) -> None:
    notes = read_notes(RESULTS / "mnist-notes.md")
    published = (RESULTS / series / "writeup.md").read_text(encoding="utf-8")
    for name in SERIES[series]:
        (text,) = notes.about(model_run(tmp_path / name, name=name), 3)
        assert f"### Analysis ({name})\n\n{text}\n\n- The gap of" in published
