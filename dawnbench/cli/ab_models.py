"""`dawnbench ab` of two kept models: their answers in turns."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.ab_pairs import measure_and_compare, open_display
from dawnbench.cli.compare import ComparisonOptions
from dawnbench.cli.exit_codes import DONE, INTERRUPTED
from dawnbench.cli.infer import as_bool
from dawnbench.cli.options import is_run
from dawnbench.cli.run_argument import MODEL_SUFFIXES, RUN_OR_MODEL
from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import INFERENCE

if TYPE_CHECKING:
    from dawnbench.campaigns import Observer
    from dawnbench.campaigns.inference_session import ModelToTime
    from dawnbench.stats.sequential import AutoTrials

PER_SIDE = ("runtime", "compile", "precision")
"""The options that may be given once for both sides, or twice: first for A, then for B."""


def is_model(what: str) -> bool:
    """Return whether a name means a run or the file of a model, rather than a recipe.

    Raises:
        DawnbenchError: several runs match the name.
    """
    return Path(what).suffix in MODEL_SUFFIXES or is_run(what)


def run_models_and_compare(
    names: Sequence[str],
    shown: ComparisonOptions,
    *,
    trials: int,
    auto: AutoTrials | None,
    device: str,
    out: Path,
    tags: Mapping[str, str],
    **how: Any,
) -> int:
    """Time the answers of both models in turns and print the comparison; return the exit code.

    `how` are the options of `dawnbench infer` about a model, those of `PER_SIDE` as tuples.

    Raises:
        DawnbenchError: there are not two sides, one cannot be run this way, or something is wrong with the
        data, the device or the disk.
    """
    from dawnbench.campaigns.infer import infer_ab
    from dawnbench.cli.configuration import price_list

    price_list(shown.prices)
    model_a, model_b = _models(names, how)
    display = open_display(shown, INFERENCE.name, trials, at_most=auto is not None)

    def measure(observers: tuple[Observer, Observer]) -> None:
        infer_ab(
            model_a,
            model_b,
            pairs=trials if auto is None else replace(auto, rule=INFERENCE.name),
            device=device,
            out=out,
            observers=observers,
            command=("dawnbench", *sys.argv[1:]),
            tags=tags,
            prices=shown.prices,
        )

    # Whatever differs between the models, such as the runtime, is what was to be measured.
    shown = replace(shown, rule=INFERENCE.name, across=True)
    _, interrupted = measure_and_compare(measure, display, shown)
    return INTERRUPTED if interrupted else DONE


def _models(names: Sequence[str], how: Mapping[str, Any]) -> tuple[ModelToTime, ModelToTime]:
    """Return the two sides."""
    from dawnbench.campaigns.inference_session import ModelToTime

    values = {option: how[option] for option in PER_SIDE}
    if most := next((option for option in PER_SIDE if len(values[option]) > 2), None):
        raise click.UsageError(f"--{most} is given more than twice; give it once for both sides, or for each")
    if len(names) > 2 or (len(names) == 1 and all(len(given) < 2 for given in values.values())):
        raise DawnbenchError(
            "ab takes two kept models, or one with --runtime, --compile or --precision given twice (the "
            f"first for A, the second for B); it got {len(names)}"
        )
    sources = [RUN_OR_MODEL.convert(name, None, None) for name in (names[0], names[-1])]
    batch = {} if how["batch"] is None else {"batch_sizes": how["batch"]}

    def side(number: int) -> ModelToTime:
        own = {option: given[min(number, len(given) - 1)] for option, given in values.items() if given}
        return ModelToTime(
            sources[number],
            data=how["data"],
            recipe=how["recipe"],
            precision=own.get("precision"),
            compile=as_bool(own.get("compile")),
            runtime=own.get("runtime", "torch"),
            target=how["target"],
            **batch,
        )

    return side(0), side(1)
