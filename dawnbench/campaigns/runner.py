"""A run: the trials of one recipe on one device, recorded in one run folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.recording import Recording
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup, startup
from dawnbench.campaigns.stuck import EndIfStuck
from dawnbench.engine.device import Device
from dawnbench.engine.device.base import device_failure
from dawnbench.engine.distributed import SINGLE, Ranks, failing_together, open_rank_device, open_ranks
from dawnbench.engine.launched import launched
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.constraints import check_seeds
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.schema import RunStatus
from dawnbench.telemetry import Sampler, Source, open_node_sources, open_sources
from dawnbench.telemetry.sampler import HERTZ

if TYPE_CHECKING:
    from dawnbench.campaigns.enough import Enough
    from dawnbench.stats.sequential import AutoTrials


def run(
    recipe: Recipe,
    *,
    device: str = "auto",
    seed: int = 0,
    out: Path | str = "runs",
    observer: Observer | None = None,
    command: Sequence[str] = (),
    own_process: bool = False,
    save_model: bool = False,
    checkpoint_every: int | None = None,
    trials: AutoTrials | None = None,
    tags: Mapping[str, str] | None = None,
    prices: Prices = NO_PRICES,
    notes: Sequence[str] = (),
) -> Path:
    """Run the recipe's trials one after another and return the run folder.

    `seed` is the seed of the first trial; each later trial adds 1, up to 2**63 - 1. `own_process` means that
    the process was started for this run, so that the `cold` rule counts from its start; otherwise that rule
    yields no time. `save_model` keeps the model of the last finished trial as model.safetensors in the run
    folder, and `checkpoint_every` saves the state of the trial under way every so many epochs, for `resume`.
    `tags` are your own labels for the run, by key, and `prices` what its machine costs; both are recorded
    with it, as are `notes`, sentences on what readers should beware of. With `trials` the run goes on until
    its question is settled, however many trials the recipe asks for.

    Started by torchrun, each process trains on its part of every batch, on a device of its own; the process
    of rank 0 alone records and calls the observer.

    Raises:
        DawnbenchError: no number of trials allowed could settle the question; or a tag, the data, the device
            or the disk cannot be used, and what was recorded is kept.
        KeyboardInterrupt: re-raised after the trial's record is written.
    """
    enough = None
    if trials is not None:
        # What it imports takes long to load, and the `cold` rule counts that.
        from dawnbench.campaigns.enough import Enough

        enough, recipe = Enough(trials, "run"), replace(recipe, trials=trials.max_trials)
    check_seeds(seed, recipe.trials)
    ranks = open_ranks(launched(), device)
    opened = open_rank_device(device, ranks)
    opened.tune()
    with failing_together(ranks):
        session = Session(
            recipe,
            opened,
            seed=seed,
            out=Path(out),
            observer=SilentObserver() if observer is None or ranks.rank else observer,
            command=command,
            startup=startup() if own_process else Startup(),
            save_model=save_model,
            checkpoint_every=checkpoint_every,
            stopping=None if enough is None else enough.stopping,
            tags=tags,
            prices=prices,
            notes=notes,
            ranks=ranks,
        )
    with ending_if_stuck(session, ranks):
        run_trials(session, opened, recipe.trials, enough, ranks=ranks)
    ranks.close()
    return session.folder


def run_trials(
    session: Recording,
    device: Device,
    trials: int,
    enough: Enough | None = None,
    done: Collection[int] = (),
    ranks: Ranks = SINGLE,
    hertz: float = HERTZ,
) -> None:
    """Run a session's trials one after another except those done, and close it however that ends.

    `hertz` is how often the sensors are read.
    """
    status: RunStatus = "failed"
    try:
        with session.setup.segment("record"):
            sampler = Sampler(_sources(device, ranks), session.append_samples, hertz)
        session.begin(sampler)
        with sampler:
            session.warm_up()
            for number in (number for number in range(1, trials + 1) if number not in done):
                session.trial(number)
                # Rank 0 has the times, and decides for all.
                settled = enough is not None and ranks.rank == 0 and enough.after([session], number)
                if enough is not None and ranks.from_first(settled):
                    break
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    except Exception as error:
        failure = device_failure(error)
        if failure is None:
            raise
        raise DawnbenchError(
            f"{device.torch} stopped working ({failure}); what was recorded is kept. Look at `nvidia-smi`, "
            "and for Xid in `dmesg`; when the device works again, `dawnbench resume` finishes the run"
        ) from error
    finally:
        session.close(status)


@contextmanager
def ending_if_stuck(session: Recording, ranks: Ranks) -> Iterator[None]:
    """Let a signal end the block even while it waits for another rank."""
    if ranks.size == 1 or threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = EndIfStuck(lambda: session.close("interrupted"))
    try:
        yield
    finally:
        watch.close()


def _sources(device: Device, ranks: Ranks) -> list[Source]:
    """Return what this process reads: the first one of each node reads the sensors of the whole node."""
    if ranks.size == 1:
        return open_sources(device.uuid)
    told = enumerate(ranks.gather((ranks.place.node, device.uuid, os.getpid())))
    if not ranks.place.leads_node:
        return []
    here = [(rank, uuid, process) for rank, (node, uuid, process) in told if node == ranks.place.node]
    return open_node_sources({rank: uuid for rank, uuid, _ in here}, [process for *_, process in here])
