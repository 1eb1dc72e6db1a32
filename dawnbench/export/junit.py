"""A judgement as JUnit XML: one test case per gate."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from dawnbench.export.gates import finite_gates, series_name
from dawnbench.safe_text import plain_lines
from dawnbench.stats.regression.judgement import Gate, Judgement, Outcome

# A gate that cannot judge is an error, not a skipped test. A skipped test lets a report pass although
# `regress` exits with 2, and a check that no longer checks anything must not look like one that holds.
ELEMENTS: dict[Outcome, str] = {
    "regression": "failure",
    "too fast": "failure",
    "not comparable": "error",
    "too few trials": "error",
}


def junit(judgement: Judgement, judged: datetime) -> str:
    """Return the document; `judged` is the time of the judgement.

    A test case has the recipe as class name and the metric as name. A regression and a run too fast to be
    true are failures. What could not be judged is an error; if nothing could be compared, that is the only
    test case. `time` is the run's mean in seconds (of an inference run, for one image) for the metric time
    and 0 for the others, since some readers want it on every case. All sentences are in `system-out`.

    Valid against the schema of Ant's reports (windyroad's JUnit.xsd), which requires every attribute and
    element given here in this order, and against that of Jenkins (junit-10.xsd of its xunit plugin), which
    allows at most three decimals in times.
    """
    cases = [_case(judgement, gate.metric, gate.outcome, gate.sentence) for gate in judgement.gates]
    if not cases:
        why = "; ".join(judgement.notes) or "nothing could be compared"
        cases = [_case(judgement, "comparison", "not comparable", why)]
    seconds = next((_seconds(gate) for gate in finite_gates(judgement) if gate.metric == "time"), 0)
    for case in cases:
        case.set("time", f"{seconds if case.get('name') == 'time' else 0:.3f}")

    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": plain_lines(series_name(judgement)),
            "package": "dawnbench",
            "id": "0",
            "hostname": "localhost",  # the host of the run is unknown, and Ant writes this in that case
            "timestamp": judged.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
            "tests": str(len(cases)),
            "failures": str(sum(case.find("failure") is not None for case in cases)),
            "errors": str(sum(case.find("error") is not None for case in cases)),
            "skipped": "0",
            "time": f"{seconds:.3f}",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("run", "baseline", "recipe_name", "device_name", "rule"):
        ET.SubElement(properties, "property", name=name, value=plain_lines(getattr(judgement, name)))
    suite.extend(cases)
    said = [f"{gate.metric} {gate.outcome}: {gate.sentence}" for gate in judgement.gates]
    ET.SubElement(suite, "system-out").text = plain_lines("\n".join([*said, *judgement.notes]))
    ET.SubElement(suite, "system-err")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _seconds(gate: Gate) -> float:
    measured = gate.measured or 0
    return measured / 1000 if gate.unit == "ms" else measured


def _case(judgement: Judgement, name: str, outcome: Outcome, sentence: str) -> ET.Element:
    case = ET.Element("testcase", classname=plain_lines(judgement.recipe_name), name=name)
    if (element := ELEMENTS.get(outcome)) is not None:
        found = ET.SubElement(case, element, type=outcome, message=plain_lines(sentence))
        found.text = plain_lines(f"{sentence}\n{judgement.run} against {judgement.baseline}")
    return case
