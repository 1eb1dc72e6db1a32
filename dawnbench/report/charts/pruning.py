"""A magnitude sweep: accuracy against the parameters that are left, with the published curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dawnbench.records.pruning import PrunedModel, PruningSweep
from dawnbench.records.published import CIFAR10_FINGERPRINT
from dawnbench.report.charts.chart import Axis, Chart, Color, Line, Target

PUBLISHED = ((72_416, 0.7486), (203_789, 0.8565), (3_291_050, 0.8845), (6_575_370, 0.8928))
"""Parameters and accuracy of the course write-up of 2020 that `davidnet-onecycle` follows: dense, 50, 97 and
99 %, global and without fine-tuning, batch norm in training mode on the test batches."""
MILLION = 1e6


def pruning_chart(sweep: PruningSweep) -> Chart:
    """Return one line per step that was taken after pruning."""
    steps: tuple[tuple[str, Color, Callable[[PrunedModel], float | None]], ...] = (
        ("pruned", "red", lambda model: model.accuracy),
        ("statistics re-estimated", "purple", lambda model: model.recalibrated_accuracy),
        (
            f"fine-tuned for {sweep.finetune_epochs} epoch{'s' * (sweep.finetune_epochs != 1)}",
            "blue",
            lambda model: model.finetuned_accuracy,
        ),
    )
    dense, *pruned = sweep.models
    pruned.sort(key=lambda model: model.parameters)
    lines = [_line(label, color, pruned, read) for label, color, read in steps]
    lines = [line for line in lines if len(line.known()[0])]
    if sweep.fingerprint == CIFAR10_FINGERPRINT:
        x, y = zip(*PUBLISHED, strict=True)
        lines.append(_published([count / MILLION for count in x], [100 * accuracy for accuracy in y]))
    counts = [count for line in lines for count in line.x]
    return Chart(
        "Accuracy by parameters",
        Axis("parameters that are left, millions", scale="log", ticks=_ticks(min(counts), max(counts))),
        Axis("validation accuracy", "%", scale="error"),
        lines,
        targets=[Target(100 * dense.accuracy, f"dense, {dense.parameters / MILLION:.3g} million")],
        subject=f"{sweep.recipe_name} pruned by magnitude, {sweep.scope}, on {sweep.device_name}",
    )


def _line(
    label: str,
    color: Color,
    models: Sequence[PrunedModel],
    read: Callable[[PrunedModel], float | None],
) -> Line:
    y = [None if (value := read(model)) is None else 100 * value for model in models]
    x = [model.parameters / MILLION for model in models]
    return Line(label, x, y, color, thick=True, dots=True, key=label)


def _published(x: Sequence[float], y: Sequence[float]) -> Line:
    label = "published, norms in training mode"
    return Line(label, x, y, "grey", thick=True, dashed=True, dots=True, key=label)


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten between two values and one beyond each."""
    every = [digit * 10.0**power for power in range(-7, 5) for digit in (1, 2, 5)]
    return [tick for tick in every if low / 2.5 < tick < high * 2.5]
