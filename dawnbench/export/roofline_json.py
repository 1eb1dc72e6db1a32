"""Peaks and profiles as JSON, for `dawnbench peaks --json` and `dawnbench profile --json`."""

from __future__ import annotations

from dataclasses import asdict

from dawnbench.export.gates import as_json
from dawnbench.records.step_profile import Peaks, StepProfile
from dawnbench.stats.kernel_gaps import find_gap, roofline


def peaks_json(peaks: Peaks) -> str:
    """Return the fields of `Peaks`; rates in FLOP/s and bytes/s."""
    return as_json(asdict(peaks))


def profile_json(profile: StepProfile) -> str:
    """Return the fields of `StepProfile`, with those of `Roofline` in each row, and its `Gap` as `gap`.

    Times are in seconds per step, rates in FLOP/s and bytes/s, shares from 0 to 1. What was not
    counted is null.
    """
    rows = []
    for row in profile.rows:
        under = roofline(row, profile.peaks)
        figures = asdict(under)
        rows.append(figures.pop("row") | figures | {"reached": under.reached})
    return as_json(asdict(profile) | {"rows": rows, "gap": asdict(find_gap(profile))})
