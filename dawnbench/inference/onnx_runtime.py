"""Answers by onnxruntime, on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from dawnbench.engine.answering import Answering
from dawnbench.engine.kept_model import KeptModel
from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_file import as_graph
from dawnbench.inference.onnx_session import import_onnx
from dawnbench.inference.quantized import calibration_images, quantized
from dawnbench.inference.runtime import Answer, Classes, Classifier, Pixels, Runtime, full_batches

BATCH_AXIS = "images"


def check_onnx() -> None:
    """Check that what onnxruntime needs is installed.

    Raises:
        DawnbenchError: a package is missing.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        import_onnx(package)


class OnnxRuntime(Runtime):
    """The model as a graph that takes uint8 pixels and gives classes.

    In fp32 there is one graph per batch size; the quantized graph is one for all.
    """

    def __init__(self, kept: KeptModel, quantize: bool = False) -> None:
        """Take the model, which was opened in fp32 on the CPU; `quantize` it on training images."""
        self._classifier = Classifier(Answering(kept.prepared))
        self._threads = kept.prepared.device.threads or 0
        self._calibration = calibration_images(kept.dataset.train_images) if quantize else None
        self._quantized: bytes | None = None

    def open(self, images: Pixels, batch_size: int) -> Answer:
        """Return what answers the images through buffers that the session reads and writes in place."""
        batches = full_batches(images, batch_size)
        given, classes = np.zeros_like(batches[0]), np.zeros(batch_size, np.int64)
        session = self._session(given)
        binding = session.io_binding()
        for bind, name, buffer in (
            (binding.bind_input, "pixels", given),
            (binding.bind_output, "classes", classes),
        ):
            bind(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)
        run = session.run_with_iobinding

        def answer(number: int) -> Classes:
            given[...] = batches[number]
            run(binding)
            return classes

        return answer

    def _content(self, example: Pixels) -> bytes:
        names, advice = ("pixels", "classes"), "use --runtime torch"
        if self._calibration is None:
            graph = as_graph(self._classifier, torch.from_numpy(example), names, advice)
            return graph.model_proto.SerializeToString()  # type: ignore[no-any-return]
        if self._quantized is None:
            # Two images: torch takes a length of 1 for a constant.
            two = torch.zeros(2, *example.shape[1:], dtype=torch.uint8)
            free = ({0: torch.export.Dim(BATCH_AXIS)},)
            graph = as_graph(self._classifier, two, names, advice, free)
            self._quantized = quantized(graph.model_proto, self._calibration)
        return self._quantized

    def _session(self, example: Pixels) -> Any:
        content = self._content(example)
        runtime: Any = import_onnx("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads  # as many as torch computes with
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only, which come as exceptions too
        options.add_free_dimension_override_by_name(BATCH_AXIS, len(example))
        try:
            return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a dozen unrelated classes
            raise DawnbenchError(
                f"onnxruntime cannot run the model: {next(iter(str(error).splitlines()), error)}; "
                "use --runtime torch"
            ) from error
