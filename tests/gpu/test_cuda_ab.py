"""A campaign of two recipes on one GPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns import ab
from dawnbench.recipes import find_recipe
from dawnbench.records.reader import read_run
from dawnbench.records.trial_set import trial_set_of
from dawnbench.stats.comparison.compare import compare

pytestmark = pytest.mark.gpu


def test_two_precisions_alternate_and_are_compared_pair_by_pair(tmp_path: Path) -> None:
    recipe = replace(find_recipe("quickstart"), epochs=2, target=0.2)
    folders = ab(
        replace(recipe, precision="bf16"),
        replace(recipe, precision="fp32"),
        pairs=3,
        device="cuda",
        out=tmp_path,
    )
    runs = [read_run(folder) for folder in folders]
    began = sorted((t.began_ns, side) for side, run in zip("AB", runs, strict=True) for t in run.trials)
    assert [side for _, side in began] == ["A", "B", "B", "A", "A", "B"]
    found = compare(*(trial_set_of(run) for run in runs), rule="strict")
    assert found.paired == 3
    assert found.verdict.word == "cannot tell with so few trials"
    for run in runs:
        for trial in run.trials:
            assert trial.telemetry is not None
            assert "gpu_other_processes" in {*trial.telemetry.readings, *run.record.telemetry_unavailable}
