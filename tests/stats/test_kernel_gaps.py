"""Which roof limits a kernel, how close it comes, and how long a step takes at the roofs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.stats.kernel_gaps import find_gap, kind_of, roofline
from tests.records.rooflines import PEAKS, PROFILE, ROWS, row

CONVOLUTION, RELU, PRODUCT, ADD, OPTIMIZER, VIEW = ROWS
amounts = st.floats(1, 1e15)
times = st.floats(1e-9, 1e3)


def test_a_kernel_with_many_flops_per_byte_is_bound_by_its_precisions_peak() -> None:
    found = roofline(CONVOLUTION, PEAKS)
    assert (found.bound, found.intensity) == ("compute", 500)
    assert (found.flop_rate, found.byte_rate) == (1e12, 2e9)
    assert found.roof_seconds == pytest.approx(0.25)
    assert found.reached == pytest.approx(0.5)
    assert roofline(replace(CONVOLUTION, precision="fp32"), PEAKS).reached == pytest.approx(1)


def test_a_product_with_few_flops_per_byte_is_bound_by_memory() -> None:
    found = roofline(PRODUCT, PEAKS)
    assert (found.bound, found.roof_seconds) == ("memory", pytest.approx(0.05))


def test_an_uncounted_kernel_has_no_roof_and_keeps_its_time() -> None:
    found = roofline(OPTIMIZER, PEAKS)
    assert (found.bound, found.reached, found.roof_seconds) == (None, None, None)
    assert found.best_seconds == 0.04


def test_a_kernel_that_moves_nothing_takes_no_time_at_the_roof() -> None:
    found = roofline(VIEW, PEAKS)
    assert (found.bound, found.reached, found.best_seconds) == (None, None, 0)


def test_a_kernel_above_its_roof_is_not_made_slower() -> None:
    found = roofline(ADD, PEAKS)
    assert found.reached == pytest.approx(2)
    assert found.best_seconds == 0.05


@given(amounts, amounts, times)
def test_the_roof_is_the_lower_of_the_two_rates(flops: float, moved: float, seconds: float) -> None:
    found = roofline(row("mm", seconds, flops, moved, "fp32"), PEAKS)
    intensity = flops / moved
    attainable = min(1e12, intensity * 1e11)  # the classic form of the model
    assert flops / seconds == pytest.approx(found.reached * attainable, rel=1e-6)
    assert found.bound == ("compute" if intensity > 1e12 / 1e11 else "memory")


def test_kinds() -> None:
    kinds = [kind_of(one) for one in ROWS]
    assert kinds == ["convolutions", "memory", "matrix products", "memory", "uncounted", "overhead"]


def test_the_gap_accounts_for_the_whole_step() -> None:
    gap = find_gap(PROFILE)
    assert gap.whole_seconds == 1.0
    assert gap.between == pytest.approx(0.1)
    assert sum(family.share for family in gap.families) + gap.between == pytest.approx(1)
    assert [family.kind for family in gap.families][:2] == ["convolutions", "memory"]
    convolutions, memory = gap.families[:2]
    assert (convolutions.share, convolutions.precision) == (0.5, "bf16")
    assert convolutions.of_product_peak == pytest.approx(0.5)
    assert memory.share == pytest.approx(0.25)
    assert memory.of_memory_peak == pytest.approx(2e10 / 0.25 / 1e11)
    # 0.25 at the roof, 0.1, 0.05, the measured 0.05 of the cache, 0.04 uncounted, and nothing for the view
    assert gap.best_seconds == pytest.approx(0.49)


def test_the_hosts_kernels_are_shares_of_the_profiled_step_and_a_gpus_of_the_real_one() -> None:
    slowed = replace(PROFILE, profiled_seconds=1.2)
    assert find_gap(slowed).whole_seconds == 1.2
    on_gpu = replace(slowed, peaks=replace(PEAKS, threads=None))
    assert find_gap(on_gpu).whole_seconds == 1.0


def test_kernels_that_overlap_leave_no_negative_gap() -> None:
    gap = find_gap(replace(PROFILE, step_seconds=0.6, profiled_seconds=0.6))
    assert gap.whole_seconds == pytest.approx(0.9)
    assert gap.between == pytest.approx(0, abs=1e-12)
