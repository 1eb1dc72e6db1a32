"""Arguments that take a run by any of its names, and what a shell offers for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from dawnbench.errors import DawnbenchError


def complete_run(_context: Any, _parameter: Any, incomplete: str) -> list[CompletionItem]:
    """Return the runs in `runs` whose names start like this, newest first; the shell completes paths."""
    from dawnbench.records.run_names import LATEST, RUNS, run_names

    try:
        names = run_names(RUNS)
    except DawnbenchError:
        names = []
    fitting = [name for name in (*([LATEST] if names else []), *names) if name.startswith(incomplete)]
    # First, since bash forgets what came before it.
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, fitting)]


class RunFolder(click.ParamType[Path]):
    """A run, named in any way that `records.run_names` explains; the verb gets its folder."""

    name = "run"

    def convert(self, value: Any, parameter: Any, context: click.Context | None) -> Path:
        """Return the folder.

        Raises:
            DawnbenchError: no run has this name, several do, or it is a folder of runs.
        """
        if context is not None and context.resilient_parsing:
            return Path(value)
        from dawnbench.records.run_names import run_folder

        return run_folder(value)

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the runs whose names start like this."""
        return complete_run(context, parameter, incomplete)


MODEL_SUFFIXES = (".safetensors", ".onnx")


class RunOrModel(RunFolder):
    """A run, as above, or the file of a model."""

    name = "run or model"

    def convert(self, value: Any, parameter: Any, context: click.Context | None) -> Path:
        """Return the run's folder or the file.

        Raises:
            DawnbenchError: no run has this name, several do, it is a folder of runs, or no file.
        """
        if Path(value).suffix in MODEL_SUFFIXES and not Path(value).exists():
            raise DawnbenchError(f"{value} does not exist; name a run or the file of a model")
        return super().convert(value, parameter, context)


RUN_FOLDER = RunFolder()
RUN_OR_MODEL = RunOrModel()
