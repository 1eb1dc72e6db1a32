"""The steps that are watched, on a fake device whose journal tells the order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dawnbench.train.trainer import Trainer

from dawnbench.profiling.window import run_window
from tests.train.fakes import World


def test_the_window_opens_after_one_step_and_holds_whole_steps() -> None:
    world = World()
    trainer = Trainer(world.plan(), world.device, world.train, world.validation)

    @contextmanager
    def around() -> Iterator[None]:
        world.device.happened("open", 1_000)
        yield
        world.device.happened("close", 1_000)

    seconds = run_window(trainer, world.device, 2, around())
    journal = [what for what in world.device.journal if what in ("open", "close", "optimizer", "evaluate")]
    assert journal == ["optimizer", "open", "optimizer", "optimizer", "close"]
    assert seconds == pytest.approx(10e-9), "a forward pass of the fake takes 10 ns, and nothing else counts"
