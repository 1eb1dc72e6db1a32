"""Parses layer descriptions such as "conv 16" without importing torch, so that recipes can validate them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dawnbench.errors import DawnbenchError

Kind = Literal["conv", "depthwise", "norm", "relu", "silu", "dropout", "max pool", "average pool"]

GRAMMAR = (
    '"conv WIDTH", "conv classes" or "depthwise", 3x3 unless KxK follows, then "stride S" and "same" '
    "(padded) as needed; "
    '"norm"; "relu"; "silu"; "dropout RATE"; "max pool" (2x2); "average pool" (over all remaining pixels)'
)
CONV = re.compile(
    r"(?:conv (?P<width>[1-9]\d*|classes)|depthwise)(?: (?P<kernel>[1-9]\d*)x(?P=kernel))?"
    r"(?: stride (?P<stride>[1-9]\d*))?(?P<same> same)?",
    re.ASCII,
)
DROPOUT = re.compile(r"dropout (?P<rate>0(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a stack."""

    kind: Kind
    width: int | None = None
    """Output channels of a convolution; None means one per class, or for a depthwise one as many as its
    input."""
    kernel: int = 3
    """Height and width in pixels."""
    stride: int = 1
    """In pixels."""
    padding: int = 0
    """Zero padding on each side, in pixels."""
    rate: float = 0.0
    """The fraction of values that dropout sets to 0."""


def read_layer(words: str) -> Layer:
    """Return the layer that the words describe.

    Raises:
        DawnbenchError: they describe no layer.
    """
    conv, dropout = CONV.fullmatch(words), DROPOUT.fullmatch(words)
    if conv is not None:
        kernel = int(conv["kernel"] or 3)
        if conv["same"] and kernel % 2 == 0:
            raise DawnbenchError(f'the layer "{words}" cannot be padded evenly: "same" needs an odd kernel')
        return Layer(
            "conv" if conv["width"] else "depthwise",
            width=int(conv["width"]) if (conv["width"] or "classes") != "classes" else None,
            kernel=kernel,
            stride=int(conv["stride"] or 1),
            padding=kernel // 2 if conv["same"] else 0,
        )
    if dropout is not None:
        return Layer("dropout", rate=float(dropout["rate"]))
    for kind in ("norm", "relu", "silu", "max pool", "average pool"):
        if words == kind:
            return Layer(kind)
    raise DawnbenchError(f'there is no layer "{words}"; write {GRAMMAR}')
