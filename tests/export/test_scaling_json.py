from __future__ import annotations

import json

from dawnbench.export.scaling_json import scaling_json
from tests.export.json_schemas import faults, published
from tests.report.scale_study import one_seed, point, study


def test_the_json_has_every_figure_and_law() -> None:
    found = json.loads(scaling_json(study()))
    assert faults(found, published("scale-v1.json")) == []
    assert [p["epoch_seconds"] for p in found["points"]] == [40.0, 20.0, 10.0, 40.0]
    assert found["points"][0]["setting"] == {"batch": 256, "width": 1.0, "threads": 2}
    laws = {law["axis"]: law for law in found["laws"]}
    assert laws["batch"]["law"] == "power"
    assert round(laws["batch"]["exponent"], 9) == -1
    assert (laws["threads"]["law"], laws["threads"]["serial"]) == ("amdahl", 0)
    assert laws["width"]["law"] is None


def test_points_without_figures_are_in_it_with_their_trouble() -> None:
    failed = study(point(512, None, trouble="needs \x1b[31m900 GB", accuracy=None))
    text = scaling_json(failed)
    found = json.loads(text)
    assert faults(found, published("scale-v1.json")) == []
    assert found["points"][0]["trouble"] == "needs \x1b[31m900 GB"
    assert "\x1b" not in text


def test_the_accuracy_of_each_seed_is_in_it() -> None:
    found = json.loads(scaling_json(study(one_seed(256, 4.0), one_seed(512, 2.0))))
    assert faults(found, published("scale-v1.json")) == []
    assert [p["accuracies"] for p in found["points"]] == [[0.9123]] * 2
