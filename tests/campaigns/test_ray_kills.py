"""The measurement of a campaign on Ray, with few trials."""

from __future__ import annotations

from pathlib import Path

import pytest

ray = pytest.importorskip("ray")


@pytest.mark.slow
def test_every_result_is_there_once_whatever_workers_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.campaigns.ray_kills import RETRIES, measure, page

    monkeypatch.setattr("tests.campaigns.ray_kills.RETRIES", 3 * RETRIES)
    found = measure(12, 3, 0.3, 0.2, tmp_path)
    assert found.exact
    assert found.kills > 0
    assert found.attempts.keys() <= {"finished", "died"}
    assert f"workers killed | {found.kills}" in page(found, "python -m tests.campaigns.ray_kills")
