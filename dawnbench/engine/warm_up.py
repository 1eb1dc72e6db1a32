"""Runs everything once before a trial's clock starts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from dawnbench.engine.device import CaptureError
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.rates import freeze_ended
from dawnbench.engine.trial import Trial, recipe_hooks
from dawnbench.errors import DawnbenchError
from dawnbench.recipes.recipe import Recipe

STEPS = 5
"""The number of steps between two updates of an average, so that the first update is warm as well."""


def warm_up(prepared: Prepared) -> None:
    """Train and evaluate on random pixels, so that everything is compiled, tuned, captured and allocated.

    If steps cannot be captured, the run continues without; `prepared.notes` says so.

    Raises:
        DawnbenchError: as for `with_compile_fallback`.
    """
    with_compile_fallback(prepared, lambda: _run_everything(prepared))
    prepared.device.synchronize()


def with_compile_fallback(prepared: Prepared, work: Callable[[], None]) -> None:
    """Do `work`, which first calls compiled functions; repeat it without the compiler if that fails.

    If the recipe leaves the choice open (compile=auto), the failure is noted in `prepared.notes`.

    Raises:
        DawnbenchError: compile=true, and the compiler failed.
    """
    try:
        work()
    except (DawnbenchError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if not prepared.programs.compiles:
            raise
        # The compiler is to blame only if the work succeeds without it.
        prepared.programs.give_up()
        prepared.release_captures()
        work()
        sentence = f"torch.compile failed here ({_reason(error)})"
        if prepared.recipe.compile is True:
            raise DawnbenchError(
                f"{sentence}; set compile=false, or provide what is missing: a C++ compiler, Triton, "
                "a writable cache folder"
            ) from error
        prepared.notes.append(f"{sentence}, so nothing is compiled")


def _run_everything(prepared: Prepared) -> None:
    device = prepared.device
    trial = Trial(prepared, 0, Ledger(device))
    for split in (prepared.train, prepared.validation):
        split.fill_randomly(0)
    prepared.fit()
    steps = STEPS
    for first in kinds_of_steps(prepared, prepared.recipe).values():
        trial.begin_epoch()
        _take(prepared, trial, first, steps)
        steps = 1  # for further kinds of step, only what differs is still cold
    for last in prepared.evaluation.kinds():
        prepared.evaluation.rehearse(last)
    _read(prepared)
    prepared.fit()  # again, as at the start of a second trial
    if device.captures and prepared.recipe.capture:
        _capture(prepared, trial)


def _take(prepared: Prepared, trial: Trial, first: int, steps: int) -> None:
    """Take steps like number `first` of a trial, counted from 0, and call the recipe's own hooks."""
    epoch, of_epoch = divmod(first, prepared.steps_per_epoch)
    freeze_ended(prepared.optimizer, first / prepared.steps_per_epoch)
    prepared.rates.before_step(of_epoch)
    for done in range(1, steps + 1):
        prepared.step(prepared.input.counts[of_epoch], prepared.recipe.resolution(epoch))
        for hook in recipe_hooks(prepared):
            # As in the last steps of a trial, where every average is active.
            hook.after_step(trial, trial.steps - steps + done)


def _capture(prepared: Prepared, trial: Trial) -> None:
    """Capture each kind of step and evaluation; if one cannot be captured, capture none."""
    captures: list[Callable[[], None]] = []
    for first in kinds_of_steps(prepared, prepared.recipe).values():
        captures.append(lambda first=first: _capture_step(prepared, trial, first))  # type: ignore[misc]
    for last in prepared.evaluation.kinds():
        captures.append(lambda last=last: prepared.evaluation.capture(last))  # type: ignore[misc]
    try:
        for capture in captures:
            capture()
    except CaptureError as error:
        prepared.release_captures()
        prepared.notes.append(
            f"the training steps could not be captured ({error}), so the host launches every kernel itself"
        )


def _capture_step(prepared: Prepared, trial: Trial, first: int) -> None:
    epoch, of_epoch = divmod(first, prepared.steps_per_epoch)
    trial.begin_epoch()
    freeze_ended(prepared.optimizer, first / prepared.steps_per_epoch)
    prepared.step.capture(prepared.input.counts[of_epoch], prepared.recipe.resolution(epoch))


def _read(prepared: Prepared) -> None:
    step, evaluation = prepared.step, prepared.evaluation
    step.separate_last_batch()
    torch.stack([step.loss_before_last + step.loss, step.loss, evaluation.loss]).tolist()
    torch.stack([step.correct, *evaluation.counts()]).tolist()


def kinds_of_steps(prepared: Prepared, recipe: Recipe) -> dict[tuple[object, ...], int]:
    """Return the first step, from 0, of each combination of batch size, image size and trained groups.

    `recipe` is the one prepared, or one that differs from it in its number of epochs.
    """
    ends = [group.get("until_epoch") for group in prepared.optimizer.param_groups]
    found: dict[tuple[object, ...], int] = {}
    for step in _steps_that_may_be_new(prepared, recipe, ends):
        epoch, of_epoch = divmod(step, prepared.steps_per_epoch)
        now = step / prepared.steps_per_epoch
        trained = tuple(end is None or now < end for end in ends)
        count, size = prepared.input.counts[of_epoch], recipe.resolution(epoch)
        found.setdefault((count, size, trained), step)
    return found


def _steps_that_may_be_new(prepared: Prepared, recipe: Recipe, ends: Sequence[float | None]) -> list[int]:
    """Return candidates for the first step of each kind, in order; a trial may have billions of steps."""
    length, counts = prepared.steps_per_epoch, prepared.input.counts
    starts = {epoch * length for epoch in recipe.first_epochs()}
    for end in ends:
        if end is not None and end < recipe.epochs:
            # Because of rounding, it is this step or a neighbor.
            starts.update(max(0, math.ceil(end * length) + off) for off in (-1, 0, 1))
    changes = [i for i in range(length) if not i or counts[i] != counts[i - 1]]
    # After each start, a batch size first occurs at the start itself or where the sizes change.
    steps = starts | {start + (change - start) % length for start in starts for change in changes}
    return sorted(step for step in steps if step < recipe.epochs * length)


def _reason(error: Exception) -> str:
    """Return the first non-empty line of a message that may be a page long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
