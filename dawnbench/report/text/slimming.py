"""slim.md: the published form of a slimming's table, the same with honest headings, and published results."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from dawnbench.records.published_slimming import COPIED, PublishedSlimming, published_slimming
from dawnbench.records.slimming import Accuracies, SlimmedModel, SlimRecord, TrainedModel
from dawnbench.report.text.markdown import table
from dawnbench.report.units import percent, significant
from dawnbench.safe_text import markdown, markdown_block

PUBLISHED_HEADER = (
    *("arch", "flops/G", "model size/MB", "slim", "predict pruning ratio", "true pruning ratio"),
    *("Flops after pruning", "Model size after pruning", "top1", "top5"),
)
"""Of the table of ZJCV/NetworkSlimming, whose flops are multiply-accumulates and whose MB are millions of
parameters."""
HEADER = (
    *("network", "channels cut", "GMACs", "GFLOPs", "M parameters", "top-1 before", "top-1 fine-tuned"),
    *("top-1 control", "top-5 before", "top-5 fine-tuned", "top-5 control"),
)
SPEED_HEADER = ("network", "batch", "dense", "slimmed", "latency ratio", "throughput ratio")
UNITS = {
    "ratio": "the share of channels to cut",
    "parameters": "the parameters that may remain",
    "flops": "the multiply-accumulates that may remain",
    "speedup": "how many times as fast",
}


def slimming_page(record: SlimRecord) -> str:
    """Return the text of slim.md."""
    parts = [f"# {markdown(record.recipe_name)}, slimmed", _facts(record)]
    parts += [f"- {markdown_block(note)}" for note in record.notes]
    parts += ["## Results", table(HEADER, _rows(record)), _explained(record)]
    if speeds := [*_speed_rows(record)]:
        parts += ["## Speed", table(SPEED_HEADER, speeds), _speed_explained(record)]
    parts += [
        "## In the published form",
        table(PUBLISHED_HEADER, [_published_row(record, model) for model in record.models]),
        "Flops are multiply-accumulates, in billions, and the model size is millions of parameters, as in "
        "the published table. The accuracies are those after fine-tuning, if there was any.",
    ]
    if published := published_slimming(record.architecture, record.data):
        parts += ["## Published", table(COMPARED_HEADER, list(map(_compared, published)))]
        parts += [f"Sources: {', '.join(sorted({row.source for row in published}))}."]
        parts += [COPIED] if any(row.top1 is None for row in published) else []
    runs = [*_runs(record)]
    if runs:
        parts += ["## Runs", table(("network", "run folder", "epochs"), runs)]
    return "\n\n".join(parts) + "\n"


def slimming_table(record: SlimRecord) -> Table:
    """Return the main results for a terminal."""
    shown = Table(box=None, pad_edge=False)
    batches = sorted({speed.batch_size for model in record.models for speed in model.speeds})
    latency = f"latency {'/'.join(map(str, batches))}".strip()  # the sizes of the batches
    for column in ("network", "cut", "GMACs", "M params", "before", "tuned", "control", latency):
        shown.add_column(column, justify="left" if column == "network" else "right")
    dense = record.dense
    shown.add_row(
        "dense", "", _giga(dense.macs), _mega(dense.parameters), percent(record.dense_accuracy.top1)
    )
    for model in record.models:
        shown.add_row(
            _name(record, model),
            f"{100 * model.true_ratio:.1f} %",
            _giga(model.size.macs),
            _mega(model.size.parameters),
            percent(model.before.top1),
            percent(_accuracy(model.finetuned).top1),
            percent(_accuracy(model.control).top1),
            "/".join(f"{speed.latency_ratio:.2f}" for speed in model.speeds) or "-",
        )
    return shown


def _facts(record: SlimRecord) -> str:
    settings, penalty = record.settings, "no penalty on the batch norms' scales"
    if record.strength is not None:
        penalty = f"an L1 penalty of {record.strength:g} on the batch norms' scales"
    tuned = (
        f"Fine-tuned for {_epochs(settings.finetune_epochs)}"
        if settings.finetune_epochs
        else "Not fine-tuned"
    )
    return (
        f"Run {markdown(record.run)} was trained for {_epochs(record.epochs)} with {penalty}, then cut by "
        f"rule {settings.rule}; the target is {UNITS[settings.target]}. {tuned}, in {record.precision} on "
        f"{markdown(record.device_name)}. Data: {markdown(record.data)}, fingerprint "
        f"{markdown(record.fingerprint[:16])}."
    )


def _rows(record: SlimRecord) -> list[tuple[str, ...]]:
    dense, accuracy = record.dense, record.dense_accuracy
    rows: list[tuple[str, ...]] = [
        (
            *("dense", "0.00 %", _giga(dense.macs), _giga(dense.flops), _mega(dense.parameters)),
            *(percent(accuracy.top1), "-", "-", percent(accuracy.top5), "-", "-"),
        )
    ]
    for model in record.models:
        stages = (model.before, _accuracy(model.finetuned), _accuracy(model.control))
        rows.append(
            (
                *(_name(record, model), percent(model.true_ratio), _giga(model.size.macs)),
                *(_giga(model.size.flops), _mega(model.size.parameters)),
                *(percent(stage.top1) for stage in stages),
                *(percent(stage.top5) for stage in stages),
            )
        )
    return rows


def _explained(record: SlimRecord) -> str:
    said = (
        "GMACs counts the multiply-accumulates of convolutions, batch norms, linear layers and adaptive "
        "pooling per image, as the tool behind the published table does. GFLOPs is torch's own count of "
        "convolutions and linear layers, with two operations per multiply-accumulate. Accuracies are on the "
        "validation images, in evaluation mode: before fine-tuning, after it, and of the control."
    )
    if record.settings.control:
        said += (
            " The control is the same narrow network trained from scratch for "
            f"{_epochs(record.epochs + record.settings.finetune_epochs)}, as many as sparse training and "
            "fine-tuning take together."
        )
    return said


def _speed_rows(record: SlimRecord) -> Iterator[tuple[str, ...]]:
    for model in record.models:
        for speed in model.speeds:
            yield (
                _name(record, model),
                str(speed.batch_size),
                _time(speed.dense_seconds),
                _time(speed.slimmed_seconds),
                f"{speed.latency_ratio:.3f} ({speed.low:.3f} to {speed.high:.3f})",
                f"{speed.throughput_ratio:.3f}",
            )


def _speed_explained(record: SlimRecord) -> str:
    rounds = max((speed.rounds for model in record.models for speed in model.speeds), default=0)
    return (
        "Both networks answered the same images in turns, in the same process; the times are per batch. The "
        f"latency ratio is slimmed over dense, the median of {rounds} rounds (in parentheses the middle half "
        "of them); the throughput ratio is its inverse."
    )


def _published_row(record: SlimRecord, model: SlimmedModel) -> tuple[str, ...]:
    top = _accuracy(model.finetuned) if model.finetuned else model.before
    return (
        markdown(record.architecture),
        _giga(record.dense.macs),
        _mega(record.dense.parameters),
        "-" if record.strength is None else _scientific(record.strength),
        f"{100 * model.predicted_ratio:.0f}%",
        f"{100 * model.true_ratio:.2f}%",
        _giga(model.size.macs),
        _mega(model.size.parameters),
        _plain_percent(top.top1),
        _plain_percent(top.top5),
    )


COMPARED_HEADER = ("published", "channels cut", "GMACs", "M parameters", "top-1", "top-5")


def _compared(row: PublishedSlimming) -> tuple[str, ...]:
    copied = row.architecture == "mobilenet_v2" and row.top1 is None
    return (
        row.asked,
        percent(row.true_ratio),
        *("-" if value is None else f"{value:g}" for value in (row.gmacs, row.mparameters)),
        *("copied" if copied else _plain_percent(v and v / 100) for v in (row.top1, row.top5)),
    )


def _runs(record: SlimRecord) -> Iterator[tuple[str, ...]]:
    for model in record.models:
        for what, trained in (("fine-tuned", model.finetuned), ("control", model.control)):
            if trained is not None:
                yield f"{_name(record, model)}, {what}", markdown(trained.run), str(trained.epochs)


def _name(record: SlimRecord, model: SlimmedModel) -> str:
    share = record.settings.target == "ratio" or (record.settings.target != "speedup" and model.value < 1)
    value = f"{100 * model.value:g} %" if share else f"{model.value:g}"
    return f"{record.settings.target} {value}"


def _accuracy(trained: TrainedModel | None) -> Accuracies:
    return Accuracies(None, None) if trained is None else trained.accuracy


def _giga(count: int) -> str:
    """Return billions, with three decimals below 1 as in the published table."""
    return f"{count / 1e9:.2f}" if count >= 1e9 else f"{count / 1e9:.3f}"


def _mega(count: int) -> str:
    """Return millions, with three decimals below 10 as in the published table."""
    return f"{count / 1e6:.2f}" if count >= 1e7 else f"{count / 1e6:.3f}"


def _plain_percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.3f}"


def _scientific(number: float) -> str:
    """Return 0.0001 as 1e-4, as the published table writes it."""
    mantissa, exponent = f"{number:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _time(seconds: float) -> str:
    return f"{significant(1e3 * seconds, 3)} ms"


def _epochs(count: int) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"
