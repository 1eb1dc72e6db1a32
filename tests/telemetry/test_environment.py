from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dawnbench.telemetry import environment, open_sources

from .conftest import UUID, FakeNvml


def test_it_says_what_machine_and_software_this_is():
    described = environment(None)
    assert json.loads(json.dumps(described)) == described
    assert described["python"] == platform.python_version()
    assert set(described["packages"]) == {"dawnbench", "torch", "torchvision", "numpy"}
    assert described["packages"]["numpy"][0].isdigit()
    assert environment(None, packages=("no-such-package",))["packages"]["no-such-package"] is None
    assert described["memory_bytes"] == psutil.virtual_memory().total
    assert described["cpu"]["logical_cores"] == psutil.cpu_count()
    assert described["cpu"]["model"]


def test_it_tells_nothing_of_the_person_and_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    host, user, secret = "box-4711", "alice-4711", "token-4711"
    real = os.uname()
    named = os.uname_result((real.sysname, host, real.release, real.version, real.machine))
    monkeypatch.setattr(os, "uname", lambda: named)
    monkeypatch.setattr(platform, "_uname_cache", None)
    monkeypatch.setattr(platform, "_platform_cache", {})
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert platform.node() == host
    folder = tmp_path / user
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable, value in {"HOME": str(folder), "USER": user, "LOGNAME": user, "API_KEY": secret}.items():
        monkeypatch.setenv(variable, value)
    text = json.dumps(environment(None))
    assert platform.release() in text
    for private in (host, user, secret, str(tmp_path), sys.prefix):
        assert private not in text


def test_the_gpu_is_the_one_that_trains(fake_nvml: FakeNvml):
    assert environment(UUID)["gpu"] == {
        "name": "NVIDIA H200",
        "power_limit_watts": 700.0,
        "count": 8,
        "driver": "570.124.06",
        "cuda": "12.8",
    }


def test_a_run_without_a_gpu_names_none_though_the_machine_has_some(fake_nvml: FakeNvml):
    gpu = environment(None)["gpu"]
    assert (gpu["name"], gpu["power_limit_watts"], gpu["count"]) == (None, None, 8)


@pytest.mark.usefixtures("no_nvml")
def test_without_a_driver_nothing_is_known_of_gpus():
    assert set(environment(UUID)["gpu"].values()) == {None}


def test_outside_of_a_checkout_there_is_no_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert environment(None)["git"] is None


def test_every_metric_is_delivered_or_excused(fake_nvml: FakeNvml):
    sources = open_sources(UUID)
    assert sources[0].energy_name == "NVML total energy counter"
    known = {name for source in sources for name in (*source.units, *source.unavailable)}
    assert known >= {"gpu_power", "gpu_sm_clock", "cpu_utilization", "process_memory", "cpu_power"}
    for source in sources:
        source.close()


def test_the_telemetry_never_imports_torch():
    program = (
        "import sys; from dawnbench.telemetry import *; environment(None); open_sources(None);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
