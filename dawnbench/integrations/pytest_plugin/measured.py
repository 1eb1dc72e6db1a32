"""The results that a test can assert on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import NoReturn

import pytest

from dawnbench.records.reader import Run
from dawnbench.records.rules import RULES_BY_NAME
from dawnbench.records.trial_set import TrialSet


@dataclass(frozen=True)
class MeasuredRun:
    """A run made by a test.

    Accessing a value that the run does not have fails the test with an explanation.
    """

    run: Run
    """The run folder as read."""
    series: TrialSet
    """The values of each trial."""

    @property
    def folder(self) -> Path:
        """The run folder, below the test's tmp_path."""
        return self.run.folder

    @property
    def accuracy(self) -> float:
        """The mean validation accuracy after the last epoch, 0 to 1; fails if a trial diverged."""
        __tracebackhide__ = True
        found = [trial.accuracy for trial in self.series.counting]
        known = [accuracy for accuracy in found if accuracy is not None]
        if not known or len(known) < len(found):
            self._fail(
                f"no mean accuracy: {len(found) - len(known)} of {len(found)} trials have none at the end"
            )
        return mean(known)

    def seconds(self, rule: str = "dawnbench") -> float:
        """Return the median time to the target in seconds under a rule.

        A trial that missed the target counts as slower than all others; fails if there is no median.
        """
        __tracebackhide__ = True
        if rule not in RULES_BY_NAME:
            self._fail(f"unknown timing rule {rule!r}; use one of {', '.join(RULES_BY_NAME)}")
        if "startup" in RULES_BY_NAME[rule].required:
            self._fail(f"the rule {rule} counts from the process's start, which in a test is not the run's")
        return self._median([trial.seconds.get(rule) for trial in self.series.counting], f"time ({rule})")

    @property
    def epochs_to_target(self) -> float:
        """The median number of epochs until the target was reached, with missed targets as in `seconds`."""
        __tracebackhide__ = True
        return self._median([trial.epochs_to_target for trial in self.series.counting], "epochs to target")

    @property
    def step_seconds(self) -> tuple[float, ...]:
        """The mean seconds per training step in each epoch of all trials, except their first epochs."""
        later = [epoch.train_seconds for epoch in self.run.epochs if epoch.epoch > 1]
        return tuple(seconds / self.steps_per_epoch for seconds in later if seconds is not None)

    @property
    def steps_per_epoch(self) -> int:
        """Number of training steps per epoch."""
        images, batch = self.run.record.data.train_images, self.run.record.recipe["batch_size"]
        return int(images // batch if self.run.record.recipe["drop_last"] else -(-images // batch))

    def _median(self, values: Sequence[float | None], what: str) -> float:
        __tracebackhide__ = True
        missed = values.count(None)
        found = median([math.inf if value is None else value for value in values]) if values else math.inf
        if math.isinf(found):
            ends = ", ".join("diverged" if a is None else f"{a:.2%}" for a in self._accuracies)
            self._fail(
                f"no median {what}: {missed} of {len(values)} trials have none "
                f"(target {self.series.target:.2%}, final accuracies {ends})"
            )
        return found

    @property
    def _accuracies(self) -> list[float | None]:
        return [trial.accuracy for trial in self.series.counting]

    def _fail(self, why: str) -> NoReturn:
        __tracebackhide__ = True
        pytest.fail(f"{self.series.recipe_name}: {why}; the run is in {self.folder}")
