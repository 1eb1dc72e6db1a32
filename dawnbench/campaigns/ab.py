"""Runs two recipes alternately on one warmed-up device, pair by pair."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.recording import Recording
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup
from dawnbench.campaigns.turns import in_order
from dawnbench.engine.device import Device, open_device
from dawnbench.recipes.constraints import check_seeds
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.schema import PairingRecord, RunStatus, Side
from dawnbench.telemetry import Sampler, open_sources
from dawnbench.telemetry.sampler import Sample

if TYPE_CHECKING:
    from dawnbench.campaigns.enough import Enough
    from dawnbench.stats.sequential import AutoTrials

SIDES: tuple[Side, Side] = ("A", "B")


def ab(
    recipe_a: Recipe,
    recipe_b: Recipe,
    *,
    pairs: int | AutoTrials,
    device: str = "auto",
    seed: int = 0,
    out: Path | str = "runs",
    observers: tuple[Observer, Observer] | None = None,
    command: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    prices: Prices = NO_PRICES,
) -> tuple[Path, Path]:
    """Train both recipes `pairs` times, or until the verdict is settled, and return their run folders.

    The two trials of a pair share a seed and run back to back, and the order alternates from pair to pair
    (ABBA), so that neither slow drift nor heat left by the previous trial favors a side. Both recipes are
    compiled and warmed up before the first pair, in one process, so the `cold` rule yields no time. The
    telemetry of the whole campaign goes into both folders, and so do the `tags` and
    `prices`.

    Raises:
        DawnbenchError: no number of pairs allowed could settle the verdict; or a tag, the data, the device or
            the disk cannot be used, and what was recorded is kept.
        KeyboardInterrupt: re-raised after the trial's record is written.
    """
    enough = None
    if not isinstance(pairs, int):
        from dawnbench.campaigns.enough import Enough

        enough, pairs = Enough(pairs, "ab"), pairs.max_trials
    check_seeds(seed, pairs)
    opened = open_device(device)
    opened.tune()
    campaign = os.urandom(6).hex()
    observed = observers or (SilentObserver(), SilentObserver())

    def prepare() -> Iterator[Recording]:
        for side, recipe, observer in zip(SIDES, (recipe_a, recipe_b), observed, strict=True):
            yield Session(
                replace(recipe, trials=pairs),
                opened,
                seed=seed,
                out=Path(out),
                observer=observer,
                command=command,
                startup=Startup(),
                pairing=PairingRecord(campaign, side),
                stopping=None if enough is None else enough.stopping,
                tags=tags,
                prices=prices,
            )

    return run_pairs(prepare(), opened, pairs, enough)


def run_pairs(
    prepared: Iterable[Recording], device: Device, pairs: int, enough: Enough | None = None
) -> tuple[Path, Path]:
    """Run the trials of two sides in pairs, in turns, and return their run folders.

    `prepared` prepares a side when it is asked for the next one. However the campaign ends, both are closed.
    """
    sessions: list[Recording] = []
    status: RunStatus = "failed"
    try:
        for session in prepared:
            sessions.append(session)

        def to_both(samples: list[Sample]) -> None:
            for session in sessions:
                session.append_samples(samples)

        sampler = Sampler(open_sources(device.uuid), to_both)
        for session in sessions:
            session.begin(sampler)
        with sampler:
            for session in sessions:
                session.warm_up()
            for pair in range(1, pairs + 1):
                for session in in_order(sessions, pair - 1):
                    session.trial(pair)
                if enough is not None and enough.after(sessions, pair):
                    break
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        with ExitStack() as stack:  # an interrupt while closing one must not leave the other open
            for session in sessions:
                stack.callback(session.close, status)
    return sessions[0].folder, sessions[1].folder
