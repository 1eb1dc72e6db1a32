"""Trials, epochs and telemetry of many runs as tables, in CSV and Parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import replacing, write
from dawnbench.records.reader import read_run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.safe_text import csv_cell, encodable
from dawnbench.stats.frame_rows import frame
from dawnbench.stats.frames import load_runs

if TYPE_CHECKING:
    import pandas

Tables = dict[str, "pandas.DataFrame"]
"""By name: trials, epochs and telemetry."""

TELEMETRY_COLUMNS = {"run": "str", "trial": "int64", "t_seconds": "float64", "throttle": "str"}
"""Those beside the metrics, which stand before the last."""


def tables(folders: Sequence[Path]) -> tuple[Tables, list[str]]:
    """Return the three tables of run folders, and what could not be read, a sentence each.

    `trials` and `epochs` are the frames of `load_runs`. Columns of `telemetry`: run and trial as there,
    t_seconds since the trial began, one a metric in the unit of its readings, and throttle, the reasons of
    the GPU's driver with "; " between; a row a sample. Samples between the trials are left out.

    Raises:
        DawnbenchError: a run folder cannot be read.
    """
    frames = load_runs(*map(str, folders))
    names = Counter(folder.resolve().name for folder in folders)
    parts: list[pandas.DataFrame] = []
    warnings = list(frames.warnings)
    for folder in folders:
        name = folder.resolve().name
        samples = read_samples(folder)
        if samples is not None:
            warnings += (f"{folder}: {warning}" for warning in samples.warnings)
            parts += _telemetry(folder, encodable(name if names[name] == 1 else str(folder)), samples)
    return {"trials": frames.trials, "epochs": frames.epochs, "telemetry": _joined(parts)}, warnings


def write_csv(found: Tables, out: Path) -> list[Path]:
    """Write TABLE.csv for each table into a folder, and return the paths.

    UTF-8 with a comma between cells; a figure that there is none of is an empty cell, every other has all
    its digits; times of day are ISO 8601 in UTC. A text that a spreadsheet would run as a formula has a
    single quote before it, as OWASP advises.
    """
    for name, table in found.items():
        text = _inert(table).to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ")
        write(text, out / f"{name}.csv")
    return [out / f"{name}.csv" for name in found]


def write_parquet(found: Tables, out: Path) -> list[Path]:
    """Write TABLE.parquet for each table into a folder, and return the paths.

    Column types are those of the frames; seeds are text where one does not fit 64 bits with a sign.

    Raises:
        DawnbenchError: pyarrow is missing, or the disk does not take it.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]  # noqa: F401  # pandas says it less well
    except ImportError as error:
        raise DawnbenchError(
            "--format parquet needs the package pyarrow; install it with `pip install 'dawnbench[parquet]'`"
        ) from error
    paths = []
    for name, table in found.items():
        too_large = {column: "str" for column in table if table[column].dtype == "object"}
        path = out / f"{name}.parquet"
        try:
            with replacing(path) as file:
                table.astype(too_large).to_parquet(file, engine="pyarrow", index=False)
        except OSError as error:
            raise DawnbenchError(f"cannot write {path}: {error.strerror or error}; make room") from error
        paths.append(path)
    return paths


def _inert(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with every text, those above the columns as well, as a spreadsheet may open it."""
    texts = table.columns[table.dtypes == "str"]
    return table.assign(**{name: table[name].map(csv_cell) for name in texts}).rename(columns=csv_cell)


def _telemetry(folder: Path, name: str, samples: Samples) -> list[pandas.DataFrame]:
    import pandas

    found = []
    for trial in read_run(folder).trials:
        seen = samples.of_trial(trial)
        if seen is not None:
            columns: dict[str, Any] = {
                **{encodable(metric): column for metric, column in seen.values.items()},
                "run": name,
                "trial": trial.trial,
                "t_seconds": seen.t_ns / 1e9,
                "throttle": [encodable("; ".join(reasons)) for reasons in seen.throttle],
            }
            found.append(pandas.DataFrame(columns))
    return found


def _joined(parts: Sequence[pandas.DataFrame]) -> pandas.DataFrame:
    import pandas

    if not parts:
        return frame([], TELEMETRY_COLUMNS)
    metrics = dict.fromkeys(c for part in parts for c in part if c not in TELEMETRY_COLUMNS)
    *first, last = TELEMETRY_COLUMNS
    return pandas.concat(parts, ignore_index=True)[[*first, *metrics, last]]
