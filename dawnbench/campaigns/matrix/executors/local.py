"""Runs trials as processes of this machine: one per GPU, and a number of them on its processor."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from dawnbench.campaigns.matrix.job import Performed, TrialJob
from dawnbench.campaigns.matrix.worker import GRACE_SECONDS, Fields, now, perform
from dawnbench.errors import DawnbenchError

THREADS = "OMP_NUM_THREADS"
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one trial at a time can run."""

    device: str
    """cpu, mps or cuda:N."""
    slot: int
    """Counted from 1 among the places of this device."""
    option: str
    """What `dawnbench run --device` gets."""
    environment: tuple[tuple[str, str], ...] = ()

    def takes(self, device: str) -> bool:
        """Return whether a request for this device can run here."""
        return device in (self.device, self.device.partition(":")[0])


class LocalExecutor:
    """A place per GPU, and `slots` places that share the processor."""

    name = "local"

    def __init__(self, slots: int = 1, perform: Callable[..., Fields] = perform) -> None:
        """Find the GPUs; `perform` is what runs a trial."""
        self._slots, self._perform = slots, perform
        self._places = tuple(_places(slots))
        self._free = list(self._places)
        self._threads = ThreadPoolExecutor(len(self._places), thread_name_prefix="dawnbench-trial")
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False

    def check(self, device: str) -> None:
        """Raise DawnbenchError if this machine does not have the device."""
        device = self._resolved(device)
        if not any(place.takes(device) for place in self._places):
            has = ", ".join(dict.fromkeys(place.device for place in self._places))
            raise DawnbenchError(f"device {device} is not available: this machine has {has}")

    def has_room(self, device: str) -> bool:
        """Return whether a place for a request for this device is free."""
        with self._lock:
            return any(place.takes(self._resolved(device)) for place in self._free)

    def abandon(self, outs: Sequence[Path]) -> None:
        """Do nothing: the trials of this machine end with the process that started them."""

    def submit(self, job: TrialJob) -> Future[Performed]:
        """Run a job in a free place."""
        device = self._resolved(job.request.device)
        with self._lock:
            place = next(place for place in self._free if place.takes(device))
            self._free.remove(place)
        return self._threads.submit(self._run, job, place)

    def stop(self) -> None:
        """Ask the trials' processes to end, and kill those that have not done so in time."""
        with self._lock:
            self._stopping = True
            processes = list(self._processes)
        for process in processes:
            process.terminate()
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
            process.kill()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _run(self, job: TrialJob, place: Place) -> Performed:
        shared = place.device == "cpu" and self._slots > 1
        note = f"up to {self._slots} trials of the campaign shared the processor while this one ran"
        marks = (note,) if shared else ()
        began = now()
        try:
            fields = self._perform(
                job.recipe,
                job.arguments(place.option, marks),
                str(job.out),
                dict(place.environment),
                () if job.lock is None else (job.lock,),
                self._started,
            )
        except (OSError, subprocess.SubprocessError) as error:
            fields = {"status": None, "reason": f"cannot start it: {error}", "started": began, "ended": now()}
        finally:
            with self._lock:
                self._free.append(place)
                self._processes = {one for one in self._processes if one.poll() is None}
        worker = f"slot {place.slot}" if place.device == "cpu" else place.device
        return Performed(**fields, worker=worker, device=place.device, marks=marks)

    def _started(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.add(process)
            if self._stopping:
                process.terminate()

    def _resolved(self, device: str) -> str:
        """Return the device, with what is fastest here for `auto`."""
        if device != "auto":
            return device
        kinds = {place.device.partition(":")[0] for place in self._places}
        return next(kind for kind in ("cuda", "mps", "cpu") if kind in kinds)


def _places(slots: int) -> list[Place]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads: Mapping[str, str] = {} if THREADS in os.environ else {THREADS: str(max(1, cores // slots))}
    shared = tuple(threads.items()) if slots > 1 else ()
    places = [Place("cpu", slot, "cpu", shared) for slot in range(1, slots + 1)]
    if torch.backends.mps.is_available():
        places.append(Place("mps", 1, "mps"))
    count = torch.cuda.device_count()
    visible = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    names = visible[:count] if visible else [str(index) for index in range(count)]
    places += [Place(f"cuda:{index}", 1, "cuda", ((VISIBLE, name),)) for index, name in enumerate(names)]
    return places
