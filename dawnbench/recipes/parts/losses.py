"""The built-in losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dawnbench.recipes.part import LossPart

if TYPE_CHECKING:
    from torch import nn

    from dawnbench.optim.contracts import Loss

__all__ = ["CrossEntropySpec"]


@dataclass(frozen=True)
class CrossEntropySpec(LossPart, kind="cross_entropy"):
    """Cross-entropy in nats."""

    def build(self, model: nn.Module, label_smoothing: float) -> Loss:
        """Return the cross-entropy, which does not depend on the model."""
        from dawnbench.optim.contracts import CrossEntropy

        return CrossEntropy(label_smoothing)
