"""Copies images from host memory to the device, resized for the model."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

IMAGES_AT_ONCE = 2_000


def resize(images: Tensor, target: Tensor) -> None:
    """Write uint8 images (N, H, W, C) into `target` (N, height, width, C), on any device.

    If the sizes differ, the images are resized bilinearly, with antialiasing when shrunk.
    """
    if images.shape == target.shape:
        target.copy_(images, non_blocking=True)
        return
    for source, part in zip(images.split(IMAGES_AT_ONCE), target.split(IMAGES_AT_ONCE), strict=True):
        pixels = interpolate(
            source.to(target.device, non_blocking=True).permute(0, 3, 1, 2).float(),
            size=tuple(target.shape[1:3]),
            mode="bilinear",
            antialias=True,
        )
        part.copy_(pixels.round_().clamp_(0, 255).permute(0, 2, 3, 1))
