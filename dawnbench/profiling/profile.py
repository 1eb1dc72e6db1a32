"""Times, profiles and counts a few training steps of a recipe."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from torch._inductor import config as inductor
from torch.profiler import ProfilerActivity, profile

from dawnbench.data.sources import load_dataset
from dawnbench.engine.describe import describe_model
from dawnbench.engine.device import Device
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.memory import explain_out_of_memory
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import Trial
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.profiling.counts import CountingMode, float32_name
from dawnbench.profiling.kernels import kernel_rows
from dawnbench.recipes.recipe import Recipe
from dawnbench.records.step_profile import Peaks, StepProfile

ACTIVITIES = {
    "cpu": [ProfilerActivity.CPU],
    "cuda": [ProfilerActivity.CPU, ProfilerActivity.CUDA],
}
"""The activities that torch's profiler supports, by device type."""


def profile_recipe(
    recipe: Recipe, device: Device, peaks: Peaks, *, steps: int, trace: Path | None = None
) -> StepProfile:
    """Return where the time of `steps` training steps goes, after a warm-up; optionally write a Chrome trace.

    The steps are those of a run: steps 2 and later of its first epoch. They are trained three times:
    unmodified for the time of a step, under the profiler, and under a counter. Nothing is captured under the
    profiler, since a graph does not say which operation a kernel belongs to; for the same reason counting
    runs without a compiler.

    Raises:
        DawnbenchError: torch cannot profile the device, an epoch has too few steps, or the recipe cannot be
        trained with this data on this device. OSError: the trace cannot be written.
    """
    activities = ACTIVITIES.get(device.torch.type)
    if activities is None:
        raise DawnbenchError(
            f"torch's profiler does not record the kernels of {device.torch.type}; profile with --device cpu"
        )
    dataset = load_dataset(recipe.dataset.name, image_size=recipe.dataset.image_size)
    with explain_out_of_memory(recipe.batch_size):
        # Rejects a model that does not accept such images.
        describe_model(recipe, dataset.image_shape[2], len(dataset.classes), len(dataset.train_labels))
        warm = prepare(recipe, dataset, device)
        _check_steps(steps, warm.steps_per_epoch, recipe)
        if trace is not None:
            trace.parent.mkdir(parents=True, exist_ok=True)
            trace.touch()  # fail before the work if the path is not writable
        # Loops compiled for a CPU report their names to a profiler only if it was announced at compile time.
        # On a GPU that would only prevent the reuse of a run's compiled code.
        named = inductor.patch({"cpp.enable_kernel_profile": True})
        with named if device.torch.type == "cpu" else nullcontext():
            warm_up(warm)
        step_seconds = run_window(warm, steps, nullcontext())
        profiler = profile(activities=activities, record_shapes=True)
        # A graph does not say which operation a kernel belongs to.
        warm.release_captures()
        profiled_seconds = run_window(warm, steps, profiler)
        counting = CountingMode()
        run_window(prepare(replace(recipe, compile=False), dataset, device), steps, counting)
    if trace is not None:
        profiler.export_chrome_trace(str(trace))
    return StepProfile(
        recipe_name=recipe.name,
        precision=warm.precision.name,
        batch_size=recipe.batch_size,
        steps=steps,
        step_seconds=step_seconds,
        profiled_seconds=profiled_seconds,
        rows=kernel_rows(
            profiler.events() or [],
            counting.counts,
            steps,
            device.torch.type == "cpu",
            float32_name(device.torch),
        ),
        peaks=peaks,
    )


def _check_steps(steps: int, steps_per_epoch: int, recipe: Recipe) -> None:
    limit = steps_per_epoch - BEFORE
    if steps > limit:
        fewer = f"use --steps up to {limit} or " if limit else ""
        raise DawnbenchError(
            f"--steps {steps} is too many: an epoch of {recipe.name} has {steps_per_epoch}, of which the "
            f"first {BEFORE} is omitted; {fewer}choose a smaller batch with --set batch_size="
        )


BEFORE = 1
"""Steps of the trial before the window: the first one creates the optimizer's state."""


def run_window(prepared: Prepared, steps: int, around: AbstractContextManager[object]) -> float:
    """Train `BEFORE` steps, then `steps` steps inside `around`; return the seconds per step.

    The trial is that of a run with seed 0. The time is device time.
    """
    device = prepared.device
    trial = Trial(prepared, 0, Ledger(device))
    trial.begin_epoch()
    for _ in range(BEFORE):
        trial.train_step()
    device.synchronize()
    with around:
        start = device.mark()
        for _ in range(steps):
            trial.train_step()
        end = device.mark()
        device.synchronize()
    return device.elapsed_ns(start, end) / 1e9 / steps
