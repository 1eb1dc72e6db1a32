from __future__ import annotations

import os
from pathlib import Path

import pytest

from dawnbench.engine.device import compile_cache
from dawnbench.engine.device.compile_cache import VARIABLE, check_compile_cache, keep_compiled_code
from dawnbench.errors import DawnbenchError


def test_a_folder_of_the_users_choice_that_cannot_be_written_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    chosen = tmp_path / "file" / "cache"
    monkeypatch.setenv(VARIABLE, str(chosen))
    for check in (check_compile_cache, keep_compiled_code):
        with pytest.raises(DawnbenchError, match=f"^{VARIABLE}={chosen} is not a folder .*Not a directory"):
            check()


def test_a_folder_of_the_users_choice_is_made_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    keep_compiled_code()
    assert (tmp_path / "mine").is_dir()
    assert os.environ[VARIABLE] == str(tmp_path / "mine")


def test_compiled_code_goes_to_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")  # so that what the call sets is taken back
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(compile_cache, "cache_folder", lambda: tmp_path)
    keep_compiled_code()
    assert os.environ[VARIABLE] == str(tmp_path / "inductor")


def test_without_a_home_folder_torch_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(compile_cache, "cache_folder", lambda: None)
    keep_compiled_code()
    assert VARIABLE not in os.environ
