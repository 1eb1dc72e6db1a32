"""A run whose process went without a word, shown by every command."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.process import this_process
from tests.cli.made_runs import invoke, trial
from tests.records.examples import epoch
from tests.records.folders import make_run

HERE = this_process()
pytestmark = pytest.mark.skipif(HERE is None, reason="Linux tells of processes")
GOING_ON = {"status": "running", "trials": 9}


def recorded(folder: Path, **changes: object) -> Path:
    """Write a run of this process, or of one that differs from it, which is to say that it was."""
    assert HERE is not None
    process = replace(HERE, **changes)  # type: ignore[arg-type]
    return make_run(folder, [trial(n) for n in (1, 2, 3)], (epoch(),), process=process, **GOING_ON)


@pytest.fixture
def died(tmp_path: Path) -> Path:
    return recorded(tmp_path / "runs" / "died", start_ticks=1)


WHY = "the run's process ended without noting how the run ended"


@pytest.mark.parametrize("verb", ["show", "watch", "report", "log", "runs", "compare", "export"])
def test_every_command_says_it(died: Path, verb: str) -> None:
    runs = died.parent
    other = make_run(runs / "other", [trial(n) for n in (1, 2, 3)])
    arguments = {
        "compare": [other, died],
        "runs": [runs],
        "export": [died, "--format", "json", "--out", runs / "run.json"],
    }
    code, shown, errors = invoke(verb, *arguments.get(verb, [died]))
    assert code == 0, errors
    if verb == "log":
        shown = (died / "log.md").read_text()
    if verb == "report":
        shown = (died / "report.md").read_text()
    if verb == "export":
        assert json.loads((runs / "run.json").read_text())["run"]["status"] == "died"
        return
    wanted = {"runs": "died", "watch": f"died: {died}"}.get(verb, WHY)
    assert wanted in " ".join(shown.replace("\n", " ").split())


def test_a_run_that_dies_between_two_looks_is_not_still_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if nothing had been touched for long, so that all that may be kept of the first look is kept.
    for module in ("records.index", "report.site.build"):
        monkeypatch.setattr(f"dawnbench.{module}.SETTLED_NS", -60_000_000_000)
    runs, out = tmp_path / "runs", tmp_path / "site"
    with subprocess.Popen(["sleep", "60"]) as process:
        started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        recorded(runs / "young", pid=process.pid, start_ticks=int(started))
        looks = [_look(runs, out)]
        process.kill()
    looks.append(_look(runs, out))
    assert looks == [("running", "running"), ("died", "died")]


def _look(runs: Path, out: Path) -> tuple[str, str]:
    """Return what the list and the site say of the run."""
    (listed,) = re.findall(r"running|died", invoke("runs", runs)[1])
    assert invoke("site", runs, "--out", out)[0] == 0
    pages = "".join(path.read_text() for path in out.rglob("*.html"))
    (on_page,) = re.findall(r", (running|died)", pages)
    return listed, on_page


def test_a_folder_from_another_machine_is_not_called_dead(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "runs" / "copied", start_ticks=1, boot_id="another machine's")
    code, shown, _ = invoke("runs", folder.parent)
    assert code == 0
    assert "died" not in shown
    assert WHY not in invoke("show", folder)[1]
