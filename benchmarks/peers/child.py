"""One turn of a peer, recorded as a run folder; it prints JSON lines as `dawnbench run --json` does."""

from __future__ import annotations

import os
import sys
import time
from contextlib import chdir, redirect_stdout
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.peers.drive import ByHooks, ByMain
from benchmarks.peers.known import PEERS, TARGET
from benchmarks.peers.script import FOLDER, load_peer, serve
from dawnbench.cli.options import data_option, device_option, out_option, seed_option
from dawnbench.cli.signals import stopping_like_ctrl_c
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.schema import (
    SCHEMA_VERSION,
    DataRecord,
    ModelRecord,
    RunRecord,
    RunStatus,
    TrialRecord,
)
from dawnbench.records.store import RunWriter
from dawnbench.report.display.json_lines import JsonLinesDisplay
from dawnbench.telemetry import Sampler, environment, open_sources
from dawnbench.version import __version__

HERTZ = 5.0
"""Enough for a mean over a trial, and light: a peer's own Python launches its kernels."""


@click.command()
@click.argument("name", type=click.Choice(list(PEERS)))
@click.argument("script", type=click.Path(path_type=Path, resolve_path=True))
@click.option("--trials", type=int, required=True)
@data_option
@device_option
@out_option
@seed_option
@stopping_like_ctrl_c()
def main(name: str, script: Path, trials: int, data: str, device: str, out: Path, seed: int) -> None:
    """Run the trials, record each as it ends and print its line."""
    peer, dataset, opened = PEERS[name], load_dataset(data), open_device(device)
    created = datetime.now(UTC)
    writer, display = RunWriter(out.resolve(), name, created), JsonLinesDisplay(sys.stdout)
    sampler = Sampler(open_sources(opened.uuid), writer.append_samples, HERTZ)
    status: RunStatus = "failed"
    try:
        record = RunRecord(
            schema_version=SCHEMA_VERSION,
            dawnbench_version=__version__,
            recipe_name=name,
            created=created.isoformat(timespec="seconds"),
            status="running",
            command=("python", "-m", "benchmarks.peers"),
            recipe=asdict(peer),
            recipe_digest=sha256(script.read_bytes()).hexdigest(),
            trials=trials,
            seed=seed,
            target=TARGET,
            device=str(opened.torch),
            device_name=opened.product_name,
            precision="bf16 autocast" if opened.torch.type == "cpu" else "as in the script",
            data=_described(dataset),
            model=ModelRecord((), 0, 0, None, None),
            environment=environment(opened.uuid, opened.threads),
            telemetry_unavailable=sampler.unavailable,
        )
        writer.write_run(record)
        display.run_started(record, writer.folder, 0)
        with sampler, TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
            load = serve(dataset, Path(folder))
            os.environ["CIFAR_DATA"] = FOLDER
            sys.argv = [str(script)]  # the scripts read their own source by it
            with chdir(folder):
                module = load_peer(script, opened.torch.type, load)
                driver = ByMain(module, opened.torch.type) if peer.driven == "main" else ByHooks(module)
                driver.warm_up(Ledger(opened))
                for number in range(1, trials + 1):
                    trial = _trial(driver, number, seed + number - 1, opened, sampler)
                    display.trial_ended(writer.append_trial(trial))
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        writer.close(status)


class WaitingClock:
    """A device's clock whose marks wait for the device: a script may compute on streams of its own."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.elapsed_ns = device.elapsed_ns

    def mark(self) -> Any:
        self._device.synchronize()
        return self._device.mark()


def _trial(driver: ByMain | ByHooks, number: int, seed: int, device: Device, sampler: Sampler) -> TrialRecord:
    ledger = Ledger(WaitingClock(device))
    accuracy, own_seconds = driver.trial(seed, ledger)
    segments = ledger.segments()
    ended = time.perf_counter_ns()
    own = {} if own_seconds is None else {"own": own_seconds}
    return TrialRecord(
        trial=number,
        seed=seed,
        status="finished",
        reason=None,
        segments=segments,
        # Only this rule holds for a peer: the others need to know when the data went to the device.
        seconds={"strict": RULES_BY_NAME["strict"].seconds(segments, None), **own},
        target=TARGET,
        epochs_to_target=None,
        accuracy=accuracy,
        best_accuracy=accuracy,
        wall_seconds=(ended - ledger.started_wall_ns) / 1e9,
        device_seconds=ledger.device_seconds(),
        peak_memory_bytes=None,
        telemetry=sampler.summary(ledger.started_wall_ns, ended, None, None),
        began_ns=ledger.started_wall_ns,
    )


def _described(dataset: Dataset) -> DataRecord:
    counts = len(dataset.train_labels), len(dataset.test_labels)
    return DataRecord(dataset.source, dataset.fingerprint, *counts, dataset.image_shape, len(dataset.classes))


if __name__ == "__main__":
    main()
