"""Part (d): the harness against the bare loop, on this device's own epochs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.engine import make_trainer, synthetic
from benchmarks.gpu.settings import Settings
from benchmarks.harness import measure_overhead
from benchmarks.parts import measure_parts

EPOCHS = 2
SECONDS = 25.0
NARROW = 0.005
MOST = 0.01


def measure(settings: Settings) -> list[str]:
    dataset = synthetic(settings.images, settings.validation)
    made = make_trainer(
        dataset, device=settings.device, batch=settings.batch, widths=settings.widths, epochs=EPOCHS
    )
    with TemporaryDirectory() as folder:
        found = measure_overhead(
            made,
            Path(folder),
            at_least=settings.pairs,
            at_most=5 * settings.pairs,
            seconds=SECONDS if settings.device == "cuda" else 0,
            width=NARROW,
        )
        parts = measure_parts(made, Path(folder), seconds=1, rounds=20)
    by, ratio = found.deciding
    met = "met" if ratio.low <= 1 + MOST else "NOT met"
    return [
        f"{EPOCHS}-epoch trials of the network on random images, recorded and bare by turns; a bare epoch "
        f"took {found.epoch_seconds:.3f} s with its evaluation.",
        "",
        f"- wall time, recorded over bare: {found.wall}",
        f"- processor time, recorded over bare: {found.cpu}",
        f"- at most {MOST:.0%} (lower end of the interval, by {by} time): {met}",
        f"- by parts: threads {parts.threads:.2%} of a core, {1e6 * parts.step:.1f} us a step, "
        f"{1e3 * parts.epoch:.2f} ms an epoch",
    ]
