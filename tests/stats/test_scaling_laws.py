from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.reader import read_run
from dawnbench.stats.power_law import AmdahlLaw, PowerLaw
from dawnbench.stats.scaling_laws import ScalePoint, Setting, point_of, study_axis
from tests.records.examples import TRIAL, epoch
from tests.records.folders import make_run

HERE = Setting(batch=512, width=1.0, threads=2)


def point(batch: int = 512, width: float = 1, threads: int = 2, seconds: float | None = 1.0) -> ScalePoint:
    return ScalePoint(Setting(batch, width, threads), None, None, epoch_seconds=seconds)


def test_a_runs_first_epoch_is_left_out_if_there_are_more(tmp_path: Path) -> None:
    epochs = [epoch(epoch=n, train_seconds=s, train_images=60) for n, s in ((1, 90.0), (2, 2.0), (3, 4.0))]
    found = point_of(HERE, read_run(make_run(tmp_path / "run", [TRIAL], epochs)))
    assert found.epoch_seconds == 3.0
    assert found.images_per_second == pytest.approx((30 + 15) / 2)
    assert found.trouble is None


def test_a_single_epoch_is_used(tmp_path: Path) -> None:
    found = point_of(HERE, read_run(make_run(tmp_path / "run", [TRIAL], [epoch(train_seconds=90.0)])))
    assert found.epoch_seconds == 90.0


def test_the_accuracy_is_the_mean_and_the_memory_the_maximum(tmp_path: Path) -> None:
    trials = [
        replace(TRIAL, trial=n, accuracy=accuracy, peak_memory_bytes=peak)
        for n, accuracy, peak in ((1, 0.9, 100), (2, 0.8, 300))
    ]
    run = read_run(make_run(tmp_path / "run", trials, predicted_memory_bytes=330))
    found = point_of(HERE, run)
    assert found.accuracy == pytest.approx(0.85)
    assert found.accuracies == (0.9, 0.8)
    assert found.peak_memory_bytes == 300
    assert found.prediction_error == pytest.approx(0.1)


def test_a_run_from_before_predictions_has_none(tmp_path: Path) -> None:
    found = point_of(HERE, read_run(make_run(tmp_path / "run")))
    assert found.predicted_memory_bytes is None
    assert found.prediction_error is None


def test_a_run_without_an_epoch_says_so(tmp_path: Path) -> None:
    found = point_of(HERE, read_run(make_run(tmp_path / "run", [], [])))
    assert found.epoch_seconds is None
    assert found.trouble == "the run ended before it finished an epoch"


def test_an_axis_has_the_points_that_differ_only_along_it() -> None:
    points = [point(1024, seconds=2.0), point(width=2, seconds=9.0), point(256, seconds=0.5), point()]
    along = study_axis("batch", points)
    assert along.values() == (256, 512, 1024)
    assert along.times() == (0.5, 1.0, 2.0)
    assert isinstance(along.law, PowerLaw)
    assert along.law.exponent == pytest.approx(1)


def test_a_point_without_a_time_is_left_out() -> None:
    along = study_axis("width", [point(width=1), point(width=2, seconds=None)])
    assert along.values() == (1,)
    assert along.law is None


def test_threads_follow_amdahls_law() -> None:
    along = study_axis("threads", [point(threads=1, seconds=4.0), point(threads=2, seconds=3.0)])
    assert isinstance(along.law, AmdahlLaw)
    assert along.law.serial == pytest.approx(0.5)


def test_without_points_there_is_no_law() -> None:
    along = study_axis("batch", [])
    assert (along.points, along.law) == ((), None)
