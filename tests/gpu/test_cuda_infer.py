"""Answers on one GPU: copy in, forward pass, argmax and copy out as one captured graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.campaigns import run
from dawnbench.campaigns.infer import infer
from dawnbench.engine.device import Device
from dawnbench.engine.kept_model import KeptModel
from dawnbench.inference.torch_runtime import TorchRuntime
from dawnbench.recipes import find_recipe
from dawnbench.records.reader import read_run
from tests.inference.kept_models import classes_of, kept_model

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that kept its model."""
    recipe = replace(find_recipe("quickstart"), epochs=4, trials=1)
    return run(recipe, device="cuda", out=tmp_path_factory.mktemp("trained"), save_model=True)


def test_a_captured_graph_gives_the_answers_of_the_model_with_one_wait_each(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = kept_model(device=device)
    runtime = TorchRuntime(kept)
    waits: list[int] = []
    synchronize = device.synchronize
    with runtime.answering():
        answer = runtime.open(kept.dataset.test_images, 1)
        monkeypatch.setattr(device, "synchronize", lambda: (waits.append(1), synchronize()))
        found = [int(answer(number)[0]) for number in range(12)]
    assert runtime.notes == ()
    assert len(waits) == 12
    assert found == expected(kept)


def expected(kept: KeptModel) -> list[int]:
    """Return the classes by the same model on the processor."""
    on_cpu = kept_model()
    on_cpu.prepared.evaluated.load_state_dict(kept.prepared.evaluated.state_dict())
    return classes_of(on_cpu).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("compile", [False, True])
def test_a_run_is_captured_and_as_accurate_as_the_training_recorded(
    trained: Path, tmp_path: Path, compile: bool
) -> None:
    found = read_run(infer(trained, device="cuda", compile=compile, target=0.01, trials=3, out=tmp_path))
    recorded = read_run(trained).trials[0].accuracy
    assert recorded is not None
    assert found.record.notes == ()
    for trial in found.trials:
        result = trial.inference
        assert result is not None
        assert trial.accuracy == pytest.approx(recorded, abs=0.01)
        assert result.latency_seconds < 2e-3
        one, many = result.throughputs
        assert many.images_per_second > one.images_per_second
        assert trial.seconds["inference"] == pytest.approx(360 * result.latency_seconds)
