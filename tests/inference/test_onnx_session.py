"""Files that are no exported models are refused, each with a sentence."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_session import open_onnx

FLOAT, BYTES = TensorProto.FLOAT, TensorProto.UINT8


class Planted:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def save(
    path: Path, taken: Sequence[Any], given: Sequence[Any], kind: int = FLOAT, facts: bool = True
) -> Path:
    """Write a model that flattens its input, whatever its shape."""
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["y"])],
        "flattens",
        [helper.make_tensor_value_info("x", kind, taken)],
        [helper.make_tensor_value_info("y", kind, given)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    if facts:
        helper.set_model_props(model, {"recipe_digest": "0123"})
    path.write_bytes(model.SerializeToString())
    return path


def test_a_model_of_images_is_opened(tmp_path: Path) -> None:
    model = open_onnx(save(tmp_path / "it.onnx", ["N", 3, 4, 4], ["N", 48]))
    assert (model.image_shape, model.classes) == ((3, 4, 4), 48)


@pytest.mark.parametrize(
    ("taken", "given", "kind"),
    [
        (["N", 48], ["N", 48], FLOAT),
        ([1, 3, 4, 4], [1, 48], FLOAT),
        (["N", 3, "height", "width"], ["N", "many"], FLOAT),
        (["N", 3, 4, 4], ["N", 48], BYTES),
    ],
)
def test_a_model_of_something_else_is_refused(
    tmp_path: Path, taken: Sequence[Any], given: Sequence[Any], kind: int
) -> None:
    with pytest.raises(DawnbenchError, match=r"does not map images to logits: it takes x tensor\("):
        open_onnx(save(tmp_path / "it.onnx", taken, given, kind))


def test_a_model_of_images_from_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="was not written by `dawnbench export`, so it is unknown"):
        open_onnx(save(tmp_path / "it.onnx", ["N", 3, 4, 4], ["N", 48], facts=False))


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "it.onnx").write_bytes(pickle.dumps(Planted(tmp_path / "harm")))
    with pytest.raises(DawnbenchError, match="is not a usable ONNX file"):
        open_onnx(tmp_path / "it.onnx")
    assert not (tmp_path / "harm").exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "it.onnx", ["N", 3, 4, 4], ["N", 48])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DawnbenchError, match="is not a usable ONNX file"):
        open_onnx(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match=r"cannot read .*no\.onnx: No such file"):
        open_onnx(tmp_path / "no.onnx")


def test_a_missing_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DawnbenchError, match=r"onnxruntime; .* `pip install 'dawnbench\[onnx\]'`"):
        open_onnx(tmp_path / "it.onnx")
