"""Sets the learning rates and momenta of an optimizer's groups, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from dawnbench.engine.device import Device
from dawnbench.optim.contracts import GroupedOptimizer
from dawnbench.optim.schedules import Schedule


def rates_of_step(
    optimizer: GroupedOptimizer, schedule: Schedule, epoch: float
) -> tuple[list[float], float | None]:
    """Return each group's rate at time `epoch`, in epochs, and the momentum if the schedule sets it."""
    rate = schedule(epoch)
    rates = []
    for group in optimizer.param_groups:
        value = rate * group["rate_scale"]
        until = group.get("until_epoch")
        if until is not None:
            value *= 1 - epoch / until if epoch < until else 0
        rates.append(value)
    return rates, schedule.momentum(epoch)


class Rates:
    """Sets the rates of an optimizer's groups as numbers, before each step."""

    def __init__(self, optimizer: GroupedOptimizer) -> None:
        self._optimizer: Any = optimizer
        self._rows: Sequence[tuple[list[float], float | None]] = ()

    def begin_epoch(self, schedule: Schedule, first: int, steps: int) -> None:
        """Compute the rates of an epoch of `steps` steps whose first is number `first`, counted from 0."""
        self._rows = [
            rates_of_step(self._optimizer, schedule, (first + step) / steps) for step in range(steps)
        ]

    def before_step(self, step: int) -> None:
        """Set the rates of a step of the epoch, counted from 0; not part of a capture."""
        rates, momentum = self._rows[step]
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        if momentum is not None:
            self._optimizer.set_momentum(momentum)

    def load(self, position: Tensor) -> None:
        """Set the rates of step number `position` () int64; part of a capture."""


class DeviceRates(Rates):
    """Keeps an epoch's rates in a table on the device, where a captured step looks them up."""

    def __init__(self, optimizer: GroupedOptimizer, steps: int, device: Device, cycled: bool) -> None:
        """Make the table for epochs of `steps` steps; `cycled` means that the schedule sets the momentum."""
        super().__init__(optimizer)
        columns = len(optimizer.param_groups) + int(cycled)
        self._table = torch.zeros(steps, columns, device=device.torch)
        self._current = torch.zeros(columns, device=device.torch)
        for group, rate in zip(optimizer.param_groups, self._current.unbind(), strict=False):
            group["lr"] = rate
        if cycled:
            self._optimizer.set_momentum(self._current[-1])

    def begin_epoch(self, schedule: Schedule, first: int, steps: int) -> None:
        """Compute the epoch's rates and send them to the device in one transfer."""
        super().begin_epoch(schedule, first, steps)
        rows = [[*rates, *(() if momentum is None else (momentum,))] for rates, momentum in self._rows]
        self._table.copy_(torch.tensor(rows), non_blocking=True)

    def before_step(self, step: int) -> None:
        """Do nothing: the device looks up its rates."""

    def load(self, position: Tensor) -> None:
        """Copy one row of the table to where the optimizer reads it."""
        # A warm-up keeps counting past the end of a short epoch.
        row = position.clamp(max=len(self._table) - 1).view(1)
        self._current.copy_(self._table.index_select(0, row)[0])


def make_rates(optimizer: GroupedOptimizer, schedule: Schedule, steps: int, device: Device) -> Rates:
    """Return the `Rates` that match how the device runs a step, for epochs of `steps` steps."""
    if not device.captures:
        return Rates(optimizer)
    return DeviceRates(optimizer, steps, device, cycled=schedule.momentum(0.0) is not None)


def freeze_ended(optimizer: GroupedOptimizer, epoch: float) -> None:
    """Freeze the groups whose `until_epoch` has passed at time `epoch`, in epochs."""
    for group in optimizer.param_groups:
        until = group.get("until_epoch")
        if until is not None:
            for parameter in group["params"]:
                parameter.requires_grad_(epoch < until)


def trained_groups(optimizer: GroupedOptimizer) -> tuple[bool, ...]:
    """Return for each group whether it is trained; a captured step is valid for one such state only."""
    return tuple(group["params"][0].requires_grad for group in optimizer.param_groups)


def reset_optimizer(optimizer: GroupedOptimizer) -> None:
    """Restore the optimizer's state before its first step, in place."""
    optimizer.zero_grad()
    tensors = [v for state in optimizer.state.values() for v in state.values() if isinstance(v, Tensor)]
    if tensors:
        torch._foreach_zero_(tensors)
