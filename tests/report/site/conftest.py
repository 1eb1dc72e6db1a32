"""A site over some runs, built once a module, and a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from dawnbench.report.site import build_site
from tests.browser import browser, visit
from tests.cli.made_runs import HOSTILE
from tests.report.site.folders import DIGITS, history, pair, small_run

__all__ = ["browser", "visit"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of five series, one with a step, one hostile; a pair; and a folder that cannot be read."""
    folder = tmp_path_factory.mktemp("many") / "runs"
    history(folder, [2.6] * 6 + [2.9] * 6)
    history(folder, [9.3, 9.2], device_name="AMD EPYC", device="cpu", first=20, recipe_name="speedrun")
    small_run(folder, 30, 1.0, recipe_name="quickstart", target=0.9, data=DIGITS)
    small_run(folder, 31, 3.0, recipe_name="<script>alert(1)</script>", device_name=HOSTILE)
    pair(folder, 40, 2.9, 2.3)
    (small_run(folder, 50, 2.0) / "run.json").write_text("{}\n")
    return folder


@pytest.fixture(scope="module")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    out = tmp_path_factory.mktemp("built") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        build_site(runs, out, processes=1)
    return out
