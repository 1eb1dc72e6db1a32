"""Networks with parts that are computed from training images instead of trained."""

from __future__ import annotations

from torch import Tensor, nn


class FittedModel(nn.Module):
    """A network that is fitted to some training images before its first step."""

    @property
    def fit_images(self) -> int:
        """Number of training images that `fit` needs; 0 for none."""
        return 0

    def fit(self, images: Tensor) -> None:
        """Compute the fixed parts from normalized training images (N, C, H, W), in place."""
        raise NotImplementedError
