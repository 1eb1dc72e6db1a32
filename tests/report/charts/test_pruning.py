"""Accuracy against parameters."""

from __future__ import annotations

from dataclasses import replace

from dawnbench.records.published import CIFAR10_FINGERPRINT
from dawnbench.report.charts.pruning import pruning_chart
from tests.report.text.test_pruning import MODELS, SWEEP


def test_a_line_per_step_by_ascending_parameters() -> None:
    chart = pruning_chart(SWEEP)
    assert [line.key for line in chart.lines] == [
        *("pruned", "statistics re-estimated", "fine-tuned for 5 epochs"),
    ]
    assert [list(line.y) for line in chart.lines] == [[10, 90], [50, 93], [90, None]]
    assert list(chart.lines[0].x) == [0.072416, 3.29105]
    (dense,) = chart.targets
    assert (dense.y, dense.label) == (94, "dense, 6.58 million")
    assert (chart.x.scale, list(chart.x.ticks)) == ("log", [0.05, 0.1, 0.2, 0.5, 1, 2, 5])


def test_steps_that_no_model_took_have_no_line() -> None:
    models = tuple(replace(model, recalibrated_accuracy=None, finetuned_accuracy=None) for model in MODELS)
    assert [line.key for line in pruning_chart(replace(SWEEP, models=models)).lines] == ["pruned"]


def test_the_published_curve_is_drawn_for_cifar10() -> None:
    *_, published = pruning_chart(replace(SWEEP, fingerprint=CIFAR10_FINGERPRINT)).lines
    assert list(published.x) == [0.072416, 0.203789, 3.29105, 6.57537]
    assert [round(float(y or 0), 2) for y in published.y] == [74.86, 85.65, 88.45, 89.28]
