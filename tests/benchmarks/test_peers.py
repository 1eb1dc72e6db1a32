"""Peers on the CPU: what becomes of their source, what is timed, and what is recorded and told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmarks.peers.__main__ import main
from benchmarks.peers.drive import ByHooks
from benchmarks.peers.scripts import PEERS, check_peer, load_peer, serve
from dawnbench.cli import main as dawnbench
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import open_device
from dawnbench.engine.ledger import Ledger
from dawnbench.errors import DawnbenchError
from dawnbench.records.reader import read_run

SCRIPT = """
import os, sys, threading, time
import torch
with open(sys.argv[0]) as f:
    code = f.read()

class CifarLoader:
    def __init__(self, path, train=True):
        file = os.path.join(path, "train.pt" if train else "test.pt")
        assert os.path.exists(file)
        data = torch.load(file, map_location=torch.device("cuda"))
        self.images, self.labels = data["images"].half() / 255, data["labels"]

class CifarNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3072, 10, dtype=torch.half)
    def forward(self, x):
        return self.head(x.flatten(1))

def evaluate(model, loader, tta_level=0):
    time.sleep(60)
    threading.Event().wait(0.05 if tta_level == 2 else 0.5)
    with torch.no_grad():
        return (model(loader.images).argmax(1) == loader.labels).half().mean().item()

def print_training_details(variables, is_final_entry):
    raise AssertionError

def main(run, model):
    test, train = CifarLoader("cifar10", train=False), CifarLoader("cifar10")
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    time_seconds = 0.0
    for epoch in range(2):
        start.record()
        torch.nn.functional.cross_entropy(model(train.images), train.labels).backward()
        optimizer.step()
        end.record()
        torch.cuda.synchronize()
        time_seconds += 1e-3 * start.elapsed_time(end)
        evaluate(model, test)
        print_training_details(locals(), is_final_entry=False)
    tta_val_acc = evaluate(model, test, tta_level=2)
    print_training_details(locals(), is_final_entry=True)
    return tta_val_acc

if __name__ == "__main__":
    raise SystemExit("only on a machine of their own")
"""
"""It has the interface of airbench94_muon and none of its content."""
Load = Callable[..., ModuleType]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path / "script.py"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Images of which each class has its own grey."""
    arrays = {}
    for split, count in (("train", 64), ("test", 20)):
        arrays[f"y_{split}"] = labels = np.arange(count) % 10
        arrays[f"x_{split}"] = np.tile(25 * labels[:, None, None, None], (32, 32, 3)).astype(np.uint8)
    np.savez(tmp_path / "tiny.npz", **arrays)
    return tmp_path / "tiny.npz"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def of_source(source: str, device: str = "cpu") -> ModuleType:
        path = tmp_path / "peer.py"
        path.write_text("import torch, time\nclass CifarNet(torch.nn.Module):\n  pass\n" + source)
        return load_peer(path, device, lambda *_, **__: {"images": "ours"})

    return of_source


@pytest.mark.parametrize(
    ("expression", "becomes"),
    [
        ("torch.zeros(1, device='cuda').device.type", "cpu"),
        ("torch.zeros(1).cuda().device.type", "cpu"),
        ("torch.zeros(1).half().dtype", torch.float32),
        ("torch.zeros(1, dtype=torch.half).dtype", torch.float32),
        ("torch.zeros(1).bfloat16().dtype", torch.bfloat16),
        ("torch.device('cuda').type", "cpu"),
        ("torch.load('cifar10/train.pt', map_location='cuda')['images']", "ours"),
        ("time.sleep(3600)", None),
        ("torch.cuda._sleep(6_000_000_000)", None),
        ("torch.cuda.synchronize()", None),
        ("'cuda, or not'", "cuda, or not"),
    ],
)
def test_an_expression_on_the_cpu(load: Load, expression: str, becomes: object) -> None:
    assert load(f"found = {expression}").found == becomes


def test_the_network_computes_in_bf16_with_fp32_weights_and_nothing_is_compiled(load: Load) -> None:
    module = load(
        "class CifarNet(torch.nn.Module):\n"
        "  def __init__(self):\n    super().__init__(); self.head = torch.nn.Linear(4, 2).half()\n"
        "  def forward(self, x):\n    self.inside = self.head(x); return self.inside\n"
        "@torch.compile(mode='max-autotune')\ndef f(x): return x\n"
    )
    network = module.CifarNet()
    with torch.no_grad():
        first = network(torch.ones(1, 4))
        for parameter in network.parameters():
            parameter.zero_()
        second = network(torch.ones(1, 4))
    assert network.head.weight.dtype == first.dtype == torch.float32
    assert network.inside.dtype == torch.bfloat16
    assert not second.any(), "an update of the weights was not seen"
    assert not hasattr(module.f, "_torchdynamo_orig_callable")


def test_on_cuda_the_source_stays_but_for_the_data_and_the_pauses(load: Load) -> None:
    module = load("time.sleep(3600)\nkind = torch.half\nname = 'cuda'\nloaded = torch.load('x')", "cuda")
    assert (module.kind, module.name, module.loaded) == (torch.float16, "cuda", {"images": "ours"})


def test_the_data_are_as_the_scripts_keep_them_and_other_sizes_are_refused(
    tiny: Path, tmp_path: Path
) -> None:
    dataset = load_dataset(str(tiny))
    loaded = serve(dataset, tmp_path)("cifar10/test.pt", map_location="cpu", weights_only=True)
    assert (tmp_path / "cifar10" / "test.pt").exists()
    assert (loaded["images"].dtype, loaded["labels"].dtype) == (torch.uint8, torch.int64)
    assert (loaded["images"].numpy() == dataset.test_images).all()
    with pytest.raises(DawnbenchError, match=r"digits has 8x8x1 images.*give --data cifar10"):
        serve(load_dataset("digits"), tmp_path)


def test_what_cannot_be_measured_is_refused_in_a_sentence(script: Path, tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError, match="fetch airbench94_muon from KellerJordan/cifar10-airbench"):
        check_peer(PEERS["airbench94_muon"], tmp_path / "none.py", "cpu")
    with pytest.raises(DawnbenchError, match="hiverge runs on CUDA only"):
        check_peer(PEERS["hiverge"], script, "cpu")
    check_peer(PEERS["hiverge"], script, "cuda")


class Loader:
    """Knows 40 images, each of its class's grey."""

    def __init__(self, path: str, train: bool = True, batch_size: int = 8, aug: Any = None) -> None:
        self.labels = torch.arange(40) % 10
        self.images = (self.labels / 10).view(-1, 1, 1, 1).expand(-1, 3, 32, 32).clone()
        self.batch_size, self.aug, self.proc_images = batch_size, aug, dict[str, torch.Tensor]()

    def normalize(self, images: torch.Tensor) -> torch.Tensor:
        return images


def test_a_peer_without_an_evaluation_gets_fresh_data_and_six_views() -> None:
    model, loader, pads = torch.nn.Module(), Loader("cifar10", aug={"flip": True, "translate": 2}), []
    model.eval_forward = lambda images: -(images.mean((1, 2, 3))[:, None] - torch.arange(10) / 10).abs()

    def setup() -> tuple[Any, dict[str, Any]]:
        pads.append(loader.proc_images.get("pad"))
        return model, {"train_loader": loader}

    def train(model: Any, extra: dict[str, Any], context: SimpleNamespace) -> None:
        context.validate(model, step=1)

    script: Any = SimpleNamespace(
        CifarLoader=Loader, batch_flip_lr=lambda x: x.flip(-1), setup=setup, train=train
    )
    driver, ledger = ByHooks(script), Ledger(open_device("cpu"))
    driver.warm_up()
    assert driver.trial(1, ledger.segment) == driver.trial(2, nullcontext) == (1.0, None)
    assert [segment.name for segment in ledger.segments()] == ["to_device", "train", "final_evaluate"]
    assert pads[-1].shape == (40, 3, 36, 36)
    assert pads[-1] is not pads[-2]
    model.eval_forward = lambda images: torch.eye(10)[[3] * len(images)]
    assert driver.trial(1, nullcontext)[0] == pytest.approx(0.1)


@pytest.fixture
def command(
    script: Path, tiny: Path, warm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.setattr("sys.executable", warm)
    words = ["airbench94_muon", str(script), f"--data={tiny}", "--trials=1", "--seed=5"]
    settings = ("epochs=1", "batch_size=32", "model.widths=[2,2,2]", "model.whitening_images=64")
    words += [f"--set={setting}" for setting in (*settings, "precision=fp32")]
    return [*words, f"--out={tmp_path / 'runs'}"]


@pytest.mark.slow
def test_both_sides_leave_run_folders_and_are_compared(command: list[str], tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 0, ended.output
    assert "A is airbench94_muon\nB is speedrun\n" in ended.output
    assert "\nstrict [s] " in ended.output
    runs = {run.record.recipe_name: run for run in map(read_run, (tmp_path / "runs").iterdir())}
    assert runs.keys() == {"speedrun", "airbench94_muon"}
    assert len({run.record.data.fingerprint for run in runs.values()}) == 1
    peer = runs["airbench94_muon"]
    (trial,) = peer.trials
    assert (peer.record.status, peer.warnings, trial.seed, trial.status) == ("finished", (), 5, "finished")
    assert trial.accuracy is not None
    # The evaluations between epochs are recorded and not counted.
    assert [segment.name for segment in trial.segments][-3:] == ["evaluate", "train", "final_evaluate"]
    between = sum(s.length_ns for s in trial.segments if s.name == "evaluate") / 1e9
    assert between >= 2 * 0.5  # which the script waits
    assert trial.seconds["strict"] == pytest.approx(trial.wall_seconds - between, rel=0.05, abs=0.05)
    assert "own" in trial.seconds
    assert CliRunner().invoke(dawnbench, ["report", str(peer.folder), "-o", "-"]).exit_code == 0


@pytest.mark.slow
def test_a_script_that_fails_leaves_a_failed_run_and_a_sentence(
    command: list[str], script: Path, tmp_path: Path
) -> None:
    script.write_text("raise ValueError('it broke')")
    ended = CliRunner().invoke(main, command)
    assert str(ended.exception) == "airbench94_muon, trial 1: 0 of 1 trials: ValueError: it broke"
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).record.status == "failed"
