"""dawnbench's training step beside bare loops of the same network, DavidNet at batch 512."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bare import PARAMETERS, WIDTHS, davidnet
from benchmarks.ratios import paired_ratio, shown
from benchmarks.steps import VARIANTS, measure

BATCH, STEPS, ROUNDS = 512, 4, 3
MIN_ON_AMX = 3.0
"""Times as many steps a second as the fp32 loop."""
MAX_AUGMENTATION = 0.03
"""Of a step."""


def bar() -> tuple[str, float]:
    """Return the bare variant to be compared with, and how many times as fast as it dawnbench must be."""
    has = torch.cpu.get_capabilities()
    if has.get("amx_bf16"):
        return "eager-fp32", MIN_ON_AMX
    return ("eager-bf16" if has.get("avx512_bf16") else "eager-fp32"), 1.0


def test_the_bare_network_is_davidnet() -> None:
    assert sum(p.numel() for p in davidnet(WIDTHS).parameters()) == PARAMETERS


@pytest.mark.timeout(1200)
def test_a_step_is_no_slower_than_a_bare_one(benchmark: BenchmarkFixture) -> None:
    found: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}

    def alternate() -> None:
        for variant in VARIANTS:
            found[variant].append(measure(variant, BATCH, STEPS, WIDTHS, "cpu"))

    benchmark.pedantic(alternate, rounds=ROUNDS, iterations=1)

    # A round's median passes over a step that the machine held up, the pairs over a slow minute.
    steps = {variant: [median(run["steps"]) for run in runs] for variant, runs in found.items()}
    over = {variant: paired_ratio(steps[variant], steps["dawnbench"]) for variant in VARIANTS[:2]}
    batches = [median(run["batches"]) for run in found["dawnbench"]]
    share = median(alone / step for alone, step in zip(batches, steps["dawnbench"], strict=True))
    compared, least = bar()
    benchmark.extra_info |= {
        "seconds a step": {variant: median(seconds) for variant, seconds in steps.items()},
        "dawnbench's speed over": {variant: shown(ratio) for variant, ratio in over.items()},
        "bar": f"{least:g} times {compared}",
        "augmentation and batching, share of a step": share,
        "precision": found["dawnbench"][0]["precision"],
    }
    print(benchmark.extra_info)
    assert over[compared].value >= least, f"{shown(over[compared])} times {compared}, not {least:g}"
    assert share <= MAX_AUGMENTATION
