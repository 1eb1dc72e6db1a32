"""Peaks give a rate for every precision."""

from __future__ import annotations

from tests.records.rooflines import PEAKS


def test_a_precision_that_was_not_measured_has_the_peak_of_fp32() -> None:
    assert PEAKS.product_rate("bf16") == 2e12
    assert PEAKS.product_rate("fp16") == PEAKS.product_rate(None) == PEAKS.product_rate("fp32") == 1e12
