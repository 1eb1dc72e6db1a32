"""Checks which optional extras of the package are installed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from dawnbench.doctor.finding import Finding

_FOR_DEVELOPMENT = frozenset({"dev", "docs", "test"})
_NEEDED_FOR = {
    "mlflow": "--track mlflow",
    "mlperf": "export --format mlperf",
    "onnx": "infer --runtime onnx and export --format onnx",
    "parquet": "export --format parquet",
    "ray": "campaigns on a Ray cluster",
    "search": "campaigns that search for settings",
    "slim": "slim prune with the default --rule graph",
    "slurm": "campaigns on a Slurm cluster",
    "tensorboard": "--track tensorboard",
    "trackio": "--track trackio",
    "wandb": "--track wandb",
}
# As in `torch-pruning>=1.5; extra == 'slim'`.
_REQUIREMENT = re.compile(r"(?P<package>[\w.-]+).*\bextra == ['\"](?P<extra>[\w-]+)['\"]")


def declared_extras() -> dict[str, tuple[str, ...]]:
    """Return the packages of each extra that this installation declares, without those for development."""
    try:
        declared = requires("dawnbench") or ()
    except PackageNotFoundError:  # run from a checkout without having been installed
        return {}
    extras: defaultdict[str, list[str]] = defaultdict(list)
    for requirement in declared:
        if (found := _REQUIREMENT.match(requirement)) and found["extra"] not in _FOR_DEVELOPMENT:
            extras[found["extra"]].append(found["package"])
    return {extra: tuple(extras[extra]) for extra in sorted(extras)}


def extra_findings(extras: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Yield one finding per extra; a missing one spoils no measurement, so all are ok."""
    for extra, packages in extras.items():
        check, versions = f"extra {extra}", {package: _version(package) for package in packages}
        if None not in versions.values():
            installed = (f"{package} {number}" for package, number in versions.items())
            yield Finding(check, "ok", f"{_joined(installed)} {_verb(packages)} installed")
            continue
        missing = [package for package, number in versions.items() if number is None]
        purpose = f"; needed only for {_NEEDED_FOR[extra]}" if extra in _NEEDED_FOR else ""
        yield Finding(
            check,
            "ok",
            f"{_joined(missing)} {_verb(missing)} not installed{purpose}",
            f"to use it, `pip install 'dawnbench[{extra}]'`",
        )


def _version(package: str) -> str | None:
    """Return the version of an installed package, without importing it; None if it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _joined(names: Iterable[str]) -> str:
    return " and ".join(", ".join(names).rsplit(", ", 1))


def _verb(things: tuple[str, ...] | list[str]) -> str:
    return "is" if len(things) == 1 else "are"
