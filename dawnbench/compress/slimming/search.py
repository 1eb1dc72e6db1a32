"""Finds how many of the least important channels have to go to meet a target."""

from __future__ import annotations

import copy
import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from dawnbench.compress import counting
from dawnbench.compress.slimming.channels import plan_state, plan_widths
from dawnbench.compress.slimming.graph import Ranking
from dawnbench.compress.slimming.latency import Latency
from dawnbench.errors import DawnbenchError
from dawnbench.models.resize import resize

Compare = Callable[[nn.Module, nn.Module, Tensor], Latency]
"""Measures the dense and a narrow network on a batch."""
STEPS = 100
"""A speed-up is searched among this many numbers of channels; neighbours differ by less than the noise."""


@dataclass(frozen=True)
class Target:
    """How much to cut."""

    kind: Literal["ratio", "parameters", "flops", "speedup"]
    value: float
    """ratio: the share of batch-norm channels to remove, above 0 and below 1.
    parameters, flops: the most that may remain, FLOPs as torch counts a forward pass per image; a value
    below 1 is a share of the dense network's.
    speedup: how many times faster than the dense network, on the example's batch and device; above 1."""
    at_least: int = 0
    """Number of channels that each layer keeps under rule graph; with 0, a target that would empty a layer is
    refused. Rule zcls always keeps 8."""

    def __post_init__(self) -> None:
        """Check the value.

        Raises:
            DawnbenchError: it is out of bounds.
        """
        low, high = {"ratio": (0, 1), "speedup": (1, math.inf)}.get(self.kind, (0, math.inf))
        if not low < self.value < high:
            below = "" if high == math.inf else f" and below {high}"
            raise DawnbenchError(f"{self.kind}={self.value:g} must be above {low}{below}")
        if self.at_least < 0:
            raise DawnbenchError(f"at_least={self.at_least} must not be negative")


@dataclass(frozen=True)
class Measured:
    """The speed of one candidate, while the target was a speed-up."""

    ratio: float
    """The share of batch-norm channels removed."""
    latency: Latency


class Search:
    """Candidates for a cut of one network, each known by how many channels of a ranking go."""

    def __init__(self, model: nn.Module, ranking: Ranking, channels: int) -> None:
        """Search among the channels of `ranking`; `channels` is the number of batch-norm channels."""
        self._model, self._ranking, self._channels = model, ranking, channels
        self._on_meta = copy.deepcopy(model).to("meta")
        self.measured: list[Measured] = []
        """All candidates that were timed, in order; after `for_speedup` the last one is the result."""

    def ratio(self, number: int) -> float:
        """Return the share of batch-norm channels that go with the `number` least important channels."""
        return self._ranking.norms_removed(number) / self._channels

    def for_ratio(self, ratio: float) -> int:
        """Return how many channels go, so that at most `ratio` of the batch-norm channels are removed.

        Raises:
            DawnbenchError: a layer would be left with too few channels.
        """
        wanted = int(ratio * self._channels + 1e-9)
        number = self._ranking.number(wanted)
        most = self._ranking.most
        if number > most or (number == most and self._ranking.norms_removed(number) < wanted):
            possible = math.floor(1000 * self.ratio(most)) / 1000
            raise DawnbenchError(
                f"ratio={ratio:g} cannot be reached: at {possible:g}, {self._limit()}; choose a smaller ratio"
            )
        return number

    def for_count(self, kind: Literal["parameters", "flops"], value: float, image: tuple[int, ...]) -> int:
        """Return the fewest channels that have to go for a number of parameters or FLOPs.

        Raises:
            DawnbenchError: the dense network has no more, or a layer would be left with too few channels.
        """

        def count(number: int) -> int:
            widths = plan_widths(self._model, self._ranking.plan(number))
            if kind == "flops":
                return counting.count(self._on_meta, image, widths).flops
            return counting.count_parameters(self._on_meta, widths)

        dense = count(0)
        limit = value * dense if value < 1 else value
        if limit >= dense:
            raise DawnbenchError(f"{kind}={value:,.0f} is not below the {dense:,} of the dense model")
        most = self._ranking.most
        if count(most) > limit:
            raise DawnbenchError(
                f"{kind}={value:g} cannot be reached: at {count(most):,} of {dense:,}, {self._limit()}; "
                "choose a larger number"
            )
        return bisect_left(range(most), True, key=lambda number: count(number) <= limit)

    def for_speedup(self, factor: float, example: Tensor, compare: Compare) -> int:
        """Return the fewest channels that have to go for a measured speed-up on a batch.

        Raises:
            DawnbenchError: no cut is fast enough.
        """
        step = max(1, self._ranking.most // STEPS)
        numbers = range(step, self._ranking.most + 1, step) or range(1)
        known: dict[int, Measured] = {}

        def is_fast(number: int) -> bool:
            if number not in known:
                latency = compare(self._model, self._narrow(number), example)
                known[number] = Measured(self.ratio(number), latency)
            return known[number].latency.speedup >= factor

        if not is_fast(numbers[-1]):
            fastest = known[numbers[-1]].latency.speedup
            raise DawnbenchError(
                f"speedup={factor:g} cannot be reached: the model is {fastest:.2f} times as fast when "
                f"{self._limit()}; choose a smaller one"
            )
        number = numbers[bisect_left(numbers, True, key=is_fast)]
        known[number] = known.pop(number)  # moves it to the end
        self.measured = list(known.values())
        return number

    def _narrow(self, number: int) -> nn.Module:
        plan = self._ranking.plan(number)
        narrow = copy.deepcopy(self._model)
        resize(narrow, plan_widths(self._model, plan))
        narrow.load_state_dict(plan_state(self._model, plan))
        return narrow

    def _limit(self) -> str:
        if self._ranking.emptied is None:
            return "every layer is down to the channels that it keeps"
        return f"removing one more channel would empty {self._ranking.emptied}"
