"""The table of a model's layers, as Markdown; `show` prints it without torch or numpy."""

from __future__ import annotations

from dawnbench.records.schema import ModelRecord
from dawnbench.report.text.markdown import table
from dawnbench.report.units import flops
from dawnbench.safe_text import markdown


def model_table(model: ModelRecord, *, trains: bool = True) -> str:
    """Return the table of layers with output shapes and trained parameters, and the totals below.

    FLOPs are those of a training, so they are left out of a run that does not train.
    """
    rows = [
        [
            f"{markdown(layer.name)} ({markdown(layer.kind)})",
            "x".join(map(str, layer.output_shape)),
            f"{layer.parameters:,}",
        ]
        for layer in model.layers
    ]
    totals = f"{model.parameters:,} parameters trained, {model.fixed_parameters:,} fixed"
    if trains:
        totals += f"; {flops(model.flops_per_step)} per step, {flops(model.flops_per_trial)} per trial"
    return table(["Layer", "Output shape", "Parameters"], rows) + f"\n\n{totals}."
