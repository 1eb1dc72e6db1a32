"""Times the answers of kept models: one alone, or two in turns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dawnbench.campaigns.ab import SIDES, run_pairs
from dawnbench.campaigns.inference_session import InferenceSession, ModelToTime
from dawnbench.campaigns.observer import Observer, SilentObserver
from dawnbench.campaigns.recording import Recording
from dawnbench.campaigns.runner import run_trials
from dawnbench.campaigns.startup import Startup
from dawnbench.engine.device import open_device
from dawnbench.errors import DawnbenchError
from dawnbench.records.prices import NO_PRICES, Prices
from dawnbench.records.schema import PairingRecord

if TYPE_CHECKING:
    from dawnbench.stats.sequential import AutoTrials

TRIALS = 5
"""Passes over all test images."""


def infer(
    source: Path | str,
    *,
    batch_sizes: Sequence[int] = (1, 64),
    device: str = "auto",
    precision: str | None = None,
    compile: bool | None = None,
    runtime: Literal["torch", "onnx"] = "torch",
    trials: int = TRIALS,
    data: str | None = None,
    recipe: str | None = None,
    target: float | None = None,
    out: Path | str = "runs",
    observer: Observer | None = None,
    command: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    prices: Prices = NO_PRICES,
) -> Path:
    """Time a kept model's answers to all test images, `trials` times, and return the run folder.

    `source` is a run folder, or a model file that dawnbench wrote. Each trial answers the images one at a
    time, from uint8 pixels in host memory to a class in host memory, which is what counts; then again in each
    of the larger `batch_sizes`, whose throughput is recorded. `precision`, `compile` and `data` replace those
    of the model's run; int8 takes runtime onnx and quantizes the model on training images. `recipe` is the
    recipe file that defines custom parts, and `target` the accuracy from which on a claim stands: by default
    DAWNBench's 94 % on CIFAR-10, and the recipe's target on other data.

    Raises:
        DawnbenchError: there is no model, or it cannot be run this way; or a tag, the data, the device or the
            disk cannot be used, and what was recorded is kept.
        KeyboardInterrupt: re-raised after the trial's record is written.
    """
    model = ModelToTime(Path(source), tuple(batch_sizes), data, recipe, precision, compile, runtime, target)
    _check(trials)
    opened = open_device(model.device(device))
    opened.tune()
    session = InferenceSession(
        model,
        opened,
        trials,
        out=Path(out),
        observer=observer or SilentObserver(),
        command=command,
        startup=Startup(),
        tags=tags,
        prices=prices,
    )
    run_trials(session, opened, trials)
    return session.folder


def infer_ab(
    model_a: ModelToTime,
    model_b: ModelToTime,
    *,
    pairs: int | AutoTrials,
    device: str = "auto",
    out: Path | str = "runs",
    observers: tuple[Observer, Observer] | None = None,
    command: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    prices: Prices = NO_PRICES,
) -> tuple[Path, Path]:
    """Time the answers of two models in turns, `pairs` passes each, and return their run folders.

    Both are ready before the first pass of either, and the order alternates from pair to pair (ABBA). With
    `AutoTrials` it goes on until the verdict is settled.

    Raises:
        DawnbenchError: as `infer` does.
        KeyboardInterrupt: re-raised after the trial's record is written.
    """
    enough = None
    if not isinstance(pairs, int):
        from dawnbench.campaigns.enough import Enough

        enough, pairs = Enough(pairs, "ab"), pairs.max_trials
    _check(pairs)
    names = {model.device(device) for model in (model_a, model_b)}
    # With onnxruntime on one side, both run on the processor.
    opened = open_device("cpu" if "cpu" in names else names.pop())
    opened.tune()
    campaign = os.urandom(6).hex()
    shared: dict[str, Any] = {"out": Path(out), "command": command, "tags": tags, "prices": prices}
    shared["stopping"] = None if enough is None else enough.stopping
    observed = observers or (SilentObserver(), SilentObserver())

    def prepare() -> Iterator[Recording]:
        images: set[str] = set()
        for side, model, observer in zip(SIDES, (model_a, model_b), observed, strict=True):
            pairing = PairingRecord(campaign, side)
            session = InferenceSession(
                model, opened, pairs, observer=observer, startup=Startup(), pairing=pairing, **shared
            )
            images.add(session.dataset.fingerprint)
            if len(images) > 1:
                raise DawnbenchError("A and B would answer different images; give both the same with --data")
            yield session

    return run_pairs(prepare(), opened, pairs, enough)


def _check(trials: int) -> None:
    if trials < 1:
        raise DawnbenchError(f"trials={trials} is less than 1; give the number of passes over all images")
