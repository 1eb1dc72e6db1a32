"""Peaks and profiles as JSON."""

from __future__ import annotations

import json

from dawnbench.export.roofline_json import peaks_json, profile_json
from tests.records.rooflines import PEAKS, PROFILE


def test_peaks_have_their_rates_in_base_units() -> None:
    found = json.loads(peaks_json(PEAKS))
    assert {peak["work"]: peak["rate"] for peak in found["products"]} == {"fp32": 1e12, "bf16": 2e12}
    assert found["memory"]["rate"] == 1e11
    assert found["threads"] == 2


def test_a_row_has_its_figures_and_its_roof_and_null_where_nobody_counted() -> None:
    found = json.loads(profile_json(PROFILE))
    convolution, *_, optimizer, view = found["rows"]
    assert convolution["name"] == "convolution"
    assert convolution["flops"] == 5e11
    assert (convolution["bound"], convolution["reached"]) == ("compute", 0.5)
    assert optimizer["flops"] is optimizer["bound"] is optimizer["roof_seconds"] is None
    assert view["intensity"] is None
    assert found["gap"]["families"][0]["kind"] == "convolutions"
    assert found["step_seconds"] == 1.0
    assert found["peaks"]["device_name"] == "Example 9000"
