"""`dawnbench ab` of two kept models: their answers in turns."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.compare import ComparisonOptions, show_comparisons
from dawnbench.cli.exit_codes import DONE, INTERRUPTED
from dawnbench.cli.infer import as_bool
from dawnbench.cli.options import is_run
from dawnbench.cli.run_argument import MODEL_SUFFIXES, RUN_OR_MODEL
from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import INFERENCE

if TYPE_CHECKING:
    from dawnbench.campaigns.inference_session import ModelToTime
    from dawnbench.report.display.pairs import PairsDisplay
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
    from rich.console import Console

    from dawnbench.campaigns.infer import infer_ab
    from dawnbench.cli.configuration import price_list
    from dawnbench.records.reader import read_run
    from dawnbench.records.trial_set import trial_set_of
    from dawnbench.report.display.pairs import PairsDisplay
    from dawnbench.report.text.console import open_console
    from dawnbench.stats.comparison.trials_needed import too_few_pairs

    price_list(shown.prices)
    model_a, model_b = _models(names, how)
    console = Console(stderr=True) if shown.as_json else open_console()
    display = PairsDisplay(console, INFERENCE.name, trials, at_most=auto is not None)
    if (sentence := too_few_pairs(trials)) is not None:
        display.warn(sentence)
    interrupted = False
    try:
        with closing(display):
            infer_ab(
                model_a,
                model_b,
                pairs=trials if auto is None else replace(auto, rule=INFERENCE.name),
                device=device,
                out=out,
                observers=(display.a, display.b),
                command=("dawnbench", *sys.argv[1:]),
                tags=tags,
                prices=shown.prices,
            )
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        with suppress(DawnbenchError):  # report the first failure
            _write_logs(display)
        raise
    runs = [read_run(folder) for folder in _write_logs(display)]
    if len(runs) == 2 and all(run.trials for run in runs):
        console.print()
        a, b = (trial_set_of(run) for run in runs)
        # Whatever differs between the models, such as the runtime, is what was to be measured.
        show_comparisons(a, [b], replace(shown, rule=INFERENCE.name, across=True))
    return INTERRUPTED if interrupted else DONE


def _write_logs(display: PairsDisplay) -> list[Path]:
    """Write log.md into each folder that the campaign created, and return the folders."""
    from dawnbench.report.text.log import write_log

    folders = [side.folder for side in (display.a, display.b) if side.folder is not None]
    for folder in folders:
        write_log(folder)
    return folders


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
