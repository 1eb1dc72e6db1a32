"""Finishes a run whose process ended before its last trial did."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.recorder import Continued
from dawnbench.campaigns.recording import Resumed
from dawnbench.campaigns.runner import ending_if_stuck, run_trials
from dawnbench.campaigns.session import Session
from dawnbench.campaigns.startup import Startup, startup
from dawnbench.engine.checkpoint import CHECKPOINT_NAME, SavedTrial, read_checkpoint
from dawnbench.engine.device import Device
from dawnbench.engine.distributed import failing_together, open_rank_device, open_ranks
from dawnbench.engine.kept_model import recorded_recipe
from dawnbench.engine.launched import Launched, launched
from dawnbench.errors import DawnbenchError
from dawnbench.records.identity import computing_threads
from dawnbench.records.process import this_process
from dawnbench.records.reader import Run, read_run
from dawnbench.records.schema import ResumptionRecord, RunRecord
from dawnbench.stats.comparison.trials_needed import as_launched

COMPLETE = ("finished", "diverged")
"""The statuses of trials that are not run again."""


def resume(
    folder: Path | str,
    *,
    device: str | None = None,
    recipe: str | None = None,
    ended: bool = False,
    observer: Observer | None = None,
    own_process: bool = False,
) -> Path:
    """Run the trials of a run folder that are not complete, with their own seeds, and return the folder.

    A trial with a checkpoint goes on from it; any other starts again from its seed. `device` is another one
    than the run's, and `recipe` the recipe file that defines custom parts, which runs its code. `ended` means
    that the run's process has ended, even if this machine cannot tell. A run whose trials several devices
    trained together is resumed by as many processes, started by torchrun.

    Raises:
        DawnbenchError: the run cannot be resumed: it is complete or still going on, it is not a training of a
            fixed number of trials, or its recipe, data or device is not what it was.
        KeyboardInterrupt: as for `run`.
    """
    folder = Path(folder)
    place = launched()
    ranks = open_ranks(place, device or ("cpu" if place.size == 1 else "auto"))
    with failing_together(ranks):
        # Rank 0 reads the folder for all: other nodes may not have it.
        read = _unfinished_run(folder, ended, ranks.place) if ranks.rank == 0 else None
    run: Run = ranks.from_first(read)
    record = run.record
    trained = recorded_recipe(folder, record.recipe, recipe)
    if trained.digest() != record.recipe_digest:
        raise DawnbenchError(
            f"{folder} was made by dawnbench {record.dawnbench_version}, and its recipe means something else "
            "in this version; resume it with that version, or start a new run"
        )
    own_device = record.device if ranks.size == 1 else record.device.partition(":")[0]
    opened = open_rank_device(device or own_device, ranks)
    opened.tune()
    saved = read_checkpoint(folder / CHECKPOINT_NAME, opened.torch, ranks)
    with failing_together(ranks):
        resumed = _resumed(run, opened, saved)
        session = Session(
            trained,
            opened,
            seed=record.seed,
            out=folder.parent,
            observer=SilentObserver() if observer is None or ranks.rank else observer,
            command=record.command,
            startup=startup() if own_process else Startup(),
            save_model=record.save_model or "--save-model" in record.command,
            checkpoint_every=record.checkpoint_every,
            tags=record.tags,
            prices=record.prices,
            resumed=resumed,
            ranks=ranks,
        )
        session.check_continues(record)
    with ending_if_stuck(session, ranks):
        run_trials(session, opened, record.trials, done=resumed.done, ranks=ranks)
    ranks.close()
    # That of a trial which had ended when the process was killed.
    if ranks.rank == 0:
        (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return folder


def _unfinished_run(folder: Path, ended: bool, place: Launched) -> Run:
    """Return a run that can be resumed by as many processes as there are."""
    if (folder / "epochs.jsonl").exists() and not (folder / "run.json").exists():
        raise DawnbenchError(f"{folder} was killed before it recorded what it runs; start a new run")
    run = read_run(folder)
    record = run.record
    if record.inference is not None:
        why = "is an inference run, which takes seconds; start a new one"
    elif record.pairing is not None:
        why = "is one side of `dawnbench ab`, whose trials alternate with the other's; start a new campaign"
    elif record.stopping is not None:
        why = "went on until its question was settled (--trials auto); start a new run"
    elif (record.devices, record.nodes) != (place.size, place.nodes):
        command = as_launched(("dawnbench", "resume", str(folder)), record.devices, record.nodes)
        devices = f"{record.devices} device{'s' if record.devices > 1 else ''}"
        nodes = f" of {record.nodes} nodes" if record.nodes > 1 else ""
        why = f"trains each trial on {devices}{nodes}; resume it by `{shlex.join(command)}`"
    elif record.status == "finished":
        why = "is finished; start a new run"
    elif record.status == "running" and not ended:
        why = "still goes on, as far as this machine can tell; if its process has ended, add --ended"
    else:
        return run
    raise DawnbenchError(f"{folder} {why}")


def _resumed(run: Run, device: Device, saved: SavedTrial | None) -> Resumed:
    record = run.record
    done = frozenset(trial.trial for trial in run.trials if trial.status in COMPLETE)
    todo = [number for number in range(1, record.trials + 1) if number not in done]
    unfinished: dict[int, Continued] = {}
    elsewhere = _other_machine(record, device)
    if elsewhere is not None:
        warning = f"run {elsewhere}, so it has no times"
        unfinished = {number: Continued(0, None, (), warning) for number in todo}
    if saved is not None:
        _check_is_of_run(saved, record)
        if saved.facts.trial in todo:
            unfinished[saved.facts.trial] = _continued(run, saved)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    first = todo[0] if todo else None
    after = unfinished[first].after_epochs if first is not None and first in unfinished else 0
    record = replace(
        record,
        status="running",
        process=this_process(),
        resumptions=(*record.resumptions, ResumptionRecord(at, first, after, this_process())),
        notes=(*record.notes, *_notes(record, device, at, first, unfinished)),
    )
    return Resumed(run.folder, record, done, unfinished)


def _check_is_of_run(saved: SavedTrial, record: RunRecord) -> None:
    """Check that the run left this checkpoint.

    Raises:
        DawnbenchError: another one did.
    """
    facts = saved.facts
    ours = record.recipe_digest, record.data.fingerprint, record.seed + facts.trial - 1
    if (facts.recipe_digest, facts.fingerprint, facts.seed) != ours:
        raise DawnbenchError(
            f"{saved.path} is not of this run; delete it to start the trial again from its seed"
        )


def _continued(run: Run, saved: SavedTrial) -> Continued:
    epochs = tuple(epoch for epoch in run.epochs_of(saved.facts.trial) if epoch.epoch <= saved.epoch)
    if len(epochs) != saved.epoch:
        raise DawnbenchError(
            f"{saved.path} has {saved.epoch} epochs, but epochs.jsonl has {len(epochs)} of them; delete the "
            "checkpoint to start the trial again from its seed"
        )
    warning = f"resumed from a checkpoint after epoch {saved.epoch}, so it has no times"
    return Continued(saved.epoch, saved, epochs, warning)


def _other_machine(record: RunRecord, device: Device) -> str | None:
    """Return what differs from where the run began, if times from there and here do not belong together."""
    if device.product_name != record.device_name:
        return f"on {device.product_name}, while the run began on {record.device_name}"
    before = computing_threads(record.environment)
    if before is not None and device.threads is not None and device.threads != before:
        return f"on {device.threads} threads, while the run began on {before}"
    return None


def _notes(
    record: RunRecord,
    device: Device,
    at: str,
    first: int | None,
    unfinished: Mapping[int, Continued],
) -> Iterator[str]:
    """Yield what a reader of the run must know about the resumption."""
    if first is None:
        yield f"resumed at {at} to note its end: every trial was complete"
        return
    continued = unfinished.get(first)
    if continued is not None and continued.saved is not None:
        how = f"went on from its checkpoint after epoch {continued.after_epochs}, and has no times"
    else:
        how = "started again from its seed"
    yield f"resumed at {at}: trial {first} {how}"
    elsewhere = _other_machine(record, device)
    if elsewhere is not None:
        yield f"resumed {elsewhere}: the trials from {first} on have no times"
    packages = record.environment.get("packages")
    before = packages.get("torch") if isinstance(packages, Mapping) else None
    if before != version("torch"):
        yield f"resumed with torch {version('torch')}, while the run began with torch {before or '(unknown)'}"
