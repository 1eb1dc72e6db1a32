from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given

from dawnbench.export.junit import junit
from dawnbench.stats.regression.judgement import Judgement
from tests.export.judgements import ENERGY, JUDGEMENT, TIME, UNCOMPARABLE, judgements

JUDGED = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def suite(judgement: Judgement) -> ET.Element:
    """Return the one suite of a document that is valid and can be stored as it says."""
    text = junit(judgement, JUDGED)
    root = ET.fromstring(text.encode("utf-8"))
    SCHEMA.validate(root)
    (found,) = root
    return found


def finding(case: ET.Element) -> tuple[str, str, str] | None:
    if len(case) == 0:
        return None
    (element,) = case
    return element.tag, element.attrib["type"], element.attrib["message"]


@given(judgements())
def test_any_judgement_is_valid_and_its_counts_are_those_of_its_cases(judgement: Judgement) -> None:
    found = suite(judgement)
    cases = found.findall("testcase")
    assert len(cases) == int(found.attrib["tests"]) == max(1, len(judgement.gates))
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert len(found.findall(f"testcase/{tag}")) == int(found.attrib[count])
    passed = all(len(case) == 0 for case in cases)
    assert passed == (judgement.outcome == "holds")


def test_each_gate_is_a_case_of_the_recipe_with_its_verdict() -> None:
    found = suite(JUDGEMENT)
    cases = found.findall("testcase")
    assert [(case.attrib["classname"], case.attrib["name"]) for case in cases] == [
        ("davidnet", "time"),
        ("davidnet", "epochs"),
        ("davidnet", "accuracy"),
        ("davidnet", "energy"),
    ]
    assert [finding(case) for case in cases] == [
        ("failure", "regression", TIME.sentence),
        ("failure", "too fast", "6 epochs, too few to be true"),
        None,
        ("error", "not comparable", "the run has no energy reading"),
    ]
    assert (found.attrib["failures"], found.attrib["errors"]) == ("2", "1")


def test_only_the_metric_time_takes_time() -> None:
    found = suite(JUDGEMENT)
    assert [case.attrib["time"] for case in found.findall("testcase")] == ["2.650", "0.000", "0.000", "0.000"]
    assert found.attrib["time"] == "2.650"


@pytest.mark.parametrize(("seconds", "written"), [(1e-9, "0.000"), (1e17, "100000000000000000.000")])
def test_times_are_written_without_an_exponent(seconds: float, written: str) -> None:
    found = suite(replace(JUDGEMENT, gates=(replace(TIME, measured=seconds),)))
    assert found.attrib["time"] == written


def test_too_few_trials_is_an_error_so_that_the_report_does_not_pass() -> None:
    gate = replace(ENERGY, outcome="too few trials", sentence="2 trials against 10")
    (case,) = suite(replace(JUDGEMENT, gates=(gate,))).findall("testcase")
    assert finding(case) == ("error", "too few trials", "2 trials against 10")


def test_where_nothing_could_be_compared_one_case_says_why() -> None:
    (case,) = suite(UNCOMPARABLE).findall("testcase")
    assert case.attrib["classname"] == "davidnet"
    assert finding(case) == ("error", "not comparable", "the data differs: cifar10 and cifar100")
    (silent,) = suite(replace(UNCOMPARABLE, notes=())).findall("testcase")
    assert finding(silent) == ("error", "not comparable", "nothing could be compared")


def test_the_suite_says_what_was_held_against_what_and_all_that_was_found() -> None:
    found = suite(JUDGEMENT)
    assert found.attrib["name"] == "davidnet on NVIDIA H200, dawnbench rule"
    assert {p.attrib["name"]: p.attrib["value"] for p in found.iter("property")} == {
        "run": "20260203T040506Z-davidnet-abc123",
        "baseline": "before",
        "recipe_name": "davidnet",
        "device_name": "NVIDIA H200",
        "rule": "dawnbench",
    }
    said = found.findtext("system-out")
    assert said is not None
    assert said.splitlines()[2:] == [
        "accuracy holds: 94.02 %, -0.03 points: no loss shown beyond 0.1 points (p = 0.7)",
        "energy not comparable: the run has no energy reading",
        "the driver differs: 575 and 580",
    ]


def test_the_moment_is_utc_in_whole_seconds() -> None:
    elsewhere = JUDGED.astimezone(timezone(timedelta(hours=5)))
    assert junit(JUDGEMENT, JUDGED) == junit(JUDGEMENT, elsewhere)
    assert suite(JUDGEMENT).attrib["timestamp"] == "2026-02-03T04:05:06"


def test_what_xml_cannot_hold_or_a_terminal_would_obey_is_replaced_and_the_rest_reads_as_before() -> None:
    wild = "a<b>&\"'\x00\x1b\x7f]]>\ud800\uffff🙂é\tc"
    gate = replace(TIME, sentence=wild)
    (case,) = suite(replace(JUDGEMENT, gates=(gate,))).findall("testcase")
    assert finding(case) == ("failure", "regression", "a<b>&\"'???]]>\\ud800?🙂é?c")


def test_the_same_judgement_gives_the_same_document() -> None:
    assert junit(JUDGEMENT, JUDGED) == junit(JUDGEMENT, JUDGED)
    assert junit(JUDGEMENT, JUDGED).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>')


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"<system-err />", ""),
        (r'(?s)<properties>.*</properties>', ""),
        (r'timestamp="[^"]*"', 'timestamp="2026-02-03T04:05:06Z"'),
        (r'hostname="[^"]*"', 'hostname=""'),
        (r'time="2.650"', 'time="1e-05"'),
        (r'(<failure .*</failure>)', r"\1\1"),
        (r'tests="4"', 'tests=""'),
        (r' type="regression"', ""),
    ],
)  # fmt: skip
def test_the_schema_of_these_tests_refuses_what_strict_readers_refuse(right: str, wrong: str) -> None:
    text = junit(replace(JUDGEMENT, notes=("x",)), JUDGED)
    text = re.sub(r"(?s)(<failure [^>]*>)[^<]*", r"\1", text)
    changed, count = re.subn(right, wrong, text)
    assert count
    assert SCHEMA.is_valid(ET.fromstring(text))
    assert not SCHEMA.is_valid(ET.fromstring(changed))
