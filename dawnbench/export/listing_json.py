"""A list of runs as a JSON document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.records.bounds import finite
from dawnbench.records.listed import Listed
from dawnbench.records.schema import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run at a glance."""

    name: str
    """The folder's."""
    folder: str
    """Its path."""
    created: str
    """UTC, ISO 8601."""
    recipe_name: str
    recipe_digest: str
    changed: tuple[str, ...]
    """What was changed in the recipe, as `path=value`; empty in older runs."""
    target: float
    """Validation accuracy to reach, 0 to 1."""
    data: str
    """The data's source, as the user named it."""
    fingerprint: str
    """Of the data; results on different data are not comparable."""
    device: str
    """What was asked for: cpu, cuda, cuda:1, mps."""
    device_name: str
    precision: str
    threads: int | None
    """Threads of the processor that computed; None if a GPU computed, and in older runs."""
    tags: dict[str, str]
    """The user's own labels for the run, by key."""
    status: str
    """running, finished, interrupted, failed or died."""
    asked: int
    """Trials requested."""
    done: int
    """Trials that say something about the recipe: finished, diverged, or ended after reaching the target."""
    reached: int
    """Those of `done` in which an epoch reached the target."""
    median_seconds: dict[str, float | None]
    """By timing rule, over those of `done` that have a time; None if none has."""
    accuracy: float | None
    """Mean validation accuracy after the last epoch, 0 to 1, over those of `done` that have one."""
    mean_seconds: dict[str, float | None]
    """By timing rule, the time that those of `done` spent in all over the number that have a time, which is
    the mean if none missed the target; None if none has a time."""
    inference: str = ""
    """What ran the model of an inference run: torch, torch compiled or onnx. Left out for a training. The
    seconds under the rule `inference` are of one image."""
    devices: int = 1
    """How many of `device_name` trained each trial together. Left out for one."""
    nodes: int = 1
    """How many machines those are in. Left out for one device."""


@dataclass(frozen=True, slots=True)
class RunsDocument:
    """What `dawnbench runs --json` prints."""

    kind: Literal["dawnbench runs"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    runs: tuple[ListedRun, ...]
    """Those that match, newest first."""
    troubles: tuple[str, ...]
    """The run folders that cannot be read, one sentence each."""


def listing_json(runs: Sequence[Listed], troubles: Sequence[str]) -> str:
    """Return the runs as JSON, which runs-v1.json describes.

    It is all ASCII. A byte of a name that is not UTF-8 is half a surrogate pair, so that a path that Python
    reads from it leads to its folder.
    """
    document = RunsDocument("dawnbench runs", SCHEMA_VERSION, tuple(map(_listed, runs)), tuple(troubles))
    content = asdict(document)
    for run in content["runs"]:
        if not run["inference"]:
            del run["inference"]
        if run["devices"] == 1:
            del run["devices"], run["nodes"]
    return json.dumps(finite(content), indent=2, allow_nan=False) + "\n"


def _listed(run: Listed) -> ListedRun:
    one = run.identity
    return ListedRun(
        name=run.name,
        folder=str(run.folder),
        created=run.created,
        recipe_name=one.recipe_name,
        recipe_digest=one.recipe_digest,
        changed=one.changed,
        target=one.target,
        data=one.data,
        fingerprint=one.fingerprint,
        device=one.device,
        device_name=one.device_name,
        precision=one.precision,
        threads=one.threads,
        tags=run.tags,
        status=run.status,
        asked=run.asked,
        done=run.done,
        reached=run.reached,
        median_seconds=run.median_seconds,
        accuracy=run.accuracy,
        mean_seconds=run.mean_seconds,
        inference=one.inference,
        devices=one.devices,
        nodes=one.nodes,
    )
