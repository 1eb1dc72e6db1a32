"""A user without a home folder: what would lie there is left out, and everything else works."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest
from click.testing import CliRunner

from dawnbench.cli import kept_text, main
from dawnbench.cli.configuration import configuration_path, price_list
from dawnbench.data.sources.cache import data_folders
from dawnbench.data.sources.load import load_dataset
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from dawnbench.records.index_cache import cache_path
from dawnbench.stats.price_list import PriceList
from dawnbench.user_folders import cache_folder, configuration_folder, expanded
from tests.records.folders import make_run


@pytest.fixture(autouse=True)
def _homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away HOME and the user's entry in /etc/passwd, as under a number that a container was given."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DAWNBENCH_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)


def test_there_are_no_folders_of_the_users() -> None:
    assert (cache_folder(), configuration_folder()) == (None, None)
    assert (cache_path(), configuration_path(), data_folders()) == (None, None, ())
    assert kept_text.path_for(find_recipe("quickstart")) is None
    assert price_list() == PriceList()


def test_a_folder_that_the_environment_names_needs_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DAWNBENCH_DATA", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert data_folders()[0] == tmp_path / "DAWNBENCH_DATA"
    assert cache_folder() is not None
    assert configuration_folder() is not None


def test_every_command_that_reads_works_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_run(tmp_path / "runs" / name)
    for arguments in (
        ["runs"],
        ["show", "runs/a"],
        ["compare", "runs/a", "runs/b"],
        ["site", "runs", "--out", "site"],
    ):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "site"}


def test_data_that_needs_a_folder_and_a_path_from_home_are_asked_for_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(DawnbenchError, match="set DAWNBENCH_DATA to a folder"):
        load_dataset("cifar10")
    with pytest.raises(DawnbenchError, match="write the whole path"):
        load_dataset("~/images.npz")
    with pytest.raises(DawnbenchError, match="write the whole path"):
        expanded("~/runs")
    monkeypatch.setenv("DAWNBENCH_DATA", "~/data")
    with pytest.raises(DawnbenchError, match="~/data"):
        data_folders()
    assert find_recipe("quickstart").dataset.name == "digits"
