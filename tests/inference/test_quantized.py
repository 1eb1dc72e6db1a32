"""Graphs in 8 bits: what is quantized, how, and on which images."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx.numpy_helper import to_array
from torch import nn

from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_file import as_graph
from dawnbench.inference.quantized import CALIBRATION_IMAGES, calibration_images, quantized

CHANNELS, SIDE = 3, 8


class Net(nn.Module):
    """Normalization, a convolution, a pool before its norm, another convolution, and a head."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.norm1 = nn.Conv2d(CHANNELS, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 4)
        for norm in (self.norm1, self.norm2):
            norm.running_mean.copy_(torch.randn(8))  # type: ignore[union-attr, operator]
            norm.running_var.copy_(torch.rand(8) + 0.5)  # type: ignore[union-attr, operator]
        nn.init.uniform_(self.norm1.weight, 0.5, 1).data.mul_(scale)
        self.eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = nn.functional.silu(self.norm1(nn.functional.max_pool2d(self.conv1(pixels / 128 - 1), 2)))
        return self.head(torch.relu(self.norm2(self.conv2(x))).mean((2, 3)))  # type: ignore[no-any-return]


def pixels(count: int, seed: int = 0) -> Any:
    shape = (count, CHANNELS, SIDE, SIDE)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.float32)


def graph(net: nn.Module) -> Any:
    free = ({0: torch.export.Dim("images")},)
    example = torch.zeros(2, CHANNELS, SIDE, SIDE)
    return as_graph(net, example, ("pixels", "logits"), "give up", free).model_proto


def logits(content: bytes, images: Any) -> Any:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"pixels": images})[0]


@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_the_logits_are_close_to_those_in_fp32(scale: float) -> None:
    net, images = Net(scale), pixels(50, seed=1)
    with torch.no_grad():
        expected = net(torch.from_numpy(images)).numpy()
    found = logits(quantized(graph(net), pixels(64)), images)
    error = np.abs(found - expected)
    assert 0 < error.max() < 0.1 * np.ptp(expected)


def test_weights_are_signed_and_symmetric_per_channel_and_norms_are_folded() -> None:
    found = onnx.load_from_string(quantized(graph(Net()), pixels(64))).graph
    constants = {one.name: to_array(one) for one in found.initializer}
    kinds = Counter(node.op_type for node in found.node)
    assert (kinds["Conv"], kinds["BatchNormalization"]) == (2, 0)
    filters = [
        node
        for node in found.node
        if node.op_type == "DequantizeLinear" and constants.get(node.input[0], np.empty(0)).ndim == 4
    ]
    assert len(filters) == 2
    for node in filters:
        weights, scale, zero = (constants[name] for name in node.input)
        assert (weights.dtype, scale.shape) == (np.int8, (8,))
        assert not zero.any()
    activations = [node for node in found.node if node.op_type == "QuantizeLinear"]
    assert {constants[node.input[2]].dtype for node in activations} == {np.dtype(np.uint8)}


def test_a_norm_whose_scales_are_negative_stays_after_its_pool() -> None:
    found = onnx.load_from_string(quantized(graph(Net(-1.0)), pixels(64))).graph
    assert [node.op_type for node in found.node].count("BatchNormalization") == 1


def test_the_normalization_of_the_pixels_stays_in_floating_point() -> None:
    found = onnx.load_from_string(quantized(graph(Net()), pixels(64))).graph
    kinds = [node.op_type for node in found.node]
    before = [kind for kind in kinds[: kinds.index("Conv")] if kind not in ("Identity", "DequantizeLinear")]
    assert before[-1] == "QuantizeLinear"
    assert before.count("QuantizeLinear") == 1


def test_calibration_images_are_drawn_once_from_the_whole_training_set() -> None:
    train = np.arange(2_000, dtype=np.uint16).reshape(-1, 1, 1, 1)
    found = calibration_images(train).ravel()  # type: ignore[arg-type]
    assert len(set(found.tolist())) == len(found) == CALIBRATION_IMAGES == 512
    assert found.max() > 1_900
    assert found.min() < 100
    np.testing.assert_array_equal(found, calibration_images(train).ravel())  # type: ignore[arg-type]
    assert len(calibration_images(train[:20])) == 20  # type: ignore[arg-type]


def test_a_model_that_cannot_be_quantized_is_one_sentence() -> None:
    with pytest.raises(DawnbenchError, match=r"^onnxruntime cannot quantize the model: .*; use fp32$"):
        quantized(graph(Net()), pixels(4)[:, :, :4])
