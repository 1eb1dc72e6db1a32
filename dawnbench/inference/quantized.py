"""Turns the ONNX graph of a model into one that computes in 8 bits, by onnxruntime's static quantization."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_session import import_onnx

Images = npt.NDArray[np.uint8]
"""(N, height, width, channels)."""

CALIBRATION_IMAGES = 512
"""Training images from which the ranges of the activations are taken, or all if there are fewer."""
SEED = 0
BATCH_SIZE = 32
"""Of the calibration. All ranges are the minimum and the maximum over the images, whatever the batches."""
ARITHMETIC = ("Conv", "Gemm", "MatMul")
QUANTIZED = [*ARITHMETIC, "MaxPool", "Relu", "Clip", "Add"]
"""The operations in 8 bits. What is not among them, such as silu, costs accuracy and gains no time."""


def calibration_images(train_images: Images) -> Images:
    """Return the training images on which to calibrate, drawn without replacement from a fixed seed."""
    drawn = np.random.default_rng(SEED).permutation(len(train_images))[:CALIBRATION_IMAGES]
    return train_images[drawn]


def quantized(model: Any, inputs: npt.NDArray[Any]) -> bytes:
    """Return the ONNX model, a ModelProto with a free batch axis, with weights and activations in 8 bits.

    Weights are signed and symmetric with a scale per output channel, activations unsigned with one scale per
    tensor, over whose range in the answers to `inputs`, the calibration images in the form that the model
    takes, the scale is chosen. Batch norms are folded into convolutions before. What comes before the first
    convolution, such as the normalization of the pixels, stays in floating point.

    Raises:
        DawnbenchError: onnxruntime cannot quantize the model.
    """
    onnx: Any = import_onnx("onnx")
    tools: Any = import_onnx("onnxruntime.quantization")
    prepare: Any = import_onnx("onnxruntime.quantization.shape_inference").quant_pre_process
    (given,) = (one.name for one in model.graph.input)
    _norms_before_pools(model.graph, onnx.numpy_helper.to_array)

    class Reader(tools.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = _batches(given, inputs)

        def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
            return next(self.batches, None)

    with TemporaryDirectory() as folder:
        plain, folded, result = (Path(folder, f"{name}.onnx") for name in ("plain", "folded", "result"))
        plain.write_bytes(model.SerializeToString())
        try:
            prepare(str(plain), str(folded), skip_symbolic_shape=True)
            tools.quantize_static(
                str(folded),
                str(result),
                Reader(),
                quant_format=tools.QuantFormat.QDQ,
                op_types_to_quantize=QUANTIZED,
                nodes_to_exclude=_before_arithmetic(onnx.load(str(folded)).graph),
                activation_type=tools.QuantType.QUInt8,
                weight_type=tools.QuantType.QInt8,
                per_channel=True,
            )
        except Exception as error:  # onnxruntime has a dozen unrelated classes
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise DawnbenchError(f"onnxruntime cannot quantize the model: {reason}; use fp32") from error
        return result.read_bytes()


def _batches(name: str, inputs: npt.NDArray[Any]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    for first in range(0, len(inputs), BATCH_SIZE):
        yield {name: inputs[first : first + BATCH_SIZE]}


def _norms_before_pools(graph: Any, to_array: Any) -> None:
    """Let each batch norm after a max pool come before it, where it can be folded into the convolution.

    The maximum commutes with an increasing function, which a norm is if all its scales are positive.
    """
    constants = {one.name: one for one in graph.initializer}
    pools = {node.output[0]: node for node in graph.node if node.op_type == "MaxPool"}
    readers = [name for node in graph.node for name in node.input]
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        pool, scales = pools.get(norm.input[0]), constants.get(norm.input[1])
        if pool is None or scales is None or readers.count(norm.input[0]) > 1:
            continue
        if not (to_array(scales) > 0).all():
            continue
        between, last = pool.output[0], norm.output[0]
        norm.input[0], norm.output[0] = pool.input[0], between
        pool.input[0], pool.output[0] = between, last
        place = list(graph.node).index(pool)
        graph.node.remove(norm)
        graph.node.insert(place, norm)
    del graph.value_info[:]  # the shapes between are others now, and are inferred again


def _before_arithmetic(graph: Any) -> list[str]:
    names = [node.name for node in graph.node]
    kinds = [node.op_type in ARITHMETIC for node in graph.node]
    return names[: kinds.index(True)] if any(kinds) else names
