"""The formats of `dawnbench export` that hold a run's model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, cast

import click

from dawnbench.cli.run_argument import MODEL_SUFFIXES
from dawnbench.errors import DawnbenchError
from dawnbench.records.index import is_run_folder
from dawnbench.safe_text import one_line


def export_models(
    names: Sequence[str],
    kind: str,
    out: str | None,
    data: str | None,
    recipe: str | None,
    precision: str | None,
) -> Iterator[str]:
    """Write the models of runs, or of model files, and yield the path of each file.

    Raises:
        DawnbenchError: a run has no model, it cannot be converted, or a file cannot be written.
    """
    suffix = f"-int8.{kind}" if precision == "int8" else f".{kind}"
    targets = _targets(_sources(names), kind, suffix, out)
    from dawnbench.inference.export_model import export_model

    for path, source in targets.items():
        notes = export_model(
            source,
            cast(Literal["onnx", "safetensors"], kind),
            path,
            data=data,
            recipe=recipe,
            precision=cast(Literal["fp32", "int8"], precision or "fp32"),
        )
        for note in notes:
            click.echo(f"dawnbench: {one_line(note)}", err=True)
        yield str(path)


def _sources(names: Sequence[str]) -> list[Path]:
    """Return run folders and model files."""
    from dawnbench.export.run_folders import find_folders

    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_file():
            found.append(path)
        elif path.suffix in MODEL_SUFFIXES and not path.exists():
            raise DawnbenchError(f"{name} does not exist; name a run or the file of a model")
        else:
            folders, troubles = find_folders([name])
            for trouble in troubles:
                click.echo(f"dawnbench: {one_line(trouble)}", err=True)
            found += folders
    return found


def _targets(sources: Sequence[Path], kind: str, suffix: str, out: str | None) -> dict[Path, Path]:
    """Return the source of each file to write; in a folder, each is named after its source, with `suffix`."""
    if out == "-":
        raise DawnbenchError(f"--format {kind} cannot go to standard output; name a file or a folder with -o")
    if out is not None and out.endswith(f".{kind}"):
        if len(sources) > 1:
            raise DawnbenchError(f"{out} can hold only one of the {len(sources)} models; name a folder")
        return {Path(out): sources[0]}
    folder = Path("exports") / kind if out is None else Path(out)
    targets: dict[Path, Path] = {}
    for source in sources:
        path = folder / f"{_name(source)}{suffix}"
        if path in targets:
            raise DawnbenchError(
                f"{targets[path]} and {source} would both become {path}; export them into two folders"
            )
        targets[path] = source
    return targets


def _name(source: Path) -> str:
    """Return the run's name, or that of a model's file elsewhere."""
    whole = source.resolve()
    if source.is_file():
        is_of_run = source.stem == "model" and is_run_folder(whole.parent)
        return whole.parent.name if is_of_run else source.stem
    return whole.name
