"""A real run that is stopped for a while, by a user who has neither a home nor an entry in /etc/passwd."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dawnbench.records.reader import Run, read_run
from tests.cli.conftest import only_run, small_run

PAUSE_SECONDS = 2.5
NOBODY = 54321
# In a user namespace the process keeps the rights to read its interpreter, wherever that lies.
AS_NOBODY = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


def can_be_nobody() -> bool:
    tried = [*AS_NOBODY, sys.executable, "-c", "import os; print(os.getuid())"]
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    return done.stdout.strip() == str(NOBODY)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="stops a process by Linux's signals")
def test_a_pause_is_told_with_its_seconds_and_no_home_is_needed(tmp_path: Path) -> None:
    homeless = can_be_nobody()
    unset = ("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME") if homeless else ()
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.Popen(
        [
            *(AS_NOBODY if homeless else []),
            *(sys.executable, "-m", "dawnbench"),
            *small_run("--trials=1", "--epochs=80", "--json"),
        ],
        cwd=tmp_path,
        env=environment | {"DAWNBENCH_DATA": str(tmp_path / "data")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "epoch":
            break
    # `unshare` becomes the process that it starts.
    process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE_SECONDS)
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    run = read_run(only_run(tmp_path))
    _check_pause(run)
    _check_startup(run)
    assert not (tmp_path / "~").exists()
    if not homeless:
        pytest.skip("the pause is told, but this system has no user namespace to be nobody in")


def _check_pause(run: Run) -> None:
    (trial,) = run.trials
    (warning,) = (one for one in trial.warnings if "nothing was sampled" in one)
    seconds = float(warning.split(" for ")[1].split(" s")[0])
    assert PAUSE_SECONDS - 0.2 <= seconds < PAUSE_SECONDS + 3
    assert " in epoch" in warning
    assert warning in (run.folder / "log.md").read_text()


def _check_startup(run: Run) -> None:
    """A shell's time before, or a boot time in whole seconds, would add to what the run can have taken."""
    startup = run.trials[0].segments[0]
    assert startup.name == "startup"
    assert 0 < startup.length_ns / 1e9 < 60
    assert run.record.notes == ()
