"""Times and records one pass of a model over all test images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dawnbench.campaigns.energy import TrialEnergy
from dawnbench.campaigns.recorder import Recorder
from dawnbench.engine.ledger import Ledger
from dawnbench.inference.runtime import Answer, Runtime
from dawnbench.inference.timed_pass import TimedPass, timed_pass
from dawnbench.records.inference import BatchThroughput, InferenceResult
from dawnbench.records.reader import collector_paused
from dawnbench.records.rules import INFERENCE
from dawnbench.records.schema import Segment, TrialStatus

COUNTERS = ("gpu_energy", "cpu_energy")
"""The metrics whose reasons say why there is no counter."""


class PassRecorder(Recorder):
    """Answers all images one at a time and then in larger batches, and writes the record."""

    def run(
        self,
        runtime: Runtime,
        answers: Mapping[int, Answer],
        labels: npt.NDArray[np.int64],
        setup: Ledger,
        startup: tuple[Segment, ...] = (),
    ) -> None:
        """Answer and record; `answers` has an answer for each batch size, of which 1 is the pass.

        An interrupt is re-raised after the trial's record is written.
        """
        self._labels = labels
        self._passes: dict[int, TimedPass] = {}
        self._joules: float | None = None
        self._unknown: str | None = None

        def work() -> None:
            with runtime.answering(), collector_paused():
                self._answer_one_at_a_time(answers[1])
                for size, answer in answers.items():
                    if size > 1:
                        with self._ledger.segment("throughput"):
                            self._passes[size] = timed_pass(answer, len(labels) // size, size)

        self._run(work, setup, startup)

    def _answer_one_at_a_time(self, answer: Answer) -> None:
        energy = TrialEnergy(self._sampler)
        with self._ledger.segment("infer"):
            self._passes[1] = timed_pass(answer, len(self._labels), 1)
        self._joules = energy.joules()
        if self._joules is None:
            why = self._sampler.unavailable
            reasons = "; ".join(why[counter] for counter in COUNTERS if counter in why)
            self._unknown = energy.unknown or reasons or "this machine has no energy counter"
        self._observer.step(1)

    def _results(self, status: TrialStatus, segments: tuple[Segment, ...]) -> dict[str, Any]:
        # An interrupted pass has no time.
        whole = [s for s in segments if status == "finished" or s.name not in INFERENCE.required]
        seconds = INFERENCE.seconds(whole, None)
        result = None if seconds is None else self._result(seconds)
        accuracy = None if result is None else result.correct / result.images
        return {
            "seconds": {INFERENCE.name: seconds},
            "epochs_to_target": None,
            "accuracy": accuracy,
            "best_accuracy": accuracy,
            "inference": result,
        }

    def _result(self, seconds: float) -> InferenceResult:
        one, images = self._passes[1], len(self._labels)
        median, p90, p99 = (float(value) for value in np.percentile(one.seconds, (50, 90, 99)))
        return InferenceResult(
            images=images,
            correct=int((one.classes[:, 0] == self._labels).sum()),
            latency_seconds=seconds / images,
            median_seconds=median,
            p90_seconds=p90,
            p99_seconds=p99,
            max_seconds=float(one.seconds.max()),
            throughputs=tuple(
                BatchThroughput(size, done.classes.size / done.total_seconds)
                for size, done in sorted(self._passes.items())
            ),
            energy_per_image_joules=None if self._joules is None else self._joules / images,
            energy_unknown=self._unknown,
        )
