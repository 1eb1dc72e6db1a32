"""Runs a model that `dawnbench export --format onnx` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import read_bytes

Pixels = npt.NDArray[np.float32]
"""(N, channels, height, width), from 0 to 255."""
Logits = npt.NDArray[np.float32]
"""(N, classes)."""

MAX_BYTES = 2**31
"""The largest file of the format; larger models keep their weights in files of their own."""


class OnnxModel:
    """A model in onnxruntime, on the CPU."""

    def __init__(self, content: bytes, path: Path, threads: int = 0) -> None:
        """Load from the `content` of the file `path`; 0 `threads` are as many as there are cores.

        Raises:
            DawnbenchError: onnxruntime is not installed or cannot load it, or it does not map images to
            logits.
        """
        runtime: Any = import_onnx("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors only, which come as exceptions too
        try:
            session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a dozen unrelated classes
            raise DawnbenchError(f"{path} is not a usable ONNX file: {_first_line(error)}") from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if not (len(inputs) == len(outputs) == 1 and _takes_images(inputs[0]) and _gives_logits(outputs[0])):
            taken = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
            raise DawnbenchError(
                f"{path} does not map images to logits: it takes {taken or 'nothing'}; give a file that "
                "`dawnbench export --format onnx` wrote"
            )
        self._session, self._input = session, inputs[0].name
        self.image_shape: tuple[int, int, int] = tuple(inputs[0].shape[1:])
        """Channels, height and width of the images that it takes."""
        self.classes: int = outputs[0].shape[1]
        """Number of logits of each image."""
        self.facts: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        """The file's metadata."""

    def __call__(self, pixels: Pixels) -> Logits:
        """Return the logits of a batch."""
        (logits,) = self._session.run(None, {self._input: pixels})
        return logits  # type: ignore[no-any-return]


def open_onnx(path: Path, threads: int = 0) -> OnnxModel:
    """Open a model that `dawnbench export` wrote; 0 `threads` are as many as there are cores.

    Raises:
        DawnbenchError: onnxruntime is not installed, or the file does not exist or is another.
    """
    import_onnx("onnxruntime")
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise DawnbenchError(f"cannot read {path}: {error.strerror or error}") from error
    model = OnnxModel(content, path, threads)
    if "recipe_digest" not in model.facts:
        raise DawnbenchError(
            f"{path} was not written by `dawnbench export`, so it is unknown how its pixels are normalized; "
            "export a run's model with --format onnx"
        )
    return model


def import_onnx(package: str) -> Any:
    """Return a package of the extra `onnx`.

    Raises:
        DawnbenchError: it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError as error:
        raise DawnbenchError(
            f"ONNX files need the package {package}; install it with `pip install 'dawnbench[onnx]'`"
        ) from error


def as_pixels(images: npt.NDArray[np.uint8]) -> Pixels:
    """Return images (N, height, width, channels) as the input of an exported model."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32)


def _takes_images(argument: Any) -> bool:
    # A dynamic axis has a name instead of a length.
    return (
        argument.type == "tensor(float)"
        and len(argument.shape) == 4
        and not isinstance(argument.shape[0], int)
        and all(isinstance(length, int) for length in argument.shape[1:])
    )


def _gives_logits(argument: Any) -> bool:
    return (
        argument.type == "tensor(float)" and len(argument.shape) == 2 and isinstance(argument.shape[1], int)
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
