from __future__ import annotations

import json
import math
from dataclasses import replace

from hypothesis import given

from dawnbench.export.gates import as_json, finite_gates, series_name
from dawnbench.stats.regression.judgement import Judgement
from tests.export.judgements import ACCURACY, JUDGEMENT, TIME, judgements


def test_a_series_name_tells_recipe_device_and_rule_and_is_the_same_for_another_run() -> None:
    later = replace(JUDGEMENT, run="20270101T000000Z-davidnet-def456", baseline="other", gates=(), notes=())
    assert series_name(JUDGEMENT) == series_name(later) == "davidnet on NVIDIA H200, dawnbench rule"
    assert (
        len({series_name(replace(JUDGEMENT, **{n: "x"})) for n in ("recipe_name", "device_name", "rule")})
        == 3
    )


def test_an_infinite_figure_is_none_and_takes_its_interval_with_it() -> None:
    gate = replace(TIME, measured=math.inf, interval=(1.0, math.inf), change=math.nan)
    (time, accuracy) = finite_gates(replace(JUDGEMENT, gates=(gate, ACCURACY)))
    assert time == replace(TIME, measured=None, interval=None, change=None)
    assert accuracy == ACCURACY


@given(judgements())
def test_a_series_name_is_one_line_of_text(judgement: Judgement) -> None:
    name = series_name(judgement)
    assert name == name.strip() == " ".join(name.split())
    assert name


def test_json_is_ascii_and_whole_whatever_a_name_holds() -> None:
    text = as_json({"name": "Größe\x9b\u202e\ud800"})
    assert text.isascii()
    assert json.loads(text) == {"name": "Größe\x9b\u202e\\ud800"}
