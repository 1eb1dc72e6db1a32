"""An error that nobody expected: a code of its own, one sentence, and the traceback in a file."""

from __future__ import annotations

import re
import stat
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dawnbench.cli import main
from dawnbench.cli.exit_codes import CRASHED


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `dawnbench runs` stumble; return where tracebacks are put."""

    def stumble(*_: object, **__: object) -> None:
        raise KeyError("no such\nkey \x1b[31m")

    monkeypatch.setattr("dawnbench.cli.runs.index_runs", stumble)
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    return tmp_path / "temp"


def crash(folder: Path) -> Result:
    result = CliRunner().invoke(main, ["runs", str(folder)])
    assert result.exit_code == CRASHED == 70
    assert result.stdout == ""
    return result


def test_it_ends_with_70_in_one_sentence_that_names_the_traceback(failing: Path, tmp_path: Path) -> None:
    (line,) = crash(tmp_path).stderr.splitlines()
    found = re.search(r"unexpected error \(KeyError: .*\); please report it .* traceback in (\S+)$", line)
    assert found is not None, line
    assert "\x1b" not in line
    path = Path(found[1])
    assert path.parent == failing
    text = path.read_text()
    assert "Traceback" in text
    assert "in stumble" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_error_has_a_file_of_its_own(failing: Path, tmp_path: Path) -> None:
    crash(tmp_path)
    crash(tmp_path)
    assert len(list(failing.iterdir())) == 2


def test_a_disk_that_takes_no_file_is_told_in_the_same_sentence(
    failing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    (line,) = crash(tmp_path).stderr.splitlines()
    assert "could not be saved (No such file or directory)" in line


def test_wrong_options_and_help_end_as_they_did() -> None:
    assert CliRunner().invoke(main, ["runs", "--nonsense"]).exit_code == 2
    assert CliRunner().invoke(main, ["runs", "--help"]).exit_code == 0
