"""What an inference run records beyond what every run records: how the model answered, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Le

from dawnbench.records.bounds import MAX_FIGURE, Count, Fraction, Joules, Ordinal, Seconds, Text, TimeToTarget

RunKind = Literal["training", "inference"]
Runtime = Literal["torch", "onnx"]

Throughput = Annotated[float, Gt(0), Le(MAX_FIGURE)]
"""Images per second."""


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    """Which model answered, and how it was run."""

    model: Text
    """The model's file, as a path."""
    model_digest: Text
    """SHA-256 of the model's file."""
    trained_recipe_digest: Text
    """Of the recipe that was trained; the run's own digest also depends on how the model was run."""
    trained_run: Text | None
    """The name of the run folder that the model is from; None if it is from a file elsewhere."""
    recorded_accuracy: Fraction | None
    """The accuracy that the training run recorded for the model, on the same data; None if unknown."""
    runtime: Runtime
    compile: bool
    """Whether torch compiled the model."""
    batch_sizes: tuple[Ordinal, ...]
    """Those whose throughput was measured, in ascending order."""
    calibration_images: Ordinal | None = None
    """Number of training images on which the model was quantized to int8; None if it was not."""


@dataclass(frozen=True, slots=True)
class BatchThroughput:
    """How many images per second were answered in batches of one size."""

    batch_size: Ordinal
    images_per_second: Throughput


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """One pass over all test images, one at a time, each from host memory to its answer in host memory."""

    images: Ordinal
    correct: Count
    latency_seconds: TimeToTarget
    """The mean: the pass's time under the rule `inference` over the number of images."""
    median_seconds: Seconds
    p90_seconds: Seconds
    p99_seconds: Seconds
    max_seconds: Seconds
    throughputs: tuple[BatchThroughput, ...]
    """In ascending order of the batch size."""
    energy_per_image_joules: Joules | None
    """Over the pass; None if there is no counter, or it lost its count."""
    energy_unknown: Text | None
    """Why the energy is unknown; None if it is known."""
