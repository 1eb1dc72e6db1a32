"""The augmentations that the library brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dawnbench.recipes.registry import ADDED_LATER, AugmentationPart, register
from dawnbench.recipes.values import require


@dataclass(frozen=True)
class CropSpec(AugmentationPart):
    """Random shifts."""

    padding: int
    """The most pixels each way."""
    border: Literal["reflect", "black"] = field(default="reflect", metadata=ADDED_LATER)
    """What comes in from outside the image."""

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
    probability: float = field(default=1.0, metadata=ADDED_LATER)
    """Of an image having its square."""

    def __post_init__(self) -> None:
        """Refuse no square."""
        require(self.size >= 1, f"augmentation.cutout.size={self.size} must be at least 1")
        share = self.probability
        require(0 < share <= 1, f"augmentation.cutout.probability={share} must be above 0 and at most 1")


@dataclass(frozen=True)
class AffineSpec(AugmentationPart):
    """Images turned, shifted, scaled and slanted at random; black comes in from outside."""

    degrees: float = 0.0
    """The most that an image is turned, either way."""
    translate: float = 0.0
    """The most that it is shifted, as a share of its height and width."""
    scale: tuple[float, float] = (1.0, 1.0)
    """The least and the most by which it is scaled."""
    shear: float = 0.0
    """The most degrees by which it is slanted, either way."""

    def __post_init__(self) -> None:
        """Refuse what is no map of an image onto one."""
        limits = {"degrees": 360.0, "translate": 1.0, "shear": 89.0}
        for name, limit in limits.items():
            value = getattr(self, name)
            require(
                0 <= value <= limit, f"augmentation.affine.{name}={value} must lie between 0 and {limit:g}"
            )
        least, most = self.scale
        require(0 < least <= most, f"augmentation.affine.scale={[least, most]} must be above 0 and in order")


@dataclass(frozen=True)
class RotationSpec(AugmentationPart):
    """Images turned at random; black comes in from outside."""

    degrees: float
    """The most, either way."""

    def __post_init__(self) -> None:
        """Refuse more than a whole turn."""
        degrees = self.degrees
        require(0 <= degrees <= 360, f"augmentation.rotation.degrees={degrees} must lie between 0 and 360")


@dataclass(frozen=True)
class BrightnessContrastSpec(AugmentationPart):
    """Brightness and contrast of each image scaled at random, within the range of its pixels."""

    brightness: float = 0.0
    """By how much the factor on the pixels may differ from 1."""
    contrast: float = 0.0
    """By how much the factor on their distance from the image's mean may differ from 1."""

    def __post_init__(self) -> None:
        """Refuse negative factors."""
        for name in ("brightness", "contrast"):
            value = getattr(self, name)
            require(
                0 <= value <= 1,
                f"augmentation.brightness_contrast.{name}={value} must lie between 0 and 1",
            )


register("crop", CropSpec, "dawnbench.data.augmentation:RandomCrop")
register("flip", FlipSpec, "dawnbench.data.augmentation:RandomFlip")
register("alternating_flip", AlternatingFlipSpec, "dawnbench.data.augmentation:AlternatingFlip")
register("rotation", RotationSpec, "dawnbench.data.affine:rotation")
register("affine", AffineSpec, "dawnbench.data.affine:RandomAffine")
register("color_jitter", ColorJitterSpec, "dawnbench.data.augmentation:ColorJitter")
register("brightness_contrast", BrightnessContrastSpec, "dawnbench.data.photometric:BrightnessContrast")
register("cutout", CutoutSpec, "dawnbench.data.augmentation:Cutout")
