"""Losses, summed over the batch."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


class CrossEntropy:
    """Cross-entropy in nats.

    With label smoothing, the target spreads this fraction of its weight evenly over all classes
    (Szegedy et al. 2016, arXiv:1512.00567).
    """

    def __init__(self, label_smoothing: float) -> None:
        self.label_smoothing = label_smoothing

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the sum, a scalar, from logits (B, classes) in float32 and labels (B,) in int64."""
        return F.cross_entropy(logits, labels, reduction="sum", label_smoothing=self.label_smoothing)
