"""The findings of `dawnbench doctor` as a JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.export.gates import as_json
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.report.text.findings import Finding


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """The result of one check."""

    check: str
    """What was checked."""
    level: str
    """`problem` distorts a measurement, `warning` may, `ok` does not; `unknown` could not be checked here."""
    message: str
    """What was found."""
    remedy: str | None
    """What to do about it; None if there is nothing to do."""


@dataclass(frozen=True, slots=True)
class FindingsDocument:
    """What `dawnbench doctor --json` prints."""

    kind: Literal["dawnbench doctor"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    findings: tuple[ListedFinding, ...]


def findings_json(findings: Iterable[Finding]) -> str:
    """Return the findings as JSON, which doctor-v1.json describes."""
    listed = tuple(ListedFinding(one.check, one.level, one.message, one.remedy) for one in findings)
    return as_json(asdict(FindingsDocument("dawnbench doctor", SCHEMA_VERSION, listed)))
