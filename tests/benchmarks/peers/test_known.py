"""How a peer is named on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers.known import PEERS, parse_peer
from dawnbench.errors import DawnbenchError


def test_a_known_peer_and_its_script(tmp_path: Path) -> None:
    script = tmp_path / "a=b.py"
    script.touch()
    assert parse_peer(f"airbench94_muon={script}", "cpu") == (PEERS["airbench94_muon"], script)
    assert parse_peer(f"fulcrum-e1={script}", "cuda") == (PEERS["fulcrum-e1"], script)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("airbench94_muon", "give NAME=PATH"),
        ("airbench=x.py", "did you mean airbench94_muon"),
        ("airbench94_muon=x.py", "fetch airbench94_muon from KellerJordan/cifar10-airbench"),
        (f"hiverge={__file__}", "runs on CUDA only"),
    ],
)
def test_what_is_wrong_is_a_sentence(given: str, told: str) -> None:
    with pytest.raises(DawnbenchError, match=told):
        parse_peer(given, "cpu")
