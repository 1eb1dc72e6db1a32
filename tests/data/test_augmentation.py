from __future__ import annotations

import torch

from dawnbench.data.augmentation import Augmentation, Move, Shown


def shown(seed: int = 0, count: int = 500) -> Shown:
    return Shown(torch.arange(count), epoch=0, size=(6, 5), generator=torch.Generator().manual_seed(seed))


def test_uniform_numbers_are_between_0_and_1_one_for_each_image_of_the_batch() -> None:
    one, three = shown().uniform(), shown().uniform(3)
    assert (one.shape, three.shape) == ((500,), (3, 500))
    for numbers in (one, three):
        assert 0 <= float(numbers.min()) < 0.05
        assert 0.95 < float(numbers.max()) < 1


def test_whole_numbers_meet_their_lowest_and_stay_below_their_upper_bound() -> None:
    numbers = shown().integers(-2, 3)
    assert numbers.shape == (500,)
    assert set(numbers.tolist()) == {-2, -1, 0, 1, 2}


def test_numbers_follow_from_the_generators_seed_and_each_call_has_its_own() -> None:
    first, again, other = shown(3), shown(3), shown(4)
    numbers = first.uniform()
    assert torch.equal(numbers, again.uniform())
    assert not torch.equal(numbers, other.uniform())
    assert not torch.equal(numbers, first.uniform())


def test_an_augmentation_draws_nothing_takes_every_size_and_stays_inside_unless_it_says_so() -> None:
    plain = Augmentation()
    plain.check((1, 1))
    assert plain.draw(shown()) == ()
    assert not Move.leaves_image
