"""Exports a kept model for use elsewhere: as ONNX or safetensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from dawnbench.engine.kept_model import KeptModel, open_kept_model
from dawnbench.engine.model_file import ModelFile, read_model_file, write_model_file
from dawnbench.inference.onnx_file import write_onnx, write_quantized_onnx
from dawnbench.safe_text import encodable
from dawnbench.version import __version__


def export_model(
    source: Path,
    kind: Literal["onnx", "safetensors"],
    path: Path,
    *,
    data: str | None = None,
    recipe: str | None = None,
    precision: Literal["fp32", "int8"] = "fp32",
) -> list[str]:
    """Write the model of a run folder, or of a file that dawnbench wrote, to `path`.

    `data` replaces the data set that it was trained on, from which test images are taken to check an ONNX
    file. `recipe` is the recipe file that defines the custom parts, if the recipe has any. `precision` is
    that of an ONNX file; int8 is by quantization on training images. Return sentences about what is
    different in the file.

    Raises:
        DawnbenchError: there is no model, it cannot be converted, or the file cannot be written.
    """
    if kind == "safetensors":
        kept = open_kept_model(source, data=data, device="cpu", recipe=recipe, compile=False)
        tensors = read_model_file(kept.path).tensors
        advice = "free disk space or name another file"
        write_model_file(path, ModelFile(tensors, facts_of(kept)), advice)
        return []
    kept = open_kept_model(source, data=data, device="cpu", recipe=recipe, precision="fp32", compile=False)
    facts = facts_of(kept)
    trained = facts.get("precision", "fp32")
    facts |= {"precision": precision, "trained_precision": trained}
    if precision == "int8":
        accuracy = write_quantized_onnx(kept, path, facts)
        return [
            f"{path} computes in int8, quantized on training images, and classifies "
            f"{100 * accuracy:.2f} % of the {len(kept.dataset.test_images):,} test images correctly"
        ]
    write_onnx(kept, path, facts)
    if trained == "fp32":
        return []
    return [
        f"the run computed in {trained} and {path} computes in fp32, so its accuracy may differ by rounding"
    ]


def facts_of(kept: KeptModel) -> dict[str, str]:
    """Return what the file says beside its weights: that of the kept file, and what its run knows."""
    own = kept.dataset.fingerprint == kept.trained_fingerprint
    facts = {
        "dawnbench": __version__,
        "settings": json.dumps(kept.recipe.to_dict()),
        "data": encodable(kept.recipe.dataset.name),
        "data_fingerprint": kept.trained_fingerprint,
        "classes": json.dumps(kept.dataset.classes) if own else None,
        "accuracy": None if kept.trained_accuracy is None else str(kept.trained_accuracy),
    }
    return kept.facts | {name: fact for name, fact in facts.items() if fact is not None}
