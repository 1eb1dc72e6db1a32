"""Runs trials as Slurm jobs through submitit, on nodes that share the campaign's folder."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dawnbench.campaigns.matrix import worker
from dawnbench.campaigns.matrix.executors import optional_package
from dawnbench.campaigns.matrix.job import Performed, TrialJob
from dawnbench.campaigns.matrix.worker import PERFORMED, Fields, last_line, now
from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes

JOB, LOGS = "job", "submitit"
"""In an attempt's folder: the file with its job's id, and the folder of what submitit keeps."""
MAX_QUEUED = 64
"""Jobs in the queue at a time unless told otherwise."""
POLL_SECONDS = 1.0
CANCEL_SECONDS = 30.0


class SlurmExecutor:
    """Keeps a number of jobs in the queue; Slurm decides where and when each one runs."""

    name = "slurm"

    def __init__(
        self,
        options: Sequence[str],
        cpus: int = 1,
        slots: int | None = None,
        cluster: str = "slurm",
        perform: Callable[..., Fields] = worker.perform,
    ) -> None:
        """Check that there is a queue; `options` are sbatch's, such as partition=gpu.

        `cluster` is submitit's name for the kind of queue; `local` stands in for one on this machine.

        Raises:
            DawnbenchError: submitit is not installed, there is no Slurm here, or an option is wrong.
        """
        self._submitit = optional_package("submitit", "slurm")
        if cluster == "slurm" and shutil.which("sbatch") is None:
            raise DawnbenchError(
                "--slurm needs the command sbatch; run the campaign on a login node of Slurm"
            )
        # Otherwise every job would load torch merely to start the trial's process.
        optional_package("cloudpickle", "slurm").register_pickle_by_value(worker)
        self._cpus, self._slots = cpus, slots or MAX_QUEUED
        self._options = {}
        for option in options:
            name, equals, value = option.partition("=")
            if not equals or not name.replace("_", "").isalnum():
                raise DawnbenchError(f"the option {option!r} is not KEY=VALUE, such as partition=gpu")
            self._options[f"slurm_{name}"] = value
        self._cluster, self._perform = cluster, perform
        self._jobs: dict[Future[Performed], Any] = {}

    def check(self, device: str) -> None:
        """Raise DawnbenchError if the device does not say what to ask for, or submitit lacks an option."""
        if device not in ("cpu", "cuda"):
            raise DawnbenchError(f"device {device} does not say what a Slurm job needs; name cpu or cuda")
        with tempfile.TemporaryDirectory() as folder:
            self._queue(Path(folder), device, "dawnbench")

    def has_room(self, device: str) -> bool:
        """Return whether another job may go into the queue."""
        return len(self._jobs) < self._slots

    def abandon(self, outs: Sequence[Path]) -> None:
        """Cancel the jobs of an earlier sitting, and wait until none runs."""
        jobs = [self._job(out) for out in outs if (out / JOB).is_file()]
        for job in jobs:
            job.cancel(check=False)
        deadline = time.monotonic() + CANCEL_SECONDS
        while any(not job.done(force_check=True) for job in jobs) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def submit(self, job: TrialJob) -> Future[Performed]:
        """Put a job into the queue."""
        trial = worker.QueuedTrial(self._perform, job.recipe, job.arguments(job.request.device), str(job.out))
        queue = self._queue(job.out / LOGS, job.request.device, f"dawnbench-{job.request.id}")
        try:
            queued, began = queue.submit(trial), now()
        except self._submitit.core.utils.FailedSubmissionError as error:
            raise DawnbenchError(f"Slurm refused a job: {error}") from error
        (job.out / JOB).write_text(queued.job_id, encoding="utf-8")
        performed: Future[Performed] = Future()
        self._jobs[performed] = queued
        performed.add_done_callback(self._jobs.pop)
        threading.Thread(
            target=lambda: performed.set_result(_followed(queued, job.out, began)),
            name=f"dawnbench-job-{queued.job_id}",
            daemon=True,
        ).start()
        return performed

    def stop(self) -> None:
        """Cancel the jobs."""
        running = dict(self._jobs)
        for job in running.values():
            job.cancel(check=False)
        wait(running, timeout=CANCEL_SECONDS)

    def close(self) -> None:
        """Do nothing: no job is left."""

    def _queue(self, folder: Path, device: str, name: str) -> Any:
        queue = self._submitit.AutoExecutor(folder=folder, cluster=self._cluster)
        try:
            queue.update_parameters(
                name=name,
                cpus_per_task=self._cpus,
                gpus_per_node=int(device == "cuda"),
                **self._options,
            )
        except (NameError, TypeError, ValueError) as error:
            raise DawnbenchError(f"submitit does not take these --sbatch options: {error}") from error
        return queue

    def _job(self, out: Path) -> Any:
        """Return the job that runs, or ran, in the folder of an attempt."""
        job_id = read_bytes(out / JOB, 1000).decode("ascii", "replace").strip()
        if not job_id.replace("_", "").isalnum():
            raise DawnbenchError(f"{out / JOB} does not hold a job's id; was it edited by hand?")
        kind = self._submitit.SlurmJob if self._cluster == "slurm" else self._submitit.LocalJob
        return kind(out / LOGS, job_id)


def _followed(job: Any, out: Path, began: str) -> Performed:
    """Wait for the end of a job, and return what came of it, by what it wrote and not by its pickle."""
    while not job.done():
        time.sleep(POLL_SECONDS)
    worker_name = f"job {job.job_id}"
    try:
        fields = json.loads(read_bytes(out / PERFORMED, DOCUMENT_LIMIT))
        performed: Performed = TypeAdapter(Performed).validate_python({**fields, "worker": worker_name})
    except (OSError, ValueError, TypeError):
        said = last_line(Path(job.paths.stderr))
        why = f"its job ended as {job.state}" + (f": {said}" if said else "")
        return Performed(None, why, began, now(), worker=worker_name)
    return performed
