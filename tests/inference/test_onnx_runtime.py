"""Answers by onnxruntime: those of the torch model."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnxruntime
import pytest

from dawnbench.engine.device import open_device
from dawnbench.errors import DawnbenchError
from dawnbench.inference import onnx_runtime
from dawnbench.inference.onnx_runtime import OnnxRuntime, check_onnx
from dawnbench.inference.quantized import calibration_images
from tests.inference.kept_models import classes_of, kept_model


@pytest.mark.parametrize("batch_size", [1, 5])
def test_every_full_batch_gets_the_answers_of_the_model(batch_size: int) -> None:
    kept = kept_model(device=open_device("cpu"))
    runtime = OnnxRuntime(kept)
    with runtime.answering():
        answer = runtime.open(kept.dataset.test_images, batch_size)
        found = [found for number in range(12 // batch_size) for found in answer(number).tolist()]
    assert found == classes_of(kept)[: len(found)].tolist()
    assert len(set(found)) > 1


def test_a_quantized_model_is_the_same_in_every_batch_size_and_close_to_the_model() -> None:
    kept = kept_model(device=open_device("cpu"))
    runtime = OnnxRuntime(kept, quantize=True)
    found = {}
    for size in (1, 4):
        answer = runtime.open(kept.dataset.test_images, size)
        found[size] = [one for number in range(12 // size) for one in answer(number).tolist()]
    assert found[1] == found[4]
    assert np.mean(classes_of(kept) == found[1]) >= 0.75


def test_it_is_calibrated_on_training_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kept_model(device=open_device("cpu"))
    given: list[Any] = []

    def note(_model: Any, images: Any) -> bytes:
        given.append(images)
        raise DawnbenchError("enough")

    monkeypatch.setattr(onnx_runtime, "quantized", note)
    runtime = OnnxRuntime(kept, quantize=True)
    with pytest.raises(DawnbenchError, match="enough"):
        runtime.open(kept.dataset.test_images[:1], 1)
    np.testing.assert_array_equal(given[0], calibration_images(kept.dataset.train_images))


def test_it_computes_with_as_many_threads_as_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    device = open_device("cpu")
    monkeypatch.setattr(type(device), "threads", 3)
    given: list[int] = []

    def refuse(_content: bytes, options: onnxruntime.SessionOptions, **_more: object) -> None:
        given.extend([options.intra_op_num_threads, options.inter_op_num_threads])
        raise RuntimeError("[ONNXRuntimeError] no kernel\nfor it")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    kept = kept_model(device=device)
    sentence = r"^onnxruntime cannot run the model: \[ONNXRuntimeError\] no kernel; use --runtime torch$"
    with pytest.raises(DawnbenchError, match=sentence):
        OnnxRuntime(kept).open(kept.dataset.test_images, 1)
    assert given == [3, 1]


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DawnbenchError, match=r"the package onnxruntime; install it with .*dawnbench\[onnx\]"):
        check_onnx()
