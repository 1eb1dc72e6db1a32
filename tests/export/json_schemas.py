"""A validator for the part of JSON Schema that the published schemas use; it refuses any other keyword."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
TELLING = {"type", "$schema", "$defs", "title", "description", "default"}


def published(name: str) -> dict[str, Any]:
    """Return a published schema by the name of its file."""
    schema: dict[str, Any] = json.loads((PUBLISHED / name).read_text(encoding="utf-8"))
    return schema


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None, at: str = "") -> list[str]:
    """Return where a value does not fit a schema, and why."""
    root = root or schema
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{at}: {value!r} is not a {kind}"]
    found: list[str] = []
    for keyword, wanted in schema.items():
        match keyword:
            case "$ref":
                found += faults(value, root["$defs"][wanted.rsplit("/", 1)[1]], root, at)
            case "anyOf":
                if all(faults(value, one, root) for one in wanted):
                    found.append(f"{at}: {value!r} fits none of {wanted}")
            case "const":
                found += [] if value == wanted else [f"{at}: {value!r} is not {wanted!r}"]
            case "enum":
                found += [] if value in wanted else [f"{at}: {value!r} is not in {wanted}"]
            case "required":
                found += [f"{at}: {key} is missing" for key in wanted if key not in value]
            case "properties":
                known = value.keys() & wanted.keys()
                found += [
                    fault for k in sorted(known) for fault in faults(value[k], wanted[k], root, f"{at}.{k}")
                ]
            case "additionalProperties":
                others = value.keys() - schema.get("properties", {}).keys()
                if isinstance(wanted, dict):
                    found += [
                        fault for k in sorted(others) for fault in faults(value[k], wanted, root, f"{at}.{k}")
                    ]
                else:
                    found += [] if wanted else [f"{at}: unknown {key}" for key in others]
            case "items":
                found += [f for i, one in enumerate(value) for f in faults(one, wanted, root, f"{at}[{i}]")]
            case "prefixItems":
                pairs = enumerate(zip(value, wanted, strict=False))
                found += [f for i, (one, kind) in pairs for f in faults(one, kind, root, f"{at}[{i}]")]
            case "minimum":
                found += [] if value >= wanted else [f"{at}: {value} is below {wanted}"]
            case "exclusiveMinimum":
                found += [] if value > wanted else [f"{at}: {value} is not above {wanted}"]
            case "maximum":
                found += [] if value <= wanted else [f"{at}: {value} is above {wanted}"]
            case "exclusiveMaximum":
                found += [] if value < wanted else [f"{at}: {value} is not below {wanted}"]
            case "minItems":
                found += [] if len(value) >= wanted else [f"{at}: shorter than {wanted}"]
            case "maxItems":
                found += [] if len(value) <= wanted else [f"{at}: longer than {wanted}"]
            case _:
                assert keyword in TELLING, f"the validator does not know {keyword}"
    return found
