"""A baseline: a set of trials kept as a reference, in one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path, PurePath

from pydantic import TypeAdapter, ValidationError

from dawnbench.errors import DawnbenchError
from dawnbench.records.bounds import finite
from dawnbench.records.files import write
from dawnbench.records.reader import damaged, read_versioned
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.records.trial_set import TrialSet
from dawnbench.safe_text import slug

KIND = "dawnbench baseline"
_SERIES = TypeAdapter(TrialSet)


def baseline_path(folder: Path, workload: str, hardware: str) -> Path:
    """Return the path of a workload's baseline on its devices: `folder`/RECIPE/DEVICES.json.

    The workload is a recipe's name, followed in an inference run by what ran the model; both are as a run's
    identity says them.
    """
    return folder / slug(workload) / f"{slug(hardware)}.json"


def write_baseline(series: TrialSet, path: Path) -> None:
    """Write a set of trials as a baseline; an existing file is replaced atomically.

    Raises:
        DawnbenchError: the file cannot be written.
    """
    content = {"kind": KIND, "schema_version": SCHEMA_VERSION, **asdict(series)}
    del content["command"]  # it may name files of the machine that made the run
    if series.devices == 1:
        del content["devices"], content["nodes"]
    if series.inference is None:
        del content["inference"]
        for trial in content["trials"]:
            del trial["inference"]
    else:
        content["inference"]["model"] = PurePath(series.inference.model).name
    write(json.dumps(finite(content), indent=1, allow_nan=False) + "\n", path)


def read_baseline(path: Path) -> TrialSet:
    """Return the trials that a baseline file holds.

    Raises:
        DawnbenchError: it cannot be read, is not a baseline, is damaged, or is newer than this version knows.
    """
    content = read_versioned(path, f"cannot read the baseline {path}")
    if content.pop("kind", None) != KIND:
        raise DawnbenchError(f"{path} is not a dawnbench baseline; `dawnbench baseline save` writes one")
    try:
        return _SERIES.validate_python(finite(content))
    except ValidationError as error:
        raise damaged(path, error) from error
    except RecursionError as error:
        raise DawnbenchError(f"{path} is damaged: a value is nested too deeply") from error
