"""What becomes of a peer's source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from benchmarks.peers.port import load_peer

Loads = Callable[[str], ModuleType]


def no_load(*_: object, **__: object) -> dict[str, Any]:
    return {"images": "ours"}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    def of_source(source: str) -> ModuleType:
        path = tmp_path / "peer.py"
        path.write_text("import torch, time\nclass CifarNet(torch.nn.Module):\n  pass\n" + source)
        monkeypatch.setattr(sys, "argv", [str(path)])
        return load_peer(path, "cpu", no_load)

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
def test_an_expression_on_the_cpu(load: Loads, expression: str, becomes: object) -> None:
    assert load(f"found = {expression}").found == becomes


def test_nothing_is_compiled(load: Loads) -> None:
    module = load(
        "@torch.compile(mode='max-autotune')\ndef f(x): return x\n@torch.compile\ndef g(x): return x"
    )
    assert all(
        type(of).__name__ == "function" and not hasattr(of, "_torchdynamo_orig_callable")
        for of in (module.f, module.g)
    )


def test_an_event_takes_the_time_of_the_host(load: Loads) -> None:
    module = load("a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)")
    module.a.record()
    torch.ones(200, 200) @ torch.ones(200, 200)
    module.b.record()
    assert 0 < module.a.elapsed_time(module.b) < 60_000


def test_the_network_computes_in_bf16_with_fp32_weights(load: Loads) -> None:
    module = load(
        "class CifarNet(torch.nn.Module):\n"
        "  def __init__(self):\n    super().__init__(); self.head = torch.nn.Linear(4, 2).half()\n"
        "  def forward(self, x):\n    self.inside = self.head(x); return self.inside\n"
    )
    network = module.CifarNet()
    with torch.no_grad():
        first = network(torch.ones(1, 4))
        network.head.weight.zero_()
        network.head.bias.zero_()
        second = network(torch.ones(1, 4))
    assert network.head.weight.dtype == torch.float32
    assert network.inside.dtype == torch.bfloat16
    assert first.dtype == torch.float32
    assert not second.any(), "an update of the weights was not seen"


def test_on_cuda_the_source_stays_but_for_the_data_and_the_pauses(tmp_path: Path) -> None:
    path = tmp_path / "peer.py"
    path.write_text(
        "import torch, time\ntime.sleep(3600)\nkind = torch.half\nname = 'cuda'\nloaded = torch.load('x')"
    )
    module = load_peer(path, "cuda", no_load)
    assert (module.kind, module.name, module.loaded) == (torch.float16, "cuda", {"images": "ours"})


def test_a_network_of_the_module_can_be_compiled(tmp_path: Path) -> None:
    path = tmp_path / "1.74s-peer.py"
    path.write_text(
        "import torch\nfactor = 3\ndef scaled(x):\n  return factor * x\n"
        "class CifarNet(torch.nn.Module):\n  def forward(self, x):\n    return scaled(x)\n"
    )
    module = load_peer(path, "cuda", no_load)
    network = module.CifarNet()

    def step(x: torch.Tensor) -> torch.Tensor:
        return network(x)  # type: ignore[no-any-return]

    compiled = torch.compile(step, backend="eager", fullgraph=True)
    assert compiled(torch.ones(2)).tolist() == [3, 3]
    assert sys.modules[module.__name__] is module
