from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import affine

from dawnbench.data.affine import RandomAffine, rotation
from dawnbench.data.normalization import Normalization
from dawnbench.data.pipeline import InputPipeline

COUNT, SIDE = 12, 28


def digits() -> Tensor:
    """Return smooth blots (COUNT, SIDE, SIDE, 1): a pixel beside the right one is nearly as bright."""
    at = torch.arange(SIDE) - SIDE / 2
    blot = torch.exp(-((at[:, None] - 3) ** 2) / 60 - ((at[None, :] + 2) ** 2) / 20)
    return (blot * 255).to(torch.uint8)[None, :, :, None].expand(COUNT, -1, -1, -1).contiguous()


def shown(augmentation: RandomAffine, seed: int = 0) -> Tensor:
    """Return the images (COUNT, SIDE, SIDE) as an epoch shows them, 0 to 255."""
    unchanged = Normalization(1, torch.device("cpu"), (0.0,), (1 / 255,))
    pipeline = InputPipeline([augmentation], unchanged, torch.float32)
    order = torch.arange(COUNT)
    draws = pipeline.draw(order, 0, (SIDE, SIDE), torch.Generator().manual_seed(seed))
    return pipeline(digits(), order, draws, SIDE)[:, 0]


@pytest.mark.parametrize(
    "augmentation",
    [
        rotation(45.0),
        RandomAffine(0.0, 0.2, (1.0, 1.0), 0.0),
        RandomAffine(0.0, 0.0, (0.5, 1.5), 0.0),
        RandomAffine(0.0, 0.0, (1.0, 1.0), 30.0),
        RandomAffine(20.0, 0.1, (0.8, 1.2), 10.0),
    ],
    ids=["turned", "shifted", "scaled", "slanted", "all"],
)
def test_images_are_mapped_as_torchvision_maps_them(augmentation: RandomAffine) -> None:
    draws = torch.rand((5, COUNT, 1, 1), generator=torch.Generator().manual_seed(0)).flatten(1)
    signed = draws * 2 - 1
    low, high = augmentation.scale
    expected = torch.stack(
        [
            affine(
                image[None],
                angle=float(signed[0, number]) * augmentation.degrees,
                translate=[
                    round(float(signed[place, number]) * augmentation.translate * SIDE) for place in (4, 3)
                ],
                scale=low + float(draws[2, number]) * (high - low),
                shear=[float(signed[1, number]) * augmentation.shear, 0.0],
                interpolation=InterpolationMode.NEAREST,
            )[0]
            for number, image in enumerate(digits()[..., 0])
        ]
    ).float()
    found = shown(augmentation)
    assert not torch.equal(found, digits()[..., 0].float())
    # Where a source lies half-way between two pixels, either is the nearest.
    assert float((found == expected).float().mean()) > 0.98
    assert float((found - expected).abs().mean()) < 0.5


def test_what_comes_in_from_outside_is_black() -> None:
    corners = shown(RandomAffine(0.0, 0.0, (0.5, 0.5), 0.0))[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert bool((corners == 0).all())


def test_a_map_that_does_nothing_leaves_every_pixel() -> None:
    assert torch.equal(shown(RandomAffine(0.0, 0.0, (1.0, 1.0), 0.0)), digits()[..., 0].float())


def test_each_image_is_turned_by_its_own_angle_within_the_limit() -> None:
    def angles(images: Tensor) -> Tensor:
        """Return the angles of the blots' centres, seen from the middle."""
        weights = images / images.sum((1, 2), keepdim=True)
        at = torch.arange(SIDE) - (SIDE - 1) / 2
        return torch.atan2((weights * at[:, None]).sum((1, 2)), (weights * at[None, :]).sum((1, 2)))

    turned = (angles(shown(rotation(30.0))) - angles(digits()[..., 0].float())).rad2deg()
    turned = (turned + 180) % 360 - 180
    assert len(set(turned.round(decimals=1).tolist())) > COUNT / 2
    assert float(turned.abs().max()) < 30 + 4
    assert float(turned.max()) > 5
    assert float(turned.min()) < -5
    assert math.isfinite(float(turned.sum()))
