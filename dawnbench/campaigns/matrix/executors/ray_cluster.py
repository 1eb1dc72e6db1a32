"""Runs trials as tasks of a Ray cluster, whose nodes need share no disk with this machine."""

from __future__ import annotations

import io
import logging
import signal
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from dawnbench.campaigns.matrix import worker
from dawnbench.campaigns.matrix.executors import optional_package
from dawnbench.campaigns.matrix.job import Performed, TrialJob
from dawnbench.campaigns.matrix.worker import GRACE_SECONDS, Fields, now
from dawnbench.errors import DawnbenchError

CAPACITY_SECONDS = 2.0
"""For which the size of the cluster is taken as known."""
CONNECT_SECONDS = 10.0
SHARED = "other trials of the campaign may have shared the processor of its node"


class RayExecutor:
    """Hands out as many tasks as the cluster has room for; Ray decides where each one runs."""

    name = "ray"

    def __init__(
        self,
        address: str,
        cpus: int = 1,
        slots: int | None = None,
        perform: Callable[..., Fields] = worker.perform,
    ) -> None:
        """Connect to the cluster at `address`, or start one for `local`, unless this process has done so.

        A trial asks for `cpus` cores; `slots` tasks are handed out at a time, or what the cluster has room
        for now if it is None.

        Raises:
            DawnbenchError: Ray is not installed, or there is no cluster at that address.
        """
        self._ray = ray = optional_package("ray", "ray")
        self._cpus, self._slots, self._perform = cpus, slots, perform
        if not ray.is_initialized():
            self._connect(address)
        # Otherwise every worker would load torch merely to start the trial's process.
        ray.cloudpickle.register_pickle_by_value(worker)
        self._task = ray.remote(worker.perform_elsewhere)
        self._running: dict[Future[Performed], Any] = {}
        self._kinds: dict[Future[Performed], str] = {}
        self._known: dict[str, float] = {}
        self._known_until = 0.0

    def _connect(self, address: str) -> None:
        _check_address(address)
        stops = signal.getsignal(signal.SIGTERM)
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(address, str(error).splitlines()[0]) from error
        if stops is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, stops)  # Ray has put its own in place, which knows no records

    def check(self, device: str) -> None:
        """Raise DawnbenchError if the device names one of a machine's own, or the cluster has no GPU."""
        if device not in ("auto", "cpu", "cuda"):
            raise DawnbenchError(f"device {device} is one of a machine; on Ray ask for cuda, cpu or auto")
        if device == "cuda" and not self._resources().get("GPU"):
            raise DawnbenchError("device cuda is not available: no node of the Ray cluster has a GPU")

    def has_room(self, device: str) -> bool:
        """Return whether the cluster has room for another task of this kind."""
        kind = self._kind(device)
        handed_out = list(self._kinds.values()).count(kind)
        return handed_out < self._capacity(kind)

    def abandon(self, outs: Sequence[Path]) -> None:
        """Do nothing: Ray ends the tasks of a process that is gone."""

    def submit(self, job: TrialJob) -> Future[Performed]:
        """Hand out a job as a task, which Ray itself does not try again."""
        kind, began = self._kind(job.request.device), now()
        marks = (SHARED,) if kind == "cpu" and self._capacity(kind) > 1 else ()
        content = Path(job.recipe).read_bytes() if job.recipe.endswith(".py") else None
        task = self._task.options(num_cpus=self._cpus, num_gpus=int(kind == "cuda"), max_retries=0)
        reference = task.remote(self._perform, job.recipe, content, job.arguments(kind, marks))
        performed: Future[Performed] = Future()

        def ended(inner: Future[tuple[Fields, bytes]]) -> None:
            if not performed.done():
                performed.set_result(_received(inner, job, began, marks))

        self._running[performed], self._kinds[performed] = reference, kind
        performed.add_done_callback(self._forget)
        reference.future().add_done_callback(ended)
        return performed

    def stop(self) -> None:
        """Cancel the tasks, which ends their workers, and their trials with them."""
        running = dict(self._running)
        for reference in running.values():
            self._ray.cancel(reference, force=True)
        _, late = wait(running, timeout=GRACE_SECONDS)
        for future in late:
            if not future.done():
                future.set_result(_lost("its task was cancelled", now()))

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here."""
        self._ray.shutdown()

    def _forget(self, future: Future[Performed]) -> None:
        self._running.pop(future, None)
        self._kinds.pop(future, None)

    def _kind(self, device: str) -> str:
        if device == "auto":
            return "cuda" if self._resources().get("GPU") else "cpu"
        return device

    def _capacity(self, kind: str) -> int:
        """Return how many tasks of a kind may be handed out; at least one, which waits for a node."""
        if self._slots is not None:
            return self._slots
        resources = self._resources()
        at_once = resources.get("GPU", 0.0) if kind == "cuda" else resources.get("CPU", 0.0) / self._cpus
        return max(1, int(at_once))

    def _resources(self) -> dict[str, float]:
        if time.monotonic() >= self._known_until:
            self._known = self._ray.cluster_resources()
            self._known_until = time.monotonic() + CAPACITY_SECONDS
        return self._known


def _check_address(address: str) -> None:
    """Check that someone answers at HOST:PORT, for which Ray itself would wait for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        return  # local, auto, or something that only Ray knows
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, str(error)) from error


def _no_cluster(address: str, why: str) -> DawnbenchError:
    return DawnbenchError(f"there is no Ray cluster at {address} ({why}); `ray start --head` begins one")


def _received(
    inner: Future[tuple[Fields, bytes]], job: TrialJob, began: str, marks: tuple[str, ...]
) -> Performed:
    """Unpack what a task left into the job's folder, and return what came of the job."""
    try:
        fields, packed = inner.result()
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
            tar.extractall(job.out, filter="data")  # which refuses what leads out of the folder
    except Exception as error:  # Ray's own, and whatever a worker raised
        return _lost(str(error), began)
    return Performed(**fields, marks=marks)


def _lost(why: str, began: str) -> Performed:
    lines = [line.strip() for line in why.splitlines() if line.strip()]
    return Performed(None, f"its worker was lost: {lines[0] if lines else 'no details'}", began, now())
