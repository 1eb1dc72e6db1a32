"""Train to a target accuracy, time it so that nobody can argue with the figure, and write the table.

The names below are the public API. They are loaded when first used, so that `import dawnbench` is quick and
the reading side never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dawnbench.version import __version__

if TYPE_CHECKING:
    from dawnbench.campaigns import Observer, ab, resume, run
    from dawnbench.campaigns.infer import infer
    from dawnbench.errors import DawnbenchError
    from dawnbench.recipes import Recipe, find_recipe, list_recipes
    from dawnbench.recipes.overrides import override
    from dawnbench.records.prices import Prices
    from dawnbench.records.reader import Run, read_run
    from dawnbench.report.text.log import write_log
    from dawnbench.stats.comparison.compare import compare
    from dawnbench.stats.frames import load_runs
    from dawnbench.stats.pooling import open_trial_set
    from dawnbench.stats.sequential import AutoTrials

_HOMES = {
    "AutoTrials": "dawnbench.stats.sequential",
    "DawnbenchError": "dawnbench.errors",
    "Observer": "dawnbench.campaigns",
    "Prices": "dawnbench.records.prices",
    "Recipe": "dawnbench.recipes",
    "Run": "dawnbench.records.reader",
    "ab": "dawnbench.campaigns",
    "compare": "dawnbench.stats.comparison.compare",
    "find_recipe": "dawnbench.recipes",
    "infer": "dawnbench.campaigns.infer",
    "list_recipes": "dawnbench.recipes",
    "load_runs": "dawnbench.stats.frames",
    "open_trial_set": "dawnbench.stats.pooling",
    "override": "dawnbench.recipes.overrides",
    "read_run": "dawnbench.records.reader",
    "resume": "dawnbench.campaigns",
    "run": "dawnbench.campaigns",
    "write_log": "dawnbench.report.text.log",
}

__all__ = [
    "AutoTrials",
    "DawnbenchError",
    "Observer",
    "Prices",
    "Recipe",
    "Run",
    "__version__",
    "ab",
    "compare",
    "find_recipe",
    "infer",
    "list_recipes",
    "load_runs",
    "open_trial_set",
    "override",
    "read_run",
    "resume",
    "run",
    "write_log",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dawnbench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
