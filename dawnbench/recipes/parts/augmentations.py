"""The augmentations that the library brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dawnbench.recipes.constraints import (
    Fraction,
    FractionAboveZero,
    FractionBelowOne,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    require,
)
from dawnbench.recipes.part import ADDED_LATER, AugmentationPart

if TYPE_CHECKING:
    from dawnbench.data.augmentation import Augmentation

__all__ = [
    "AffineSpec",
    "AlternatingFlipSpec",
    "BrightnessContrastSpec",
    "ColorJitterSpec",
    "CropSpec",
    "CutoutSpec",
    "FlipSpec",
    "RotationSpec",
]

Degrees = Annotated[float, Field(ge=0, le=360)]


@dataclass(frozen=True)
class CropSpec(AugmentationPart, kind="crop"):
    """Random shifts."""

    padding: NonNegativeInt
    """The most pixels each way."""
    border: Literal["reflect", "black"] = field(default="reflect", metadata=ADDED_LATER)
    """What comes in from outside the image."""

    def build(self) -> Augmentation:
        """Return the shifts."""
        from dawnbench.data.moves import RandomCrop

        return RandomCrop(self.padding, self.border)


@dataclass(frozen=True)
class FlipSpec(AugmentationPart, kind="flip"):
    """Left and right swapped at random."""

    def build(self) -> Augmentation:
        """Return the flips."""
        from dawnbench.data.moves import RandomFlip

        return RandomFlip()


@dataclass(frozen=True)
class AlternatingFlipSpec(AugmentationPart, kind="alternating_flip"):
    """Left and right swapped in every other epoch, for half of the images in the even ones."""

    def build(self) -> Augmentation:
        """Return the flips."""
        from dawnbench.data.moves import AlternatingFlip

        return AlternatingFlip()


@dataclass(frozen=True)
class RotationSpec(AugmentationPart, kind="rotation"):
    """Images turned at random; black comes in from outside."""

    degrees: Degrees
    """The most, either way."""

    def build(self) -> Augmentation:
        """Return an affine map that only turns."""
        from dawnbench.data.affine import rotation

        return rotation(self.degrees)


@dataclass(frozen=True)
class AffineSpec(AugmentationPart, kind="affine"):
    """Images turned, shifted, scaled and slanted at random; black comes in from outside."""

    degrees: Degrees = 0.0
    """The most that an image is turned, either way."""
    translate: Fraction = 0.0
    """The most that it is shifted, as a share of its height and width."""
    scale: tuple[Positive, Positive] = (1.0, 1.0)
    """The least and the most by which it is scaled."""
    shear: Annotated[float, Field(ge=0, le=89)] = 0.0
    """The most degrees by which it is slanted, either way."""

    def __post_init__(self) -> None:
        """Refuse a range of scales that ends before it begins."""
        super().__post_init__()
        least, most = self.scale
        require(least <= most, f"augmentation.affine.scale={[least, most]} must be in order")

    def build(self) -> Augmentation:
        """Return the map."""
        from dawnbench.data.affine import RandomAffine

        return RandomAffine(self.degrees, self.translate, self.scale, self.shear)


@dataclass(frozen=True)
class ColorJitterSpec(AugmentationPart, kind="color_jitter"):
    """Brightness and contrast of each image changed at random."""

    brightness: NonNegative
    """The most that is added to the normalized pixels."""
    contrast: FractionBelowOne
    """By how much their factor may differ from 1."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import ColorJitter

        return ColorJitter(self.brightness, self.contrast)


@dataclass(frozen=True)
class BrightnessContrastSpec(AugmentationPart, kind="brightness_contrast"):
    """Brightness and contrast of each image scaled at random, within the range of its pixels."""

    brightness: Fraction = 0.0
    """By how much the factor on the pixels may differ from 1."""
    contrast: Fraction = 0.0
    """By how much the factor on their distance from the image's mean may differ from 1."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import BrightnessContrast

        return BrightnessContrast(self.brightness, self.contrast)


@dataclass(frozen=True)
class CutoutSpec(AugmentationPart, kind="cutout"):
    """A random square set to the mean."""

    size: PositiveInt
    probability: FractionAboveZero = field(default=1.0, metadata=ADDED_LATER)
    """Of an image having its square."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import Cutout

        return Cutout(self.size, self.probability)
