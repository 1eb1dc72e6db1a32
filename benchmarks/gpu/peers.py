"""The part on public peers: theirs and ours by turns, where their scripts are given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu.child import ROOT, PartError, environment
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.trials import wait_or_interrupt
from benchmarks.peers.known import PEERS

VARIABLE = "DAWNBENCH_PEERS"
SEPARATOR = ","


def measure_peers(
    given: Sequence[str], settings: Settings, limit: float, out: Path, slug: str, runs: Path
) -> list[str]:
    """Return a link to the page on the peers, NAME=PATH each, or how to give some.

    Raises:
        PartError: no trial came to its end.
    """
    if not given:
        names = ", ".join(f"{peer.name}=FILE from {peer.source}" for peer in PEERS.values())
        return [f"No peers were given; give --peer NAME=FILE, or {VARIABLE}=NAME=FILE,...: {names}."]
    page = out / f"peers-{slug}.md"
    command = [sys.executable, "-m", "benchmarks.peers", "--ours", settings.peers_ours]
    command += [word for peer in given for word in ("--peer", peer)]
    command += [word for setting in settings.overrides for word in ("--set", setting)]
    command += ["--device", settings.device, "--data", settings.peers_data or settings.data]
    command += ["--trials", str(settings.peers_trials), "--block", str(settings.peers_block)]
    command += ["--out", str(page), "--runs", str(runs)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that torch.compile's workers can be ended with it
    )
    said = wait_or_interrupt(process, limit)
    if not page.is_file():
        raise PartError(said)
    problem = [f"- It ended early or a turn failed: {said}"] if process.returncode else []
    return [f"Their times and ours, turn by turn: [{page.name}]({page.name}).", *problem]
