from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers.tracker import chunks, load


def test_a_missing_library_is_a_sentence_that_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawnbench.export.trackers.tracker.find_spec", lambda name: None)
    with pytest.raises(DawnbenchError) as caught:
        load("mlflow.entities")
    assert str(caught.value) == "mlflow is not installed; pip install 'dawnbench[mlflow]'"


@given(st.lists(st.integers()), st.integers(1, 10))
def test_chunks_keep_all_in_order_and_none_is_too_large(items: list[int], size: int) -> None:
    found = list(chunks(items, size))
    assert [item for chunk in found for item in chunk] == items
    assert all(0 < len(chunk) <= size for chunk in found)
