from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from dawnbench.data.affine import RandomAffine, rotation
from dawnbench.data.augmentation import Augmentation, Change, Draws, Recolor, Shown
from dawnbench.data.moves import AlternatingFlip, RandomCrop, RandomFlip
from dawnbench.data.normalization import Normalization
from dawnbench.data.photometric import BrightnessContrast, ColorJitter, Cutout
from dawnbench.data.pipeline import InputPipeline
from dawnbench.errors import DawnbenchError

COUNT, HEIGHT, WIDTH, BATCH = 11, 6, 5, 4
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
AUGMENTATIONS = (RandomCrop(2), RandomFlip(), Cutout(2))


def pixels(height: int = HEIGHT, width: int = WIDTH) -> Tensor:
    ramp = torch.arange(COUNT * height * width * 3).view(COUNT, height, width, 3)
    return ramp.remainder(251).to(torch.uint8)


def pipeline(*augmentations: Augmentation, dtype: torch.dtype = torch.float32) -> InputPipeline:
    return InputPipeline(augmentations, Normalization(3, torch.device("cpu"), MEAN, STD), dtype)


def drawn(
    made: InputPipeline, order: Tensor, size: tuple[int, int], seed: int = 0, epoch: int = 0
) -> tuple[Draws, ...]:
    return made.draw(order, epoch, size, torch.Generator().manual_seed(seed))


def epoch_of(
    *augmentations: Augmentation,
    images: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
    size: int | None = None,
    seed: int = 0,
    epoch: int = 0,
) -> Tensor:
    """Return all images of one epoch, in the set's own order."""
    made, stored = pipeline(*augmentations, dtype=dtype), pixels() if images is None else images
    order, (height, width) = torch.arange(len(stored)), stored.shape[1:3]
    draws = drawn(made, order, (height, width), seed, epoch)
    return made(stored, order, draws, height if size is None else size)


def test_without_augmentation_a_batch_is_the_normalized_images_in_the_order_of_the_index() -> None:
    index = torch.tensor([7, 0, 3, 3])
    found = pipeline()(pixels(), index, (), HEIGHT)
    expected = (pixels()[index].float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    torch.testing.assert_close(found, expected.permute(0, 3, 1, 2))


def test_what_a_black_bordered_crop_brings_in_is_black_before_it_is_normalized() -> None:
    white = torch.full((200, HEIGHT, WIDTH, 3), 255, dtype=torch.uint8)
    images = epoch_of(RandomCrop(2, border="black"), images=white)
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    black, full = -mean / std, (1 - mean) / std
    for channel in range(3):
        found = images[:, channel]
        is_black = torch.isclose(found, black[channel])
        assert bool((is_black | torch.isclose(found, full[channel])).all())
        # Whole rows and columns at the border, up to as many as the padding.
        assert is_black.all(2).sum(1).max() == is_black.all(1).sum(1).max() == 2
        assert not is_black[:, 2:-2, 2:-2].any()


class Invert(Recolor):
    def recolor(self, pixels: Tensor, draws: Draws) -> Tensor:
        assert pixels.dtype == torch.uint8
        assert pixels.shape[1:] == (HEIGHT, WIDTH, 3)
        return 255 - pixels


def test_pixels_are_recolored_as_they_are_stored() -> None:
    assert torch.equal(epoch_of(Invert()), epoch_of(images=255 - pixels()))


def test_augmented_images_take_their_pixels_from_their_own_image_only() -> None:
    """Each image has one color, so that a pixel from a neighbor in memory would show."""
    levels = (torch.arange(COUNT, dtype=torch.uint8) * 20).view(-1, 1, 1, 1)
    images = levels.expand(COUNT, HEIGHT, WIDTH, 3).contiguous()
    for seed in range(3):
        red = (epoch_of(RandomCrop(4), RandomFlip(), images=images, seed=seed)[:, 0] * 0.2 + 0.5) * 255
        assert torch.equal(red.round(), levels[..., 0].expand_as(red).float())


def test_cutout_comes_after_normalization_so_that_its_square_is_the_mean_color() -> None:
    white = torch.full((COUNT, HEIGHT, WIDTH, 3), 255, dtype=torch.uint8)
    assert (epoch_of(Cutout(2), images=white) == 0).sum() == COUNT * 3 * 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_batches_come_in_the_requested_type_and_in_channels_last_memory(dtype: torch.dtype) -> None:
    images = epoch_of(*AUGMENTATIONS, dtype=dtype)
    assert images.dtype == dtype
    assert images.shape[1:] == (3, HEIGHT, WIDTH)
    assert images.is_contiguous(memory_format=torch.channels_last)


class ByChannel(Change):
    """Lays its images out channel by channel."""

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        return images.contiguous() + 1


def test_a_change_of_ones_own_may_lay_its_images_out_as_it_likes() -> None:
    images = epoch_of(ByChannel())
    assert images.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(images, epoch_of() + 1)


def test_the_set_itself_is_left_alone() -> None:
    images = pixels()
    epoch_of(*AUGMENTATIONS, images=images).zero_()
    epoch_of(images=images).zero_()
    assert torch.equal(images, pixels())


def test_a_batch_follows_from_its_draws_alone() -> None:
    """A captured step and a compiled one may be run again, whatever was drawn in between."""
    parts = (AlternatingFlip(), rotation(20.0), BrightnessContrast(0.3, 0.3), *AUGMENTATIONS)
    made, order = pipeline(*parts), torch.arange(COUNT)
    draws = drawn(made, order, (HEIGHT, WIDTH))
    before = [draw.clone() for of_one in draws for draw in of_one]
    torch.manual_seed(1)
    first = made(pixels(), order, draws, HEIGHT)
    torch.manual_seed(2)
    drawn(made, order, (HEIGHT, WIDTH), seed=3, epoch=1)
    assert torch.equal(made(pixels(), order, draws, HEIGHT), first)
    after = [draw for of_one in draws for draw in of_one]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_an_images_draws_move_with_it_to_whatever_batch_it_is_in() -> None:
    made, order = pipeline(*AUGMENTATIONS, ColorJitter(0.2, 0.2)), torch.arange(COUNT)
    draws = drawn(made, order, (HEIGHT, WIDTH))
    some = torch.tensor([9, 2, 5])
    own = tuple(tuple(draw[some] for draw in of_one) for of_one in draws)
    whole = made(pixels(), order, draws, HEIGHT)
    assert torch.equal(made(pixels(), some, own, HEIGHT), whole[some])


def test_the_same_seed_gives_the_same_images() -> None:
    assert torch.equal(epoch_of(*AUGMENTATIONS, seed=5), epoch_of(*AUGMENTATIONS, seed=5))
    assert not torch.equal(epoch_of(*AUGMENTATIONS, seed=5), epoch_of(*AUGMENTATIONS, seed=6))


def test_every_augmentation_is_told_the_epoch() -> None:
    first, second, third = (epoch_of(AlternatingFlip(), epoch=epoch) for epoch in range(3))
    assert torch.equal(first, second.flip(3))
    assert torch.equal(first, third)


@pytest.mark.parametrize("listed", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_each_augmentation_draws_once_per_epoch_moves_first_then_recolors_then_changes(
    listed: tuple[int, ...],
) -> None:
    in_order = (
        RandomCrop(2),
        RandomAffine(5.0, 0.1, (0.9, 1.1), 3.0),
        BrightnessContrast(0.3, 0.3),
        ColorJitter(0.2, 0.2),
        Cutout(2, probability=0.5),
    )
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(1))
    # Within a role the recipe's order holds.
    roles = [[n for n in listed if n in role] for role in ((0, 1), (2,), (3, 4))]
    expected_order = [in_order[number] for role in roles for number in role]
    generator = torch.Generator().manual_seed(7)
    shown = Shown(order, 3, (HEIGHT, WIDTH), generator)
    expected = [augmentation.draw(shown) for augmentation in expected_order]
    found = drawn(pipeline(*(in_order[n] for n in listed)), order, (HEIGHT, WIDTH), seed=7, epoch=3)
    for of_one, wanted in zip(found, expected, strict=True):
        for draw, same in zip(of_one, wanted, strict=True):
            assert len(draw) == COUNT
            assert torch.equal(draw, same)


def test_a_smaller_size_is_the_whole_scene_shrunk_after_the_augmentation() -> None:
    whole = epoch_of(*AUGMENTATIONS, images=pixels(8, 8))
    small = epoch_of(*AUGMENTATIONS, images=pixels(8, 8), size=4)
    # At half the size, bilinear is the mean of each 2x2.
    torch.testing.assert_close(small, torch.nn.functional.avg_pool2d(whole, 2))


def test_the_size_of_the_images_themselves_leaves_them_as_they_are() -> None:
    assert torch.equal(epoch_of(images=pixels(8, 8), size=8), epoch_of(images=pixels(8, 8)))


@pytest.mark.parametrize("wrong", [Augmentation(), lambda images: images])
def test_what_neither_moves_nor_recolors_nor_changes_is_refused(wrong: object) -> None:
    with pytest.raises(DawnbenchError, match=r"a subclass of Move, Recolor or Change .*, not an? \w+"):
        pipeline(RandomFlip(), wrong)  # type: ignore[arg-type]


PARTS = st.one_of(
    st.builds(RandomCrop, st.integers(0, 7), st.sampled_from(["reflect", "black"])),
    st.builds(RandomFlip),
    st.builds(AlternatingFlip),
    st.builds(rotation, st.floats(0, 360)),
    st.builds(
        RandomAffine,
        st.floats(0, 360),
        st.floats(0, 1),
        st.tuples(st.floats(0.01, 1), st.floats(1, 100)),
        st.floats(0, 89),
    ),
    st.builds(BrightnessContrast, st.floats(0, 1), st.floats(0, 1)),
    st.builds(ColorJitter, st.floats(0, 10), st.floats(0, 0.99)),
    st.builds(Cutout, st.integers(1, 8), st.floats(0.01, 1)),
)


@settings(max_examples=80)
@given(
    st.lists(PARTS, max_size=6),
    st.sampled_from([1, 3]),
    st.sampled_from([torch.float32, torch.bfloat16]),
    st.sampled_from([8, 5]),
    st.integers(0, 2**32),
)
@example([rotation(45.0), RandomCrop(7)], 3, torch.float32, 8, 0)
def test_any_mix_of_augmentations_gives_finite_images_of_the_right_kind(
    augmentations: Sequence[Augmentation], channels: int, dtype: torch.dtype, size: int, seed: int
) -> None:
    for augmentation in augmentations:
        augmentation.check((8, 8))
    normalization = Normalization(channels, torch.device("cpu"), MEAN[:channels], STD[:channels])
    made = InputPipeline(augmentations, normalization, dtype)
    stored = pixels(8, 8)[..., :channels].contiguous()
    order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(seed))
    draws = drawn(made, order, (8, 8), seed, epoch=seed % 3)
    images = made(stored, order, draws, size)
    assert images.shape == (COUNT, channels, size, size)
    assert images.dtype == dtype
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert bool(images.isfinite().all())


@given(
    st.integers(0, 2**32),
    st.permutations([RandomCrop(0), RandomCrop(0, "black"), RandomAffine(0, 0, (1, 1), 0)]),
)
def test_moves_by_nothing_leave_every_pixel(seed: int, moves: Sequence[Augmentation]) -> None:
    assert torch.equal(epoch_of(*moves, seed=seed), epoch_of())
