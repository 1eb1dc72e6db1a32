"""Options of the benchmarks."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share",
        type=float,
        default=1.0,
        help="make the folders of runs smaller by this factor, for a quick try without limits",
    )


@pytest.fixture(scope="session")
def share(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--share"))
