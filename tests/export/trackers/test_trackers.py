from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.export import trackers
from dawnbench.export.trackers import TRACKERS, brief, default_store, open_tracker, replay
from dawnbench.export.trackers.tracker import Tracker
from dawnbench.records.reader import Run
from tests.export.trackers.conftest import FOLDER
from tests.export.trackers.fake import FakeTracker

HEAVY = ("tensorboard", "trackio", "wandb", "mlflow", "torch", "numpy", "pandas", "matplotlib")


def loaded(code: str) -> list[str]:
    """Return which of the heavy packages a fresh Python has imported after some code."""
    code += f"; import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return result.stdout.split()


def test_importing_the_trackers_imports_none_of_their_libraries() -> None:
    everything = ", ".join(f"dawnbench.export.trackers.{name}" for name in TRACKERS)
    assert loaded(f"import dawnbench.export.trackers, {everything}") == []


def test_opening_all_trackers_imports_nothing_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = "[open_tracker(name, Path('store')) for name in TRACKERS]"
    code = f"from pathlib import Path; from dawnbench.export.trackers import open_tracker, TRACKERS; {opened}"
    if not all(map(find_spec, TRACKERS)):
        pytest.skip("not every tracker is installed")
    monkeypatch.chdir(tmp_path)
    assert loaded(code) == []
    assert list(tmp_path.iterdir()) == []


def test_a_run_told_to_tensorboard_imports_no_torch(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    code = (
        "from pathlib import Path; from dawnbench.records.reader import read_run; "
        "from dawnbench.export.trackers import replay; "
        f"replay(read_run(Path({str(run.folder)!r})), 'tensorboard', Path({str(tmp_path)!r}))"
    )
    assert "torch" not in loaded(code)


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DawnbenchError) as caught:
        open_tracker("tensorbord", tmp_path)
    assert str(caught.value) == (
        "there is no tracker tensorbord; the trackers are tensorboard, trackio, wandb, mlflow"
    )


@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_has_the_face(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "dawnbench.export.trackers.tracker.find_spec", lambda name: name
    )  # as if all were installed
    tracker: Tracker = open_tracker(name, tmp_path)
    calls = [call for call in vars(Tracker) if not call.startswith("_")]
    assert len(calls) == 6
    assert all(callable(getattr(tracker, call)) for call in calls)


def test_what_a_library_raises_becomes_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(name: str) -> None:
        raise ValueError("a table\nis locked")

    monkeypatch.setattr(trackers, "open_tracker", lambda name, store: FakeTracker(breaks))
    with pytest.raises(
        DawnbenchError, match=rf"mlflow did not take the run .*{FOLDER}: ValueError: a table$"
    ):
        replay(run, "mlflow")


def test_by_default_all_runs_of_a_folder_share_a_store(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = []

    def opened(name: str, store: Path) -> FakeTracker:
        stores.append(store.resolve())
        return FakeTracker()

    monkeypatch.setattr(trackers, "open_tracker", opened)
    assert replay(run, "mlflow") == "mlflow: look"
    monkeypatch.chdir(run.folder)
    replay(Run(Path(), run.record, run.trials, run.epochs, ()), "mlflow")
    assert stores == [default_store(run.folder.parent, "mlflow").resolve()] * 2


def test_an_error_without_words_is_its_name() -> None:
    assert brief(TimeoutError()) == "TimeoutError"
