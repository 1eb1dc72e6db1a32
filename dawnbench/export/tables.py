"""Trials, epochs and telemetry of many runs as tables, in CSV and Parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import replacing, write
from dawnbench.records.reader import read_run
from dawnbench.records.samples import Samples, read_samples
from dawnbench.records.schema import TrialRecord
from dawnbench.safe_text import csv_cell, encodable
from dawnbench.stats.frame_rows import frame
from dawnbench.stats.frames import load_runs
from dawnbench.stats.price_list import UNPRICED, PriceList

if TYPE_CHECKING:
    import pandas

Parts = Iterable["pandas.DataFrame"]
"""The parts of a table in order; there is at least one, and each has all columns."""
Tables = dict[str, Parts]
"""By name: trials, epochs and telemetry."""

PART_ROWS = 50_000
"""At most this many rows, plus those of one more trial, are in memory at a time."""

TELEMETRY_COLUMNS = {"run": "str", "trial": "int64", "t_seconds": "float64", "throttle": "str"}
"""The columns other than the metrics, which come before the last of these."""


def tables(folders: Sequence[Path], prices: PriceList = UNPRICED) -> tuple[Tables, list[str]]:
    """Return the three tables of run folders, and a sentence for everything that could not be read.

    `trials` and `epochs` are the frames of `load_runs`. Columns of `telemetry`: run and trial as there,
    t_seconds since the trial began, one per metric in the unit of its readings, and throttle, the reasons of
    the GPU's driver separated by "; ". There is one row per sample. Samples between trials are left out.

    Raises:
        DawnbenchError: a run folder cannot be read.
    """
    frames = load_runs(*map(str, folders), prices=prices)
    names = Counter(folder.resolve().name for folder in folders)
    named = {
        folder: encodable(str(folder) if names[folder.resolve().name] > 1 else folder.resolve().name)
        for folder in folders
    }
    metrics: dict[str, None] = {}
    warnings = list(frames.warnings)
    for folder in folders:
        samples = read_samples(folder)
        if samples is not None:
            warnings += (f"{folder}: {warning}" for warning in samples.warnings)
            if any(samples.of_trial(trial) is not None for trial in read_run(folder).trials):
                metrics |= dict.fromkeys(map(encodable, samples.values))
    # Samples are read again when they are written, since those of all runs may not fit into memory.
    telemetry = _telemetry(named, [name for name in metrics if name not in TELEMETRY_COLUMNS])
    return {"trials": [frames.trials], "epochs": [frames.epochs], "telemetry": telemetry}, warnings


def write_csv(found: Tables, out: Path) -> list[Path]:
    """Write TABLE.csv for each table into a folder, and return the paths.

    UTF-8 with commas between cells. A missing figure is an empty cell, every other has all its digits. Times
    of day are ISO 8601 in UTC. A text that a spreadsheet would run as a formula is prefixed with a single
    quote, as OWASP advises.
    """
    for name, parts in found.items():
        texts = (
            _inert(part).to_csv(
                index=False, header=not number, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ"
            )
            for number, part in enumerate(parts)
        )
        write(texts, out / f"{name}.csv")
    return [out / f"{name}.csv" for name in found]


def write_parquet(found: Tables, out: Path) -> list[Path]:
    """Write TABLE.parquet for each table into a folder, and return the paths.

    Column types are those of the frames. Seeds are text if one does not fit into 64 bits with a sign.

    Raises:
        DawnbenchError: pyarrow is missing, or the file cannot be written.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]  # noqa: F401  # pandas gives a less helpful message
    except ImportError as error:
        raise DawnbenchError(
            "--format parquet needs the package pyarrow; install it with `pip install 'dawnbench[parquet]'`"
        ) from error
    paths = []
    for name, parts in found.items():
        path = out / f"{name}.parquet"
        try:
            with replacing(path) as file:
                _write_parts(parts, file)
        except OSError as error:
            raise DawnbenchError(f"cannot write {path}: {error.strerror or error}; make room") from error
        paths.append(path)
    return paths


def _write_parts(parts: Parts, file: IO[bytes]) -> None:
    import pyarrow
    from pyarrow import parquet

    writer: Any = None
    try:
        for part in parts:
            too_large = {column: "str" for column in part if part[column].dtype == "object"}
            schema = None if writer is None else writer.schema
            table = pyarrow.Table.from_pandas(part.astype(too_large), schema=schema, preserve_index=False)
            writer = writer or parquet.ParquetWriter(file, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _inert(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with every text, including column names, safe for a spreadsheet."""
    texts = table.columns[table.dtypes == "str"]
    return table.assign(**{name: table[name].map(csv_cell) for name in texts}).rename(columns=csv_cell)


def _telemetry(named: Mapping[Path, str], metrics: Sequence[str]) -> Iterator[pandas.DataFrame]:
    """Yield the samples of the named run folders in parts."""
    parts: list[pandas.DataFrame] = []
    rows, begun = 0, False
    for folder, name in named.items():
        samples = read_samples(folder)
        if samples is None:
            continue
        for trial in read_run(folder).trials:
            part = _of_trial(samples, trial, name)
            if part is None:
                continue
            parts.append(part)
            rows += len(part)
            if rows >= PART_ROWS:
                yield _joined(parts, metrics)
                parts, rows, begun = [], 0, True
    if parts or not begun:
        yield _joined(parts, metrics)


def _of_trial(samples: Samples, trial: TrialRecord, name: str) -> pandas.DataFrame | None:
    import pandas

    seen = samples.of_trial(trial)
    if seen is None:
        return None
    columns: dict[str, Any] = {
        **{encodable(metric): column for metric, column in seen.values.items()},
        "run": name,
        "trial": trial.trial,
        "t_seconds": seen.t_ns / 1e9,
        "throttle": [encodable("; ".join(reasons)) for reasons in seen.throttle],
    }
    return pandas.DataFrame(columns)


def _joined(parts: Sequence[pandas.DataFrame], metrics: Sequence[str]) -> pandas.DataFrame:
    import pandas

    if not parts:
        return frame([], TELEMETRY_COLUMNS)
    *first, last = TELEMETRY_COLUMNS
    return pandas.concat(parts, ignore_index=True).reindex(columns=[*first, *metrics, last])
