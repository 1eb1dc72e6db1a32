"""A run: the trials of one recipe on one device, recorded in one run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup, startup
from dawnbench.engine.device import open_device
from dawnbench.recipes.constraints import check_seeds
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.schema import RunStatus
from dawnbench.telemetry import Sampler, open_sources


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
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Run the recipe's trials one after another and return the run folder.

    `seed` is the seed of the first trial; each later trial adds 1, up to 2**63 - 1. `own_process` means that
    the process was started for this run, so that the `cold` rule counts from its start; otherwise that rule
    yields no time. `save_model` keeps the model of the last finished trial as model.safetensors in the run
    folder. `tags` are your own labels for the run, by key, which are recorded with it.

    Raises:
        DawnbenchError: a tag, the data, the device or the disk cannot be used; what was recorded is kept.
        KeyboardInterrupt: re-raised after the trial's record is written.
    """
    check_seeds(seed, recipe.trials)
    opened = open_device(device)
    opened.tune()
    session = Session(
        recipe,
        opened,
        seed=seed,
        out=Path(out),
        observer=observer or SilentObserver(),
        command=command,
        startup=startup() if own_process else Startup(),
        save_model=save_model,
        tags=tags,
    )
    status: RunStatus = "failed"
    try:
        with session.setup.segment("record"):
            sampler = Sampler(open_sources(opened.uuid), session.append_samples)
        session.begin(sampler)
        with sampler:
            session.warm_up()
            for number in range(1, recipe.trials + 1):
                session.trial(number)
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        session.close(status)
    return session.folder
