"""Studies and their points; what runs in a point's process is a stand-in for the command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from dawnbench.campaigns import scaling_runs
from dawnbench.campaigns.scaling_runs import StudySettings, measure, run_study
from dawnbench.stats.scaling_laws import ScalePoint, Setting
from tests.records.folders import make_run

AT = Setting(batch=256, width=0.5, threads=3)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command that notes how it was called, then runs the script in `say.py`."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        f"note = {{'arguments': sys.argv[1:], 'threads': os.environ['OMP_NUM_THREADS']}}\n"
        f"open({str(tmp_path / 'note.json')!r}, 'w').write(json.dumps(note))\n"
        f"exec(open({str(tmp_path / 'say.py')!r}).read())\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(scaling_runs.sys, "executable", str(program))
    return tmp_path


def test_a_run_is_called_with_its_threads_and_read_from_its_folder(stand_in: Path) -> None:
    folder = make_run(stand_in / "run")
    event = json.dumps({"event": "run", "folder": str(folder)})
    (stand_in / "say.py").write_text(f"print({event!r}); print('{{}}')")
    point = measure(AT, ["davidnet", "--epochs", "1"])
    note = json.loads((stand_in / "note.json").read_text())
    assert note["threads"] == "3"
    assert note["arguments"] == ["-m", "dawnbench", "run", "davidnet", "--epochs", "1", "--json"]
    assert (point.setting, point.folder, point.epoch_seconds) == (AT, str(folder), 1.5)
    assert "OMP_NUM_THREADS" not in os.environ or os.environ["OMP_NUM_THREADS"] != "3"


def test_a_run_that_is_refused_is_a_point_with_the_sentence(stand_in: Path) -> None:
    (stand_in / "say.py").write_text("sys.exit('warning\\ndawnbench: batch_size=9 needs 900 GB\\n')")
    point = measure(AT, ["davidnet"])
    assert point.trouble == "batch_size=9 needs 900 GB"
    assert (point.folder, point.epoch_seconds) == (None, None)


def test_a_run_that_says_nothing_is_a_point_with_its_status(stand_in: Path) -> None:
    (stand_in / "say.py").write_text("os._exit(7)")
    assert measure(AT, ["davidnet"]).trouble == "the run ended with status 7"


def test_a_run_folder_that_cannot_be_read_is_told(stand_in: Path) -> None:
    event = json.dumps({"event": "run", "folder": str(stand_in / "gone")})
    (stand_in / "say.py").write_text(f"print({event!r})")
    assert "not a run folder" in str(measure(AT, ["davidnet"]).trouble)


def test_an_interrupted_study_stops_its_run_and_waits_for_it(stand_in: Path) -> None:
    (stand_in / "say.py").write_text(
        "import signal, time\n"
        "def end(*_):\n"
        f"    open({str(stand_in / 'ended')!r}, 'w').close()\n"
        "    os._exit(130)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "os.kill(os.getppid(), signal.SIGINT)  # only the study, as `kill` does it\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(KeyboardInterrupt):
        measure(AT, ["davidnet"])
    assert (stand_in / "ended").exists()


class Events:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def point_started(self, number: int, points: int, at: Setting) -> None:
        self.seen.append(f"start {number}/{points} {at.batch}")

    def point_ended(self, point: ScalePoint) -> None:
        self.seen.append(f"end {point.setting.batch}")


def test_each_run_of_a_study_gets_its_settings_and_its_point(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def measured(at: Setting, arguments: list[str]) -> ScalePoint:
        given.append(arguments)
        return ScalePoint(at, None, None, epoch_seconds=512 / at.batch)

    monkeypatch.setattr(scaling_runs, "measure", measured)
    settings = StudySettings(
        "davidnet", {"batch": (256, 512)}, Path("runs"), changes=("optimizer.momentum=0.8",), seed=3
    )
    events = Events()
    study = run_study(settings, events)
    common = "davidnet --trials 1 --seed 3 --epochs 1 --device auto --out runs --set optimizer.momentum=0.8"
    assert [" ".join(arguments) for arguments in given] == [f"{common} --set batch_size=256", common]
    assert events.seen == ["start 1/2 256", "end 256", "start 2/2 512", "end 512"]
    assert [axis.values() for axis in study.axes] == [(256, 512)]
    assert not study.interrupted


def test_an_interrupted_study_has_the_points_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(at: Setting, _arguments: list[str]) -> ScalePoint:
        if at.batch == 512:
            raise KeyboardInterrupt
        return ScalePoint(at, None, "no memory left")

    monkeypatch.setattr(scaling_runs, "measure", measured)
    study = run_study(StudySettings("davidnet", {"batch": (256, 512)}, Path("runs")), Events())
    assert study.interrupted
    assert [point.setting.batch for point in study.points] == [256]
