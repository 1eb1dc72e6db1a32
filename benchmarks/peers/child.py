"""One turn of a peer, recorded as a run folder; it prints JSON lines as `dawnbench run --json` does."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import chdir, redirect_stdout
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.drivers import ByHooks, ByMain, Measured
from benchmarks.peers.known import TARGET, Peer, find_peer
from benchmarks.peers.script import FOLDER, load_peer, serve
from dawnbench.data.dataset import Dataset
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device, open_device
from dawnbench.records.schema import (
    SCHEMA_VERSION,
    DataRecord,
    ModelRecord,
    RunRecord,
    RunStatus,
    Segment,
    TelemetrySummary,
    TrialRecord,
)
from dawnbench.records.store import RunWriter
from dawnbench.report.display.json_lines import JsonLinesDisplay
from dawnbench.telemetry import Sampler, environment, open_sources
from dawnbench.version import __version__

HERTZ = 5.0
"""Enough for a mean over a trial, and light: a peer's own Python launches its kernels."""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", type=find_peer)
    parser.add_argument("script", type=lambda path: Path(path).resolve())
    for name in ("--data", "--device", "--out"):
        parser.add_argument(name, required=True)
    for name in ("--trials", "--seed"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--epochs", type=int, help="Of each trial; all by default.")
    return parser


def measure(given: argparse.Namespace) -> None:
    """Run the trials, record each as it ends and print its line."""
    peer, script = given.peer, given.script
    dataset, device = load_dataset(given.data), open_device(given.device)
    created = datetime.now(UTC)
    writer = RunWriter(Path(given.out).resolve(), peer.name, created)
    display = JsonLinesDisplay(sys.stdout)
    sampler = Sampler(open_sources(device.uuid), writer.append_samples, HERTZ)
    status: RunStatus = "failed"
    try:
        record = _run_record(given, dataset, device, sampler, created)
        writer.write_run(record)
        display.run_started(record, writer.folder, 0)
        with sampler, TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
            load = serve(dataset, Path(folder))
            os.environ["CIFAR_DATA"] = FOLDER
            sys.argv = [str(script)]  # the scripts read their own source by it
            with chdir(folder):
                driver = _driver(peer, script, given.device, given.epochs, load)
                driver.warm_up()
                for number in range(1, given.trials + 1):
                    began, seed = time.perf_counter_ns(), given.seed + number - 1
                    measured = driver.trial(seed)
                    ended = time.perf_counter_ns()
                    telemetry = sampler.summary(began, ended, None, None)
                    trial = _trial_record(number, seed, measured, began, ended, telemetry)
                    display.trial_ended(writer.append_trial(trial))
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        writer.close(status)


def _driver(peer: Peer, script: Path, device: str, epochs: int | None, load: object) -> ByMain | ByHooks:
    module = load_peer(script, device, load)
    return ByMain(peer, module, device, epochs) if peer.driven == "main" else ByHooks(module, device)


def _trial_record(
    number: int, seed: int, measured: Measured, began: int, ended: int, telemetry: TelemetrySummary
) -> TrialRecord:
    segments, now = [], 0
    for name, epoch, seconds in measured.passes:
        segments.append(Segment(name, epoch, now, round(1e9 * seconds)))
        now += segments[-1].length_ns
    own = {} if measured.own_seconds is None else {"own": measured.own_seconds}
    wall = (ended - began) / 1e9
    return TrialRecord(
        trial=number,
        seed=seed,
        status="finished",
        reason=None,
        segments=tuple(segments),
        seconds={"strict": now / 1e9, **own},
        target=TARGET,
        epochs_to_target=None,
        accuracy=measured.accuracy,
        best_accuracy=measured.accuracy,
        wall_seconds=wall,
        device_seconds=wall,
        peak_memory_bytes=None,
        telemetry=telemetry,
        warnings=() if measured.estimate is None else (measured.estimate,),
        began_ns=began,
    )


def _run_record(
    given: argparse.Namespace, dataset: Dataset, device: Device, sampler: Sampler, created: datetime
) -> RunRecord:
    peer, counts = given.peer, (len(dataset.train_labels), len(dataset.test_labels))
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        dawnbench_version=__version__,
        recipe_name=peer.name,
        created=created.isoformat(timespec="seconds"),
        status="running",
        command=("python", "-m", "benchmarks.peers"),
        recipe={"name": peer.name, "source": peer.source, "epochs": peer.epochs},
        recipe_digest=sha256(given.script.read_bytes()).hexdigest(),
        trials=given.trials,
        seed=given.seed,
        target=TARGET,
        device=str(device.torch),
        device_name=device.product_name,
        precision="bf16 autocast" if given.device == "cpu" else "as in the script",
        data=DataRecord(
            dataset.source, dataset.fingerprint, *counts, dataset.image_shape, len(dataset.classes)
        ),
        model=ModelRecord((), 0, 0, None, None),
        environment=environment(device.uuid, device.threads),
        telemetry_unavailable=sampler.unavailable,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    measure(arguments().parse_args())
