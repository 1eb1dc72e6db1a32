"""Writes a kept model as an ONNX file that maps pixels to logits."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dawnbench.engine.answering import Answering
from dawnbench.engine.kept_model import KeptModel
from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_session import OnnxModel, as_pixels, import_onnx
from dawnbench.inference.quantized import calibration_images, quantized
from dawnbench.records.files import write
from dawnbench.version import __version__

TOLERANCE = 1e-4
"""The largest allowed difference of a logit between torch and onnxruntime, relative to the largest logit if
that exceeds 1."""
CHECKED_IMAGES = 256
"""Test images on which the two are compared."""


def write_onnx(kept: KeptModel, path: Path, facts: Mapping[str, str]) -> None:
    """Write the model, which was opened in fp32 on the CPU, with `facts` in the file's metadata.

    The graph has one input, `pixels` (N, channels, height, width) in float32 from 0 to 255 in the size of the
    data, and one output, `logits` (N, classes) in float32. N is free. Normalization and resizing are in the
    graph. The file is written only if onnxruntime gives torch's logits on test images of the data.

    Raises:
        DawnbenchError: a package is missing, torch cannot convert the model, the logits differ, or the file
        cannot be written.
    """
    answering = Answering(kept.prepared)
    content = _converted(answering, kept, facts).SerializeToString()
    _check(answering, OnnxModel(content, path), as_pixels(kept.dataset.test_images[:CHECKED_IMAGES]), path)
    write(content, path)


def write_quantized_onnx(kept: KeptModel, path: Path, facts: Mapping[str, str]) -> float:
    """Write the model in int8, quantized on training images, and return its accuracy on the test images.

    Input and output are those of `write_onnx`. The logits are others than torch's, so they are not compared.

    Raises:
        DawnbenchError: as `write_onnx` does, or onnxruntime cannot quantize the model.
    """
    images = calibration_images(kept.dataset.train_images)
    facts = {**facts, "calibration_images": str(len(images))}
    content = quantized(_converted(Answering(kept.prepared), kept, facts), as_pixels(images))
    model, test, correct = OnnxModel(content, path), kept.dataset.test_images, 0
    for start in range(0, len(test), CHECKED_IMAGES):
        part = slice(start, start + CHECKED_IMAGES)
        correct += int((model(as_pixels(test[part])).argmax(1) == kept.dataset.test_labels[part]).sum())
    write(content, path)
    return correct / len(test)


def _converted(answering: Answering, kept: KeptModel, facts: Mapping[str, str]) -> Any:
    """Return the model as ONNX's ModelProto, with `facts` and what goes in and out in its metadata."""
    for package in ("onnx", "onnxscript", "onnxruntime"):
        import_onnx(package)
    height, width, channels = kept.dataset.image_shape
    classes = len(kept.dataset.classes)
    facts = {
        **facts,
        "input": f"pixels: float32, N x {channels}x{height}x{width} (images x channels x height x width), "
        "from 0 to 255",
        "output": f"logits: float32, N x {classes} (images x classes)",
        "normalization": "inside the graph: (pixels / 255 - mean) / std by channel",
    }
    # Two images: torch takes a length of 1 for a constant.
    images = torch.export.Dim("images")
    advice = "--format safetensors takes any model"
    program = as_graph(
        answering, torch.zeros(2, channels, height, width), ("pixels", "logits"), advice, ({0: images},)
    )
    program.model.producer_name, program.model.producer_version = "dawnbench", __version__
    program.model.doc_string = ". ".join(facts[name] for name in ("input", "output", "normalization"))
    program.model.metadata_props.update(facts)
    return program.model_proto


def as_graph(
    model: nn.Module, example: Tensor, names: tuple[str, str], advice: str, dynamic: Any = None
) -> Any:
    """Return torch's ONNX program of a model with one input and one output, of these names.

    `advice` says what to do if torch cannot convert the model. `dynamic` are the free axes of the input, as
    torch.onnx.export takes them.

    Raises:
        DawnbenchError: torch cannot convert the model.
    """
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.onnx.export(
                model,
                (example,),
                input_names=[names[0]],
                output_names=[names[1]],
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
            )
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError, TypeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DawnbenchError(f"torch cannot convert the model to ONNX: {reason}; {advice}") from error


def _check(answering: Answering, model: OnnxModel, pixels: Any, path: Path) -> None:
    """Compare the logits of the first image alone and of the others as one batch."""
    with torch.no_grad():
        expected = answering(torch.from_numpy(pixels)).numpy()
    parts = [part for part in (pixels[:1], pixels[1:]) if len(part)]
    found = np.concatenate([model(part) for part in parts])
    difference = float(np.abs(found - expected).max())
    limit = TOLERANCE * max(1.0, float(np.abs(expected).max()))
    if not difference <= limit:  # NaN is a difference too
        raise DawnbenchError(
            f"{path} was not written: onnxruntime's logits differ from torch's by up to {difference:.2g} on "
            f"{len(pixels)} test images, more than {limit:.2g}; use --format safetensors"
        )
