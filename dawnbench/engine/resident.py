"""The data set, kept on the device as uint8 for the whole run."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dawnbench.engine.device import Device


@dataclass(frozen=True)
class Split:
    """Images and labels of one split, both on one device."""

    images: Tensor
    """(N, H, W, C) uint8."""
    labels: Tensor
    """(N,) int64."""


class ResidentSplit:
    """One split in tensors that are allocated once, so that captured steps can rely on their addresses."""

    def __init__(self, host: Split, size: int, device: Device) -> None:
        """Allocate space for the images in `host` memory at `size` x `size` pixels."""
        self._host, self._size = host, size
        count, height, width, channels = host.images.shape
        self._is_shared = device.shares_host_memory and (height, width) == (size, size)
        """Whether the device computes on the host's tensors directly; these are never written to."""
        if self._is_shared:
            self.images, self.labels = host.images, host.labels
        else:
            shape = (count, size, size, channels)
            self.images = torch.empty(shape, dtype=torch.uint8, device=device.torch)
            self.labels = torch.empty(count, dtype=torch.int64, device=device.torch)

    def __len__(self) -> int:
        return len(self.labels)

    def load(self) -> None:
        """Copy the split from host memory to the device, resized to the model's input size."""
        if self._is_shared:
            self.images, self.labels = self._host.images, self._host.labels
            return
        resize(self._host.images, self.images)
        self.labels.copy_(self._host.labels, non_blocking=True)

    def fill_randomly(self, seed: int) -> None:
        """Replace the images by random pixels, for a warm-up that sees no real images."""
        generator = torch.Generator(self.images.device).manual_seed(seed)
        if self._is_shared:
            self.images = torch.empty_like(self._host.images)
        self.images.random_(0, 256, generator=generator)


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
