"""The pytest plugin: train in a test, compare with a baseline, report times to pytest-benchmark.

pytest loads this file wherever dawnbench is installed, so it imports nothing slow. What a run needs is
imported when a test asks for a run.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dawnbench.integrations.pytest_plugin.runner import RecipeRunner

FIXTURE = "dawnbench_run"
_RUNNER = pytest.StashKey["RecipeRunner"]()


@pytest.fixture
def dawnbench_run(request: pytest.FixtureRequest, tmp_path: Path) -> RecipeRunner:
    """Train a recipe into the test's tmp_path: `dawnbench_run("quickstart", trials=3)`.

    It takes the options of `dawnbench run` and returns a MeasuredRun. A test can assert on its accuracy, its
    seconds and its epochs to the target.
    """
    from dawnbench.integrations.pytest_plugin.runner import RecipeRunner

    runner = RecipeRunner(request.node, tmp_path / "runs")
    request.node.stash[_RUNNER] = runner
    return runner


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "dawnbench_baseline(path, metrics=('time', 'epochs', 'accuracy'), rule='dawnbench', "
        "max_slowdown='2%', max_accuracy_drop='0.1%'): compare each run that dawnbench_run makes "
        "in the test with a baseline, and fail the test on a regression; path is a baseline file or the "
        "folder that `dawnbench baseline save` writes to",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Compare the runs of a marked test with its baseline after the test itself has passed.

    What can be known before a run is trained is checked then.
    """
    marker = item.get_closest_marker("dawnbench_baseline")
    if marker is None:
        return (yield)
    from dawnbench.integrations.pytest_plugin.guard import guard_of

    guard, runner = guard_of(marker), item.stash.get(_RUNNER, None)
    if runner is not None:
        runner.guard = guard
    result = yield
    guard.check(item, () if runner is None else runner.made)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    """Make `--benchmark-skip` and `--benchmark-only` treat a test that makes runs as a benchmark.

    pytest-benchmark looks for its own fixture among the names that a test requests, so that name is listed
    there while it looks.
    """
    named = {id(names): names for item in items if FIXTURE in (names := getattr(item, "fixturenames", ()))}
    lists = [names for names in named.values() if isinstance(names, list) and "benchmark" not in names]
    if not config.pluginmanager.has_plugin("pytest-benchmark"):
        return (yield)
    for names in lists:
        names.append("benchmark")
    try:
        return (yield)
    finally:
        for names in lists:
            names.remove("benchmark")
