"""Whoever calls the warm Python cannot tell it from this one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = "import os, sys; print(sys.argv, os.getcwd(), os.environ['WORD'], sys.stdin.read(), __name__)"


@pytest.mark.parametrize(
    "words",
    [
        [SAYS, "a", "b c", "caf\udce9"],
        ["import sys; sys.exit(7)"],
        ["import sys; sys.exit('no')"],
        ["import os, signal; os.kill(os.getpid(), signal.SIGTERM)"],
        ["import json; print(json.dumps({}), end='')"],
        ["import atexit; atexit.register(print, 'at the end')"],
    ],
)
def test_streams_arguments_folder_environment_and_end_are_its_own(
    warm: str, tmp_path: Path, words: list[str]
) -> None:
    environment = os.environ | {"WORD": "é"}
    cold, there = (
        subprocess.run(
            [python, "-c", *words], cwd=tmp_path, env=environment, input=b"in", capture_output=True
        )
        for python in (sys.executable, warm)
    )
    assert (there.returncode, there.stdout, there.stderr) == (cold.returncode, cold.stdout, cold.stderr)


def test_torch_is_there_and_a_script_and_a_module_run(warm: str, tmp_path: Path) -> None:
    (tmp_path / "said.py").write_text("import sys; print('torch' in sys.modules, sys.argv[1:])")
    for words in (["said.py"], ["-m", "said"]):
        done = subprocess.run([warm, *words, "x"], cwd=tmp_path, capture_output=True, text=True)
        assert done.stdout == "True ['x']\n"


def test_a_closed_stream_is_closed(warm: str) -> None:
    script = f"""{warm} -c 'import sys; print(sys.stdout, file=sys.stderr)' >&-"""
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True).stderr == "None\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_process(warm: str, number: signal.Signals) -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [warm, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    own = int(process.stdout.readline())
    assert own != process.pid
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -number
    assert ("KeyboardInterrupt" in said) == (number == signal.SIGINT)


def test_a_client_that_is_killed_before_it_reads_what_runs_for_it_leaves_the_server(warm: str) -> None:
    name = Path(warm).read_text().split()[-2]
    request = {"words": ["-c", "pass"], "folder": "/", "environment": {}, "streams": []}
    text = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + name)
        client.sendall(len(text).to_bytes(4, "big"))
        client.sendall(text)
        assert client.recv(4, socket.MSG_PEEK)  # the answer is there, unread
    assert subprocess.run([warm, "-c", "print(1)"], capture_output=True, text=True).stdout == "1\n"
