"""The built-in augmentations."""

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
    """The maximum shift in pixels, each way."""
    border: Literal["reflect", "black"] = field(default="reflect", metadata=ADDED_LATER)
    """What fills the area outside the image."""

    def build(self) -> Augmentation:
        """Return the shifts."""
        from dawnbench.data.moves import RandomCrop

        return RandomCrop(self.padding, self.border)


@dataclass(frozen=True)
class FlipSpec(AugmentationPart, kind="flip"):
    """Random left-right mirroring."""

    def build(self) -> Augmentation:
        """Return the flips."""
        from dawnbench.data.moves import RandomFlip

        return RandomFlip()


@dataclass(frozen=True)
class AlternatingFlipSpec(AugmentationPart, kind="alternating_flip"):
    """Left-right mirroring in every other epoch, in even epochs for one half of the images."""

    def build(self) -> Augmentation:
        """Return the flips."""
        from dawnbench.data.moves import AlternatingFlip

        return AlternatingFlip()


@dataclass(frozen=True)
class RotationSpec(AugmentationPart, kind="rotation"):
    """Random rotation; the outside is black."""

    degrees: Degrees
    """The maximum rotation, either way."""

    def build(self) -> Augmentation:
        """Return an affine map that only rotates."""
        from dawnbench.data.affine import rotation

        return rotation(self.degrees)


@dataclass(frozen=True)
class AffineSpec(AugmentationPart, kind="affine"):
    """Random rotation, translation, scaling and shearing; the outside is black."""

    degrees: Degrees = 0.0
    """The maximum rotation, either way."""
    translate: Fraction = 0.0
    """The maximum shift, as a fraction of height and width."""
    scale: tuple[Positive, Positive] = (1.0, 1.0)
    """The minimum and maximum scale factor."""
    shear: Annotated[float, Field(ge=0, le=89)] = 0.0
    """The maximum shear in degrees, either way."""

    def __post_init__(self) -> None:
        """Validate that the scale range is in order."""
        super().__post_init__()
        low, high = self.scale
        require(low <= high, f"augmentation.affine.scale={[low, high]} must be in order")

    def build(self) -> Augmentation:
        """Return the map."""
        from dawnbench.data.affine import RandomAffine

        return RandomAffine(self.degrees, self.translate, self.scale, self.shear)


@dataclass(frozen=True)
class ColorJitterSpec(AugmentationPart, kind="color_jitter"):
    """Random brightness and contrast of each image."""

    brightness: NonNegative
    """The maximum offset added to the normalized pixels."""
    contrast: FractionBelowOne
    """The maximum deviation of their factor from 1."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import ColorJitter

        return ColorJitter(self.brightness, self.contrast)


@dataclass(frozen=True)
class BrightnessContrastSpec(AugmentationPart, kind="brightness_contrast"):
    """Random scaling of brightness and contrast of each image, within the pixel range."""

    brightness: Fraction = 0.0
    """The maximum deviation from 1 of the factor on the pixels."""
    contrast: Fraction = 0.0
    """The maximum deviation from 1 of the factor on their distance from the image's mean."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import BrightnessContrast

        return BrightnessContrast(self.brightness, self.contrast)


@dataclass(frozen=True)
class CutoutSpec(AugmentationPart, kind="cutout"):
    """A random square set to the mean."""

    size: PositiveInt
    probability: FractionAboveZero = field(default=1.0, metadata=ADDED_LATER)
    """Probability that an image has a square."""

    def build(self) -> Augmentation:
        """Return the change."""
        from dawnbench.data.photometric import Cutout

        return Cutout(self.size, self.probability)
