from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.made_runs import HOSTILE, invoke
from tests.report.site.folders import history, small_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    history(tmp_path / "runs", [2.0, 2.1])
    return tmp_path / "runs"


def test_the_verb_says_where_to_begin_and_what_it_wrote(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    code, shown, errors = invoke("site", runs, "-o", out)
    assert (code, errors) == (0, "")
    assert shown.startswith(f"{out}/index.html: 2 runs, ")
    assert (out / "index.html").is_file()


def test_the_folders_are_runs_and_site_unless_others_are_named(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    assert invoke("site")[1].startswith("site/index.html: 2 runs")


def test_the_rule_is_that_of_the_verdicts(runs: Path, tmp_path: Path) -> None:
    invoke("site", runs, "-o", tmp_path / "site", "--rule", "strict")
    (page,) = (tmp_path / "site" / "comparisons").iterdir()
    assert "The verdict is by the strict rule" in page.read_text()
    code, shown, errors = invoke("site", runs, "-o", tmp_path / "site", "--rule", "lap")
    assert (code, shown) == (2, "")
    assert "'lap' is not one of" in errors


def test_what_cannot_be_read_is_told_and_the_rest_is_built(runs: Path, tmp_path: Path) -> None:
    for number in range(30):
        bad = runs / f"bad-{number:02d}\x07"
        bad.mkdir()
        (bad / "run.json").touch()
    code, shown, errors = invoke("site", runs, "-o", tmp_path / "site")
    assert code == 0
    assert "2 runs" in shown
    *sentences, rest = errors.splitlines()
    assert len(sentences) == 20
    assert sentences[0].startswith("dawnbench: bad-00?/run.json ")
    assert rest == "dawnbench: 10 more cannot be read or compared"


def test_a_folder_of_something_else_is_one_sentence(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "draft.tex").touch()
    code, shown, errors = invoke("site", runs, "-o", tmp_path / "thesis")
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["draft.tex"]


def test_a_hostile_run_is_told_without_what_steers_a_terminal(runs: Path, tmp_path: Path) -> None:
    small_run(runs, 9, 2.0, recipe_name=HOSTILE, device_name=HOSTILE)
    assert invoke("site", runs, "-o", tmp_path / "site")[0] == 0


def test_the_verb_imports_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from dawnbench.cli import main\n"
        "try: main(['site', 'nowhere'])\n"
        "except SystemExit: pass\n"
        "from dawnbench.report.site import build_site\n"
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
