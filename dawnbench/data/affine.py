"""Random rotation, translation, scaling and shearing of training images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dawnbench.data.augmentation import Draws, Move, Shown
from dawnbench.data.moves import per_image


class RandomAffine(Move):
    """A random affine map of each image about its center, sampling the nearest pixel; black outside.

    Each image draws its angle from -`degrees` to `degrees`, its shifts from -`translate` to `translate` of
    the height and the width (whole pixels), its scale from `scale` and its horizontal shear from -`shear` to
    `shear` degrees, as torchvision's RandomAffine and RandomRotation do for one image at a time.
    """

    leaves_image = True

    def __init__(self, degrees: float, translate: float, scale: tuple[float, float], shear: float) -> None:
        self.degrees, self.translate, self.scale, self.shear = degrees, translate, scale, shear

    def draw(self, shown: Shown) -> Draws:
        """Return five numbers per image, between 0 and 1: angle, shear, scale, and the shifts."""
        return tuple(shown.uniform(5))

    def move(
        self, rows: Tensor, columns: Tensor, draws: Draws, size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Return mapped coordinates, both (B, H, W)."""
        height, width = size
        angle_draw, shear, scale_draw, down_draw, right_draw = map(per_image, draws)
        angle = (angle_draw * 2 - 1) * math.radians(self.degrees)
        shear_factor = torch.tan((shear * 2 - 1) * math.radians(self.shear))
        scale = self.scale[0] + scale_draw * (self.scale[1] - self.scale[0])
        down = torch.round((down_draw * 2 - 1) * self.translate * height)
        right = torch.round((right_draw * 2 - 1) * self.translate * width)
        # From target to source: undo the translation, the rotation and scale, then the shear.
        y = rows - (height - 1) / 2 - down
        x = columns - (width - 1) / 2 - right
        turned_x = (torch.cos(angle) * x + torch.sin(angle) * y) / scale
        turned_y = (torch.cos(angle) * y - torch.sin(angle) * x) / scale
        source_x = turned_x + shear_factor * turned_y
        return (
            torch.round(turned_y + (height - 1) / 2).long(),
            torch.round(source_x + (width - 1) / 2).long(),
        )


def rotation(degrees: float) -> RandomAffine:
    """Return a map that only rotates, by up to `degrees` either way."""
    return RandomAffine(degrees, translate=0.0, scale=(1.0, 1.0), shear=0.0)
