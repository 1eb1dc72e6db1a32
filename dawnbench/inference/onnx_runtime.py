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
from dawnbench.inference.runtime import Answer, Classes, Classifier, Pixels, Runtime, full_batches


def check_onnx() -> None:
    """Check that what onnxruntime needs is installed.

    Raises:
        DawnbenchError: a package is missing.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        import_onnx(package)


class OnnxRuntime(Runtime):
    """The model as a graph that takes uint8 pixels and gives classes, one graph per batch size."""

    def __init__(self, kept: KeptModel) -> None:
        """Take the model, which was opened in fp32 on the CPU."""
        self._classifier = Classifier(Answering(kept.prepared))
        self._threads = kept.prepared.device.threads or 0

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

    def _session(self, example: Pixels) -> Any:
        names = ("pixels", "classes")
        graph = as_graph(self._classifier, torch.from_numpy(example), names, "use --runtime torch")
        runtime: Any = import_onnx("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads  # as many as torch computes with
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only, which come as exceptions too
        content = graph.model_proto.SerializeToString()
        try:
            return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a dozen unrelated classes
            raise DawnbenchError(
                f"onnxruntime cannot run the model: {next(iter(str(error).splitlines()), error)}; "
                "use --runtime torch"
            ) from error
