"""Images from host memory to the device, in the size that a model takes."""

from __future__ import annotations

import torch
from torch import Tensor

IMAGES_AT_ONCE = 2_000


def resize(images: Tensor, size: int) -> Tensor:
    """Return uint8 images (N, H, W, C) as (N, size, size, C), bilinear, smoothed where they shrink."""
    if images.shape[1:3] == (size, size):
        return images
    count, _, _, channels = images.shape
    resized = torch.empty(count, size, size, channels, dtype=torch.uint8, device=images.device)
    for source, target in zip(images.split(IMAGES_AT_ONCE), resized.split(IMAGES_AT_ONCE), strict=True):
        pixels = torch.nn.functional.interpolate(
            source.permute(0, 3, 1, 2).float(), size=(size, size), mode="bilinear", antialias=True
        )
        target.copy_(pixels.round_().clamp_(0, 255).permute(0, 2, 3, 1))
    return resized


def place(images: Tensor, labels: Tensor, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return uint8 images (N, size, size, C) and labels (N,) on the device."""
    return resize(images.to(device), size).contiguous(), labels.to(device)
