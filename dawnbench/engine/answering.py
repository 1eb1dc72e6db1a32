"""A trained model as others use it: from pixels to logits, with the normalization inside."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.engine.prepare import Prepared


class Answering(nn.Module):
    """The evaluated model of a recipe, with all that comes before it.

    Input: pixels (N, C, H, W) from 0 to 255, in float32 or uint8 and in either memory layout. Images of a
    size other than the recipe's `image_size` are resized bilinearly, with antialiasing when shrunk, as a run
    does with its data, but not rounded to whole pixel values. Output: float32 logits (N, classes) of the
    image itself, without mirrored or shifted views. It computes in the precision in which the model was
    prepared, and is in evaluation mode; gradients are the caller's to disable.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, prepared: Prepared) -> None:
        """Take the model with its weights as they are; a later change of the weights is seen."""
        super().__init__()
        self.size = prepared.recipe.dataset.image_size
        self.dtype = prepared.precision.dtype
        self.model = prepared.precision.convert(prepared.evaluated, prepared.device)
        mean, std = prepared.normalization.mean, prepared.normalization.std
        self.register_buffer("scale", (1 / (255 * std))[:, None, None])
        self.register_buffer("shift", (-mean / std)[:, None, None])
        self.eval()

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits."""
        images = pixels.float()
        if images.shape[2:] != (self.size, self.size):
            images = F.interpolate(images, size=(self.size, self.size), mode="bilinear", antialias=True)
        images = torch.addcmul(self.shift, images, self.scale).to(self.dtype)
        return self.model(images).float()  # type: ignore[no-any-return]
