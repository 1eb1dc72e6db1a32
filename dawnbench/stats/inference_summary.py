"""What the passes of an inference run come to: latency of an image, throughput by batch size, energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dawnbench.records.inference import InferenceResult
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.sample import Sample, describe


@dataclass(frozen=True, slots=True)
class InferenceSummary:
    """The passes of an inference run, each over all test images one at a time; seconds are of one image."""

    images: int
    """Of the first pass; every pass has as many."""
    mean: Sample
    """DAWNBench's latency: a pass's time over its images."""
    median: Sample
    p90: Sample
    p99: Sample
    longest: Sample
    throughputs: Mapping[int, Sample]
    """Images per second, by batch size in ascending order."""
    energy: Sample | None
    """Joules of one image; None if no pass was measured."""


def summarise_inference(series: TrialSet) -> InferenceSummary | None:
    """Return what the passes that count come to; None if there is none, and of a training."""
    passes = [trial.inference for trial in series.counting if trial.inference is not None]
    mean = describe([one.latency_seconds for one in passes])
    median = describe([one.median_seconds for one in passes])
    p90 = describe([one.p90_seconds for one in passes])
    p99 = describe([one.p99_seconds for one in passes])
    longest = describe([one.max_seconds for one in passes])
    if mean is None or median is None or p90 is None or p99 is None or longest is None:
        return None
    energy = [joules for one in passes if (joules := one.energy_per_image_joules) is not None]
    sizes = sorted({at.batch_size for one in passes for at in one.throughputs})
    return InferenceSummary(
        images=passes[0].images,
        mean=mean,
        median=median,
        p90=p90,
        p99=p99,
        longest=longest,
        throughputs={size: found for size in sizes if (found := _throughput(passes, size)) is not None},
        energy=describe(energy),
    )


def _throughput(passes: list[InferenceResult], size: int) -> Sample | None:
    return describe(
        [at.images_per_second for one in passes for at in one.throughputs if at.batch_size == size]
    )
