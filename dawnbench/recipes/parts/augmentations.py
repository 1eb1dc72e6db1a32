"""The augmentations that the library brings."""

from __future__ import annotations

from dataclasses import dataclass

from dawnbench.recipes.registry import AugmentationPart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class CropSpec(AugmentationPart):
    """Random shifts, reflecting at the border."""

    padding: int

    def __post_init__(self) -> None:
        """Refuse a shift of less than nothing."""
        require(self.padding >= 0, f"augmentation.crop.padding={self.padding} must not be negative")


@dataclass(frozen=True)
class FlipSpec(AugmentationPart):
    """Left and right swapped at random."""


@dataclass(frozen=True)
class AlternatingFlipSpec(AugmentationPart):
    """Left and right swapped in every other epoch, for half of the images in the even ones."""


@dataclass(frozen=True)
class ColorJitterSpec(AugmentationPart):
    """Brightness and contrast of each image changed at random."""

    brightness: float
    """The most that is added to the normalised pixels."""
    contrast: float
    """By how much their factor may differ from 1."""

    def __post_init__(self) -> None:
        """Refuse what would turn an image into its negative, or nothing."""
        brightness, contrast = self.brightness, self.contrast
        require(brightness >= 0, f"augmentation.color_jitter.brightness={brightness} must not be negative")
        require(
            0 <= contrast < 1,
            f"augmentation.color_jitter.contrast={contrast} must be at least 0 and below 1",
        )


@dataclass(frozen=True)
class CutoutSpec(AugmentationPart):
    """A random square set to the mean."""

    size: int

    def __post_init__(self) -> None:
        """Refuse no square."""
        require(self.size >= 1, f"augmentation.cutout.size={self.size} must be at least 1")


register("crop", CropSpec, "dawnbench.data.augmentation:RandomCrop")
register("flip", FlipSpec, "dawnbench.data.augmentation:RandomFlip")
register("alternating_flip", AlternatingFlipSpec, "dawnbench.data.augmentation:AlternatingFlip")
register("color_jitter", ColorJitterSpec, "dawnbench.data.augmentation:ColorJitter")
register("cutout", CutoutSpec, "dawnbench.data.augmentation:Cutout")
