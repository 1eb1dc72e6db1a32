"""The published JSON Schemas of what `export` and `--json` print, and of the files in a run folder.

`python -m dawnbench.export.json_schema docs/schema` writes them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from dawnbench.export import (
    campaign_json,
    findings_json,
    listing_json,
    recipe_json,
    run_json,
    scaling_json,
    summary_json,
)
from dawnbench.export.campaign_json import CampaignDocument
from dawnbench.export.findings_json import FindingsDocument
from dawnbench.export.gates import as_json
from dawnbench.export.listing_json import RunsDocument
from dawnbench.export.recipe_json import RecipeDocument, RecipesDocument
from dawnbench.export.run_json import RunDocument
from dawnbench.export.scaling_json import ScalingDocument
from dawnbench.export.summary_json import SummaryDocument
from dawnbench.records import campaign, inference, prices, pruning, schema, search, slimming
from dawnbench.records.campaign import AttemptRecord, CampaignRecord
from dawnbench.records.files import write
from dawnbench.records.pruning import PruningSweep
from dawnbench.records.schema import SCHEMA_VERSION, EpochRecord, RunRecord, TrialRecord
from dawnbench.records.slimming import SlimRecord
from dawnbench.stats import claim, scaling_laws

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIBED: dict[str, type] = {
    "run": RunDocument,
    "folder-run": RunRecord,
    "folder-trial": TrialRecord,
    "folder-epoch": EpochRecord,
    "folder-campaign": CampaignRecord,
    "folder-attempt": AttemptRecord,
    "campaign": CampaignDocument,
    "list": RecipesDocument,
    "show-recipe": RecipeDocument,
    "show-run": SummaryDocument,
    "doctor": FindingsDocument,
    "scale": ScalingDocument,
    "runs": RunsDocument,
    "prune": PruningSweep,
    "slim": SlimRecord,
}
"""By name: the exported document, run.json and a line of trials.jsonl and epochs.jsonl, campaign.json and a
line of attempts.jsonl, and what verbs print with --json."""
MODULES = (
    *(schema, inference, prices, pruning, slimming, campaign, search, claim, scaling_laws),
    *(run_json, recipe_json, summary_json, findings_json, scaling_json, listing_json, campaign_json),
)
"""Where the classes that documents consist of are defined."""


def schemas() -> dict[str, str]:
    """Return the text of each schema by its file name, such as run-v1.json."""
    return {f"{name}-v{SCHEMA_VERSION}.json": as_json(_schema(kind)) for name, kind in DESCRIBED.items()}


def _schema(kind: type) -> dict[str, Any]:
    found = TypeAdapter(kind).json_schema()
    definitions = {kind.__name__: found, **found.get("$defs", {})}
    for module in MODULES:
        for name, fields in _fields(module).items():
            for field, description in fields.items():
                if name in definitions:
                    definitions[name]["properties"][field]["description"] = description
    return {"$schema": DIALECT, **found}


def _fields(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the docstring below each field of a module's classes, by class and field.

    pydantic reads these only if a class asks for it, and the records do not depend on pydantic.
    """
    classes = (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef))
    return {one.name: _described(one) for one in classes}


def _described(of: ast.ClassDef) -> dict[str, str]:
    found = {}
    for field, below in zip(of.body, of.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text).replace("None", "null")
    return found


if __name__ == "__main__":
    for name, text in schemas().items():
        write(text, Path(sys.argv[1]) / name)
