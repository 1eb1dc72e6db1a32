"""The verb `dawnbench export`: write runs in other tools' formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dawnbench.cli.group import main
from dawnbench.cli.options import Place, price_options
from dawnbench.cli.parameter_types import DATA
from dawnbench.cli.run_argument import complete_run
from dawnbench.errors import DawnbenchError
from dawnbench.export.trackers import TRACKERS
from dawnbench.safe_text import one_line

if TYPE_CHECKING:
    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run
    from dawnbench.stats.price_list import PriceList

TABLES = ("csv", "parquet")
PRICES = ("cost_per_hour", "price_per_kwh", "grams_per_kwh")
MODELS = ("onnx", "safetensors")
OPTIONS_OF: dict[str, tuple[str, ...]] = {
    "dawnbench": ("trial", "author", "author_email", "code_url", "framework", "hardware", "cost_per_hour"),
    "mlperf": ("trial", "author"),
    **dict.fromkeys((*TABLES, "json"), PRICES),
    "onnx": ("data", "recipe", "precision"),
    "safetensors": ("data", "recipe"),
}
"""The options that a format takes besides RUN and --out."""
FORMATS = ("dawnbench", "mlperf", *TABLES, "json", *MODELS, *TRACKERS)

EXPLAINED = f"""\b
Formats:
  dawnbench     an entry for the official repository: a JSON and a TSV file;
                of an inference run one JSON file
  mlperf        :::MLLOG lines, one file per trial, and the checker's rules
  csv, parquet  trials, epochs and telemetry of all runs as three tables
  json          one document per run, following the published schema
  onnx          the saved model: pixels 0 to 255 in, logits out, checked
                against torch by onnxruntime
  safetensors   the saved model's weights, with the recipe in the metadata
  {", ".join(TRACKERS)}
                that tracker's own store"""


@main.command(epilog=EXPLAINED)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_run)
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), metavar="FORMAT", required=True, help="See below."
)
@click.option(
    "-o",
    "--out",
    metavar="FOLDER",
    type=Place(allow_dash=True),
    help="Folder to write to; by default exports/FORMAT, or for trackers tracking/FORMAT next to the run. "
    "For json, onnx and safetensors also a file name; for json also - for standard output.",
)
@click.option(
    "--trial",
    type=click.IntRange(min=1),
    help="Export only this trial, not the median trial or all (dawnbench, mlperf).",
)
@click.option(
    "--author", help="Who submits; by default name under [author] in config.toml (dawnbench, mlperf)."
)
@click.option("--author-email", help="The author's address; by default email under [author] (dawnbench).")
@click.option("--code-url", help="Address of the code; by default code_url under [author] (dawnbench).")
@click.option("--framework", help="By default PyTorch with the run's version (dawnbench).")
@click.option(
    "--hardware", help="By default the device's name; in a cloud, add the instance type (dawnbench)."
)
@click.option(
    "--data",
    type=DATA,
    metavar="NAME",
    help="Data set to check the model on, if its own is not there (onnx, safetensors).",
)
@click.option(
    "--recipe",
    metavar="FILE",
    help="The recipe file, if it defines parts of its own (onnx, safetensors).",
)
@click.option(
    "--precision",
    type=click.Choice(("fp32", "int8")),
    help="Number format of the graph, by default fp32; for int8 the model is quantized on training images "
    "(onnx).",
)
@price_options
def export(
    runs: tuple[str, ...],
    kind: str,
    out: str | None,
    prices: Prices,
    data: str | None,
    recipe: str | None,
    precision: str | None,
    **options: Any,
) -> None:
    """Write runs, or their models, in other tools' formats.

    RUN is a run (its folder, its name, or latest), a folder of run folders, or a quoted glob of either. A run
    made with --save-model has a model for onnx and safetensors; for these, RUN may also be a .safetensors
    file that dawnbench wrote.
    """
    about_model = {"data": data, "recipe": recipe, "precision": precision}
    given = [name for name, value in (options | asdict(prices) | about_model).items() if value is not None]
    unused = [name for name in given if name not in OPTIONS_OF.get(kind, ())]
    if unused:
        raise click.UsageError(f"--{unused[0].replace('_', '-')} does not apply to --format {kind}")
    if kind in MODELS:
        from dawnbench.cli.export_model import export_models

        lines = export_models(runs, kind, out, data, recipe, precision)
    else:
        lines = export_runs(runs, kind, out, EntryOptions(**options), prices)
    for line in lines:
        click.echo(one_line(line))


@dataclass(frozen=True, slots=True)
class EntryOptions:
    """What an entry or a log for another benchmark says beside the run; None for what was not given."""

    trial: int | None
    """The only trial to export, counted from 1; by default the median one (dawnbench) or all (mlperf)."""
    author: str | None
    author_email: str | None
    code_url: str | None
    framework: str | None
    """By default PyTorch with the run's version."""
    hardware: str | None
    """By default the device's name."""


def export_runs(
    names: Sequence[str], kind: str, out: str | None, options: EntryOptions, given: Prices
) -> Iterator[str]:
    """Write runs in a format, and yield a line about each thing written; `given` are prices.

    Raises:
        DawnbenchError: a run cannot be read, does not suit the format, or a file cannot be written.
    """
    from dawnbench.cli.configuration import price_list
    from dawnbench.export.run_folders import find_folders
    from dawnbench.records.reader import read_run

    prices = price_list(given)
    folders, troubles = find_folders(names)
    _warn(troubles)
    if kind in TABLES:
        yield from _tables(folders, kind, _folder(out, kind), prices)
        return
    runs = [read_run(folder) for folder in folders]
    _warn(f"{run.folder}: {warning}" for run in runs for warning in run.warnings)
    if kind == "dawnbench":
        yield from _entries(runs, _folder(out, kind), options, prices)
    elif kind == "mlperf":
        yield from _logs(runs, _folder(out, kind), options)
    elif kind == "json":
        yield from _documents(runs, out, prices)
    else:
        from dawnbench.export.trackers import replay

        for run in runs:
            yield replay(run, kind, None if out is None else _folder(out, kind))


def _tables(folders: Sequence[Path], kind: str, out: Path, prices: PriceList) -> Iterator[str]:
    from dawnbench.export.tables import tables, write_csv, write_parquet

    found, warnings = tables(folders, prices)
    _warn(warnings)
    yield from map(str, (write_csv if kind == "csv" else write_parquet)(found, out))


def _entries(runs: Sequence[Run], out: Path, options: EntryOptions, prices: PriceList) -> Iterator[str]:
    from dawnbench.cli.configuration import configuration_path, read_configuration
    from dawnbench.export.dawnbench_entry import Submitter, dawnbench_entry
    from dawnbench.export.inference_entry import inference_entry
    from dawnbench.records.files import write

    known = read_configuration(configuration_path()).author
    author = _chosen(options.author, known.get("name"))
    email = _chosen(options.author_email, known.get("email"))
    if not author or not email:
        raise _missing_author(
            "an entry names its submitter", "--author NAME and --author-email ADDRESS", "name and email"
        )
    written: dict[str, Run] = {}
    for run in runs:
        submitter = Submitter(
            author,
            email,
            options.code_url or known.get("code_url"),
            options.framework,
            options.hardware,
            prices.prices_of(run.record).cost_per_hour,
        )
        of_run = dawnbench_entry if run.record.inference is None else inference_entry
        entry = of_run(run, submitter, options.trial)
        if entry.name in written:
            raise DawnbenchError(
                f"{written[entry.name].folder} and {run.folder} would both become {entry.name}.json; "
                "export them separately, into two folders or with another --hardware"
            )
        written[entry.name] = run
        for suffix, text in (("json", entry.json), ("tsv", entry.tsv)):
            if text is None:
                continue
            path = out / f"{entry.name}.{suffix}"
            write(text, path)
            yield str(path)


def _logs(runs: Sequence[Run], out: Path, options: EntryOptions) -> Iterator[str]:
    from dawnbench.cli.configuration import configuration_path, read_configuration
    from dawnbench.export.mlperf_log import RULE_FILE, mlperf_log, rules_text
    from dawnbench.records.files import write

    author = _chosen(options.author, read_configuration(configuration_path()).author.get("name"))
    if not author:
        raise _missing_author("an MLPerf log names its submitter", "--author NAME", "name")
    for run, name in zip(runs, _names(runs), strict=True):
        trials = [trial for trial in run.trials if options.trial in (None, trial.trial)]
        if not trials:
            raise DawnbenchError(
                f"{run.folder} has no trial {options.trial or 'at all'}; it has {len(run.trials)}"
            )
        for trial in trials:
            text = mlperf_log(run, trial, author)
            if text is None:
                why = "ended before it touched its data" if trial.resumed_after is None else "was resumed"
                _warn([f"{run.folder}: trial {trial.trial} {why}, so it has no log"])
                continue
            path = out / name / f"result_{trial.trial - 1}.txt"
            write(text, path)
            yield str(path)
        write(rules_text(), out / name / RULE_FILE)
        yield str(out / name / RULE_FILE)


def _documents(runs: Sequence[Run], out: str | None, prices: PriceList) -> Iterator[str]:
    from dawnbench.export.run_json import run_json
    from dawnbench.records.files import write

    if out is not None and (out == "-" or out.endswith(".json")):
        if len(runs) > 1:
            raise DawnbenchError(f"{out} can hold only one of the {len(runs)} runs; name a folder")
        if out == "-":
            for part in run_json(runs[0], prices):
                click.echo(part, nl=False)
        else:
            write(run_json(runs[0], prices), Path(out))
            yield out
        return
    for run, name in zip(runs, _names(runs), strict=True):
        path = _folder(out, "json") / f"{name}.json"
        write(run_json(run, prices), path)
        yield str(path)


def _folder(out: str | None, kind: str) -> Path:
    if out == "-":
        raise DawnbenchError(f"--format {kind} writes several files; name a folder with -o")
    return Path("exports") / kind if out is None else Path(out)


def _names(runs: Sequence[Run]) -> list[str]:
    names = [run.folder.resolve().name for run in runs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DawnbenchError(f"two runs are called {twice[0]}; export them separately, into two folders")
    return names


def _chosen(option: str | None, configured: str | None) -> str:
    return (configured or "" if option is None else option).strip()


def _missing_author(why: str, option: str, keys: str) -> DawnbenchError:
    from dawnbench.cli.configuration import configuration_path

    path = configuration_path()
    where = "a configuration file (you have no home folder: set XDG_CONFIG_HOME)" if path is None else path
    return DawnbenchError(f"{why}: give {option}, or set {keys} under [author] in {where}")


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.echo(f"dawnbench: {one_line(sentence)}", err=True)
