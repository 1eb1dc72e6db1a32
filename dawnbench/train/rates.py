"""Learning rates into an optimizer's groups, step by step."""

from __future__ import annotations

from torch import Tensor

from dawnbench.train.plan import GroupedOptimizer


def set_rates(optimizer: GroupedOptimizer, rate: float, epoch: float, momentum: float | None = None) -> None:
    """Give each group its rate at a time in epochs, the schedule's being `rate`; see GroupedOptimizer.

    Rates and momenta that are tensors are filled, so that a captured step finds them where they were.
    """
    for group in optimizer.param_groups:
        value = rate * group["rate_scale"]
        until = group.get("until_epoch")
        if until is not None:
            trained = epoch < until
            value *= 1 - epoch / until if trained else 0
            for parameter in group["params"]:
                parameter.requires_grad_(trained)
        group["lr"] = _put(value, group["lr"])
        if momentum is not None:
            first, second = group["betas"]
            group["betas"] = (_put(momentum, first), second)


def _put(value: float, place: float | Tensor) -> float | Tensor:
    return place.fill_(value) if isinstance(place, Tensor) else value


def trained_parts(optimizer: GroupedOptimizer) -> tuple[bool, ...]:
    """Return for each group whether it is being trained; a captured step holds for one such state only."""
    return tuple(group["params"][0].requires_grad for group in optimizer.param_groups)


def begin_anew(optimizer: GroupedOptimizer) -> None:
    """Return the optimizer to the state before its first step, in place."""
    optimizer.zero_grad()
    for state in optimizer.state.values():
        for value in state.values():
            if isinstance(value, Tensor):
                value.zero_()
