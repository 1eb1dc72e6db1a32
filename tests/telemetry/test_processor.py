from __future__ import annotations

import platform
from pathlib import Path

from dawnbench.telemetry.processor import cpu_flags, cpu_model, scaling_governors

CPUINFO = """processor\t: 0
model name\t: INTEL(R) XEON(R) PLATINUM 8568Y+
flags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile

processor\t: 1
model name\t: another
flags\t\t: none
"""


def cpuinfo(root: Path, text: str) -> Path:
    (root / "proc").mkdir()
    (root / "proc/cpuinfo").write_text(text)
    return root


def test_model_and_flags_are_the_first_cores(tmp_path: Path):
    root = cpuinfo(tmp_path, CPUINFO)
    assert cpu_model(root) == "INTEL(R) XEON(R) PLATINUM 8568Y+"
    assert cpu_flags(root) == {"fpu", "avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile"}


def test_arms_features_are_flags(tmp_path: Path):
    root = cpuinfo(tmp_path, "processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert cpu_flags(root) == {"fp", "asimd", "bf16"}
    assert cpu_model(root) == platform.machine()


def test_what_the_kernel_does_not_tell_is_none(tmp_path: Path):
    assert cpu_flags(tmp_path) is None
    assert scaling_governors(tmp_path) == ()


def test_governors_are_named_once_each(tmp_path: Path):
    for core, governor in enumerate(["powersave", "performance", "powersave"]):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{core}/cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{governor}\n")
    assert scaling_governors(tmp_path) == ("performance", "powersave")
