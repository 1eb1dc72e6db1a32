from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from dawnbench.export.listing_json import listing_json
from dawnbench.records.listed import Listed
from tests.export.json_schemas import faults, published
from tests.report.text.test_listing import OTHER, RUN


def documented(*runs: Listed, troubles: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    document = json.loads(listing_json(runs, troubles))
    assert faults(document, published("runs-v1.json")) == []
    assert document["troubles"] == list(troubles)
    found: list[dict[str, Any]] = document["runs"]
    return found


def test_the_document_has_every_run() -> None:
    tagged = replace(RUN, tags={"branch": "main"})
    first, second = documented(tagged, replace(OTHER, accuracy=float("nan")), troubles=("one is torn",))
    assert first["name"] == RUN.name
    assert first["folder"] == str(RUN.folder)
    assert first["median_seconds"] == RUN.median_seconds
    assert first["mean_seconds"] == RUN.mean_seconds
    assert (first["asked"], first["done"], first["reached"], first["status"]) == (3, 3, 2, "finished")
    assert (first["data"], first["tags"]) == ("cifar10", {"branch": "main"})
    assert (second["device_name"], second["accuracy"]) == (OTHER.identity.device_name, None)


def test_without_runs_it_is_a_document_all_the_same() -> None:
    assert documented() == []


def test_what_was_changed_in_a_recipe_is_named() -> None:
    (run,) = documented(replace(RUN, identity=replace(RUN.identity, changed=("precision=fp32", "epochs=2"))))
    assert run["changed"] == ["precision=fp32", "epochs=2"]


def test_the_number_of_threads_is_null_if_a_gpu_computed() -> None:
    on_cpu = replace(RUN, identity=replace(RUN.identity, device="cpu", threads=2))
    assert [run["threads"] for run in documented(on_cpu, RUN)] == [2, None]


def test_it_is_ascii_whatever_a_name_holds() -> None:
    text = listing_json([replace(RUN, name="\x1b[2J\ud800é")], ())
    assert text.isascii()
    assert json.loads(text)["runs"][0]["name"] == "\x1b[2J\ud800é"
    assert "\x1b" not in text


def test_an_inference_run_says_what_ran_its_model_and_a_training_has_no_such_key() -> None:
    answers, training = documented(replace(RUN, identity=replace(RUN.identity, inference="onnx")), RUN)
    assert answers["inference"] == "onnx"
    assert "inference" not in training
