from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from dawnbench.data.augmentation import Augmentation, Change, Draws, Shown
from dawnbench.data.moves import AlternatingFlip, RandomCrop, RandomFlip
from dawnbench.data.normalization import Normalization
from dawnbench.data.photometric import Cutout
from dawnbench.data.pipeline import InputPipeline
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.epoch_input import EpochInput
from dawnbench.engine.programs import Programs
from dawnbench.engine.resident import ResidentSplit, Split

COUNT, SIDE, BATCH = 11, 6, 4
AUGMENTATIONS = (RandomCrop(2), RandomFlip(), Cutout(2))


def pixels() -> Tensor:
    return torch.arange(COUNT * SIDE * SIDE * 3).view(COUNT, SIDE, SIDE, 3).remainder(251).to(torch.uint8)


class SpiedPrograms(Programs):
    """Keeps the arguments of the last call."""

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.arguments = arguments
            return function(*arguments)

        return call


def source(
    *augmentations: Augmentation,
    count: int = COUNT,
    batch_size: int = BATCH,
    drop_last: bool = False,
    shuffle: bool = True,
    programs: Programs | None = None,
) -> EpochInput:
    device = CpuDevice("cpu")
    split = ResidentSplit(Split(pixels()[:count], torch.arange(count)), SIDE, device)  # labels name images
    split.load()
    normalization = Normalization(3, device.torch, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    return EpochInput(
        split,
        InputPipeline(augmentations, normalization, torch.float32),
        programs or Programs(compiles=False),
        batch_size=batch_size,
        drop_last=drop_last,
        shuffle=shuffle,
    )


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at(made: EpochInput, number: int, size: int = SIDE) -> tuple[Tensor, Tensor]:
    return made.batch(torch.tensor(number), made.counts[number], size)


def epoch_of(
    made: EpochInput, draws: torch.Generator, epoch: int = 0, size: int = SIDE
) -> list[tuple[Tensor, Tensor]]:
    made.begin_epoch(epoch, draws)
    return [at(made, number, size) for number in range(len(made.counts))]


def labels(made: EpochInput, draws: torch.Generator) -> list[int]:
    return [label for _, names in epoch_of(made, draws) for label in names.tolist()]


def test_an_epoch_shows_each_image_once_and_ends_with_the_smaller_batch() -> None:
    made = source()
    assert made.counts == (4, 4, 3)
    shown = epoch_of(made, generator())
    assert [(len(images), len(names)) for images, names in shown] == [(4, 4), (4, 4), (3, 3)]
    assert sorted(int(name) for _, names in shown for name in names) == list(range(COUNT))


def test_drop_last_leaves_out_what_does_not_fill_a_batch() -> None:
    made = source(drop_last=True)
    assert made.counts == (4, 4)
    draws = generator()
    epochs = [labels(made, draws) for _ in range(5)]
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    # Other images each time, and none of them for good.
    assert set().union(*epochs) == set(range(COUNT))


@pytest.mark.parametrize("drop_last", [False, True])
def test_whole_batches_leave_nothing_over(drop_last: bool) -> None:
    assert source(count=8, drop_last=drop_last).counts == (4, 4)


def test_fewer_images_than_a_batch_are_one_small_batch() -> None:
    made = source(batch_size=64)
    assert made.counts == (COUNT,)
    assert sorted(labels(made, generator())) == list(range(COUNT))


def test_each_epoch_has_an_order_of_its_own() -> None:
    made, draws = source(), generator()
    first, second = labels(made, draws), labels(made, draws)
    assert first != second
    assert first != sorted(first)


def test_unshuffled_every_epoch_has_the_sets_own_order() -> None:
    made, draws = source(shuffle=False), generator()
    assert labels(made, draws) == labels(made, draws) == list(range(COUNT))


def test_without_augmentation_a_batch_is_the_normalized_images_in_their_labels_order() -> None:
    mean, deviation = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.4])
    for images, names in epoch_of(source(), generator()):
        expected = ((pixels()[names].float() / 255 - mean) / deviation).permute(0, 3, 1, 2)
        torch.testing.assert_close(images, expected)


def test_the_same_seed_gives_the_same_batches() -> None:
    def two_epochs(seed: int) -> list[tuple[Tensor, Tensor]]:
        made, draws = source(*AUGMENTATIONS), generator(seed)
        return [batch for epoch in range(2) for batch in epoch_of(made, draws, epoch)]

    for (images, names), (same_images, same_names) in zip(two_epochs(5), two_epochs(5), strict=True):
        assert torch.equal(images, same_images)
        assert torch.equal(names, same_names)
    assert not all(torch.equal(a[1], b[1]) for a, b in zip(two_epochs(5), two_epochs(6), strict=True))


def test_batches_can_be_had_by_their_number_in_any_order_and_again() -> None:
    made = source(*AUGMENTATIONS)
    in_order = epoch_of(made, generator())
    for number in (2, 0, 1, 0):
        images, names = at(made, number)
        assert torch.equal(images, in_order[number][0])
        assert torch.equal(names, in_order[number][1])


def test_nothing_is_drawn_after_the_start_of_the_epoch() -> None:
    made, draws = source(*AUGMENTATIONS), generator()
    made.begin_epoch(0, draws)
    own, everybodys = draws.get_state(), torch.get_rng_state()
    for number in range(len(made.counts)):
        at(made, number)
    assert torch.equal(draws.get_state(), own)
    assert torch.equal(torch.get_rng_state(), everybodys)


def test_the_order_is_drawn_first_and_the_changes_of_all_shown_images_after_it() -> None:
    made, draws, expected = source(*AUGMENTATIONS, drop_last=True), generator(3), generator(3)
    shown = epoch_of(made, draws, epoch=2)
    order = torch.randperm(COUNT, generator=expected)[:8]
    pipeline = InputPipeline(
        AUGMENTATIONS,
        Normalization(3, torch.device("cpu"), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)),
        torch.float32,
    )
    of_all = pipeline.draw(order, 2, (SIDE, SIDE), expected)
    assert torch.equal(torch.cat([names for _, names in shown]), order)
    assert torch.equal(torch.cat([images for images, _ in shown]), pipeline(pixels(), order, of_all, SIDE))
    assert torch.equal(draws.get_state(), expected.get_state())


def test_a_number_beyond_the_epochs_end_shows_its_last_image() -> None:
    """A warm-up takes more steps than a short epoch has."""
    made = source(*AUGMENTATIONS)
    last_images, last_names = epoch_of(made, generator())[-1]
    images, names = made.batch(torch.tensor(7), BATCH, SIDE)
    assert names.tolist() == [int(last_names[-1])] * BATCH
    assert torch.equal(images, last_images[-1:].expand_as(images))


def test_augmentations_are_told_of_every_epoch_by_its_number() -> None:
    made, draws = source(AlternatingFlip()), generator()

    def by_label(epoch: int) -> Tensor:
        images, names = map(torch.cat, zip(*epoch_of(made, draws, epoch), strict=True))
        return images[names.argsort()]

    first, second, third = (by_label(epoch) for epoch in range(3))
    assert torch.equal(first, second.flip(3))
    assert torch.equal(first, third)


class Numbered(Change):
    """Adds to each image what it drew for it: the image's place in the set."""

    def draw(self, shown: Shown) -> Draws:
        return (shown.index.float(),)

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        return images * 0 + draws[0][:, None, None, None]


def test_each_image_gets_what_was_drawn_for_it_in_every_epoch() -> None:
    made, draws = source(Numbered()), generator()
    for epoch in range(3):
        for images, names in epoch_of(made, draws, epoch):
            assert torch.equal(images[:, 0, 0, 0], names.float())


def test_a_smaller_size_shrinks_the_batch() -> None:
    (whole, _), (small, _) = (
        epoch_of(source(*AUGMENTATIONS), generator(), size=size)[0] for size in (SIDE, SIDE // 2)
    )
    torch.testing.assert_close(small, torch.nn.functional.avg_pool2d(whole, 2))


def addresses(arguments: Any) -> list[int]:
    if isinstance(arguments, Tensor):
        return [arguments.data_ptr()]
    return [a for one in arguments for a in addresses(one)] if isinstance(arguments, tuple) else []


def test_order_and_draws_stay_where_they_are_so_that_a_captured_step_finds_them() -> None:
    programs, draws = SpiedPrograms(compiles=False), generator()
    made, position = source(*AUGMENTATIONS, programs=programs), torch.tensor(0)
    found = []
    for epoch in range(3):
        made.begin_epoch(epoch, draws)
        made.batch(position, BATCH, SIDE)
        found.append(addresses(programs.arguments))
    assert (
        len(found[0]) == 9
    )  # images, labels, order, two of the crop, one of the flip, two of the cutout, position
    assert found[0] == found[1] == found[2]
