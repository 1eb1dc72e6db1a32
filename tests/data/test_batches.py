from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dawnbench.data.augmentation import AlternatingFlip, Cutout, RandomCrop, RandomFlip
from dawnbench.data.batches import TrainingBatches
from dawnbench.data.normalization import Normalization

COUNT, HEIGHT, WIDTH = 11, 6, 5


def pixels() -> Tensor:
    return (
        torch.arange(COUNT * HEIGHT * WIDTH * 3).view(COUNT, HEIGHT, WIDTH, 3).remainder(251).to(torch.uint8)
    )


def batches(
    *augmentations: Any,
    images: Tensor | None = None,
    drop_last: bool = False,
    shuffle: bool = True,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> TrainingBatches:
    normalization = Normalization.given((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), torch.device("cpu"), dtype)
    return TrainingBatches(
        pixels() if images is None else images,
        torch.arange(COUNT),  # each label names its image
        normalization,
        augmentations,
        batch_size=4,
        drop_last=drop_last,
        generator=torch.Generator().manual_seed(seed),
        shuffle=shuffle,
    )


def labels(training: TrainingBatches) -> list[list[int]]:
    return [names.tolist() for _, names in training.epoch()]


def flat(batches_of_labels: list[list[int]]) -> list[int]:
    return [label for batch in batches_of_labels for label in batch]


def test_an_epoch_shows_each_image_once_and_ends_with_the_smaller_batch() -> None:
    shown = labels(batches())
    assert [len(batch) for batch in shown] == [4, 4, 3]
    assert sorted(flat(shown)) == list(range(COUNT))


def test_drop_last_leaves_out_what_does_not_fill_a_batch() -> None:
    shown = labels(batches(drop_last=True))
    assert [len(batch) for batch in shown] == [4, 4]
    assert len(set(flat(shown))) == 8


def test_each_epoch_has_an_order_of_its_own() -> None:
    training = batches()
    first, second = labels(training), labels(training)
    assert first != second
    assert flat(first) != sorted(flat(first))


def test_unshuffled_every_epoch_has_the_sets_own_order() -> None:
    training = batches(shuffle=False)
    assert flat(labels(training)) == flat(labels(training)) == list(range(COUNT))


def test_what_a_black_bordered_crop_brings_in_is_black_before_it_is_normalised() -> None:
    white = torch.full((COUNT, HEIGHT, WIDTH, 3), 255, dtype=torch.uint8)
    images = torch.cat([shown for shown, _ in batches(RandomCrop(2, border="black"), images=white).epoch()])
    mean, deviation = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.4])
    black, full = -mean / deviation, (1 - mean) / deviation
    for channel in range(3):
        found = images[:, channel]
        is_black = torch.isclose(found, black[channel])
        assert bool((is_black | torch.isclose(found, full[channel])).all())
        # Whole rows and columns at the border, up to as many as the padding.
        assert is_black.all(2).sum(1).max() == is_black.all(1).sum(1).max() == 2
        assert not is_black[:, 2:-2, 2:-2].any()


def test_pixels_are_recoloured_as_they_are_stored() -> None:
    class Invert:
        def check(self, size: tuple[int, int]) -> None:
            pass

        def recolour(self, stored: Tensor, generator: torch.Generator) -> Tensor:
            assert stored.dtype == torch.uint8
            assert stored.shape[1:] == (HEIGHT, WIDTH, 3)
            return 255 - stored

    (plain, _), (inverted, _) = (
        next(batches(*parts, shuffle=False, images=images).epoch())
        for parts, images in (((), 255 - pixels()), ((Invert(),), pixels()))
    )
    assert torch.equal(plain, inverted)


def test_without_augmentation_a_batch_is_the_normalised_images_in_their_labels_order() -> None:
    mean, deviation = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.4])
    for images, names in batches().epoch():
        expected = ((pixels()[names].float() / 255 - mean) / deviation).permute(0, 3, 1, 2)
        torch.testing.assert_close(images, expected)


AUGMENTATIONS = (RandomCrop(2), RandomFlip(), Cutout(2))


def test_the_same_seed_gives_the_same_batches() -> None:
    def two_epochs(seed: int) -> list[tuple[Tensor, Tensor]]:
        training = batches(*AUGMENTATIONS, seed=seed)
        return [batch for _ in range(2) for batch in training.epoch()]

    for (images, names), (same_images, same_names) in zip(two_epochs(5), two_epochs(5), strict=True):
        assert torch.equal(images, same_images)
        assert torch.equal(names, same_names)
    assert not all(torch.equal(a[1], b[1]) for a, b in zip(two_epochs(5), two_epochs(6), strict=True))


def test_augmented_images_take_their_pixels_from_their_own_image_only() -> None:
    """Each image has one colour, so that a pixel from a neighbour in memory would show."""
    images = (torch.arange(COUNT, dtype=torch.uint8) * 20).view(-1, 1, 1, 1).expand(COUNT, HEIGHT, WIDTH, 3)
    training = batches(RandomCrop(4), RandomFlip(), images=images.contiguous())
    for _ in range(3):
        for shown, names in training.epoch():
            red = (shown[:, 0] * 0.2 + 0.5) * 255 / 20
            assert torch.equal(red.round(), names.view(-1, 1, 1).expand_as(red).float())


def test_cutout_comes_after_normalisation_so_that_its_square_is_the_mean_colour() -> None:
    ones = torch.full((COUNT, HEIGHT, WIDTH, 3), 255, dtype=torch.uint8)
    for shown, _ in batches(Cutout(2), images=ones).epoch():
        assert (shown == 0).sum() == len(shown) * 3 * 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_batches_come_in_the_asked_for_type_and_in_channels_last_memory(dtype: torch.dtype) -> None:
    for images, _ in batches(*AUGMENTATIONS, dtype=dtype).epoch():
        assert images.dtype == dtype
        assert images.shape[1:] == (3, HEIGHT, WIDTH)
        assert images.is_contiguous(memory_format=torch.channels_last)


def test_the_set_itself_is_left_alone() -> None:
    images = pixels()
    for shown, _ in batches(*AUGMENTATIONS, images=images).epoch():
        shown.zero_()
    assert torch.equal(images, pixels())


def square(side: int = 8) -> Tensor:
    return torch.arange(COUNT * side * side * 3).view(COUNT, side, side, 3).remainder(251).to(torch.uint8)


def test_a_smaller_size_is_the_whole_scene_shrunk_behind_the_augmentation() -> None:
    whole = list(batches(*AUGMENTATIONS, images=square()).epoch())
    small = list(batches(*AUGMENTATIONS, images=square()).epoch(size=4))
    for (images, names), (shrunk, same_names) in zip(whole, small, strict=True):
        assert torch.equal(names, same_names)
        # At half the size, bilinear is the mean of each 2x2.
        torch.testing.assert_close(shrunk, torch.nn.functional.avg_pool2d(images, 2))


def test_the_size_of_the_images_themselves_leaves_them_as_they_are() -> None:
    for (images, _), (same, _) in zip(
        batches(images=square()).epoch(), batches(images=square()).epoch(size=8), strict=True
    ):
        assert torch.equal(images, same)


def test_every_epoch_is_told_to_the_augmentations_by_its_number() -> None:
    training = batches(AlternatingFlip(), images=square())
    epochs = [
        torch.stack([image for _, image in sorted(zip(n.tolist(), i, strict=True), key=lambda pair: pair[0])])
        for i, n in (map(torch.cat, zip(*training.epoch(), strict=True)) for _ in range(3))
    ]
    assert torch.equal(epochs[0], epochs[1].flip(3))
    assert torch.equal(epochs[0], epochs[2])
