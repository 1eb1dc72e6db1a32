from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from dawnbench.telemetry.kernel import Kernel, LinuxKernel, PortableKernel, open_kernel

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def proc(root: Path, stat: str, meminfo: str = "") -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/stat").write_text(stat)
    (root / "proc/self/statm").write_text("90000 2500 700 1 0 30000 0\n")
    (root / "proc/meminfo").write_text(meminfo)
    return root


@linux
def test_iowait_is_idle_and_a_guest_is_not_counted_twice(tmp_path: Path):
    stat = "cpu  100 20 30 800 40 5 3 2 60 7\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    busy, total = LinuxKernel(proc(tmp_path, stat)).cpu_seconds()
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert busy == pytest.approx(160 * tick)
    assert total == pytest.approx(1000 * tick)


@linux
def test_memory_is_in_bytes(tmp_path: Path):
    meminfo = "MemTotal:   1000 kB\nMemFree:   100 kB\nMemAvailable:   400 kB\nBuffers: 9 kB\n"
    kernel = LinuxKernel(proc(tmp_path, "cpu 1 0 0 0 0 0 0 0\n", meminfo))
    assert kernel.system_memory_used() == 600 * 1024
    assert kernel.process_memory() == 2500 * os.sysconf("SC_PAGE_SIZE")


@linux
def test_figures_in_another_order_are_refused_not_misread(tmp_path: Path):
    meminfo = "MemTotal:   1000 kB\nMemFree:   100 kB\nBuffers:   400 kB\n"
    kernel = LinuxKernel(proc(tmp_path, "cpu 0 0 0 0 0 0 0 0\n", meminfo))
    with pytest.raises(OSError, match="MemAvailable"):
        kernel.system_memory_used()
    with pytest.raises(OSError, match="no processor times"):
        kernel.cpu_seconds()


@pytest.mark.parametrize("kernel", [open_kernel(), PortableKernel()], ids=["cheapest", "portable"])
def test_the_real_figures_are_those_of_this_machine(kernel: Kernel):
    busy, total = kernel.cpu_seconds()
    assert 0 < busy <= total
    assert kernel.process_memory() == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    memory = psutil.virtual_memory()
    assert abs(kernel.system_memory_used() - (memory.total - memory.available)) < 0.1 * memory.total


@linux
def test_a_closed_kernel_reads_no_other_file(tmp_path: Path):
    kernel = LinuxKernel()
    kernel.close()
    kernel.close()
    with (
        (tmp_path / "takes the number of the closed one").open("w"),
        pytest.raises(ValueError, match="closed"),
    ):
        kernel.process_memory()
