"""Every test leaves the table of parts as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dawnbench.recipes import registry


@pytest.fixture(autouse=True)
def _table_as_before() -> Iterator[None]:
    tables = (registry._SPECS, registry._ENTRIES)
    before = [dict(table) for table in tables]
    yield
    for table, old in zip(tables, before, strict=True):
        table.clear()
        table.update(old)
