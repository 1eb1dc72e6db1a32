from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

import dawnbench.doctor as doctor
from dawnbench.doctor import Finding, examine
from dawnbench.doctor.extras import declared_extras, extra_findings
from dawnbench.doctor.gpu import gpu_findings
from dawnbench.doctor.host import host_findings
from dawnbench.doctor.host_facts import HostFacts, _others_busy, cpu_limit, read_host
from dawnbench.doctor.software import checkout_finding, cudnn_finding
from dawnbench.telemetry.checkout import Checkout
from dawnbench.telemetry.device import NoGpuError
from dawnbench.telemetry.gpu import GpuFacts

GIB = 1 << 30

GPU = GpuFacts(
    name="NVIDIA H200",
    temperature=41,
    power_limit=700,
    default_power_limit=700,
    memory_free=130 * GIB,
    persistence=True,
    process_ids=(os.getpid(),),
    throttle_reasons=(),
    unreadable={},
)
HOST = HostFacts(
    cores=16,
    governors=("performance",),
    flags=frozenset({"avx2", "avx512_bf16", "amx_bf16"}),
    others_busy=2.0,
    memory_available=100 * GIB,
    swap_used=0,
    cpu_limit=None,
)


def named(findings: list[Finding], check: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.check == check]
    return finding


def test_a_sound_machine_has_nothing_to_put_right():
    for finding in [*gpu_findings(GPU), *host_findings(HOST, trains_on_gpu=False)]:
        assert (finding.level, finding.remedy) == ("ok", None), finding


@pytest.mark.parametrize(
    ("change", "check", "level", "words"),
    [
        ({"process_ids": (os.getpid(), 4321, 99)}, "gpu processes", "problem", "99, 4321"),
        ({"throttle_reasons": ("hardware slowdown",)}, "gpu throttling", "problem", "hardware slowdown"),
        ({"power_limit": 450}, "gpu power limit", "warning", "450 W"),
        ({"temperature": 81}, "gpu temperature", "warning", "81 degC"),
        ({"persistence": False}, "gpu persistence", "warning", "persistence mode is off"),
        ({"memory_free": 3 * GIB}, "gpu memory", "problem", "3.0 GiB"),
    ],
)
def test_what_spoils_a_gpu_is_found_alone_and_with_a_remedy(change, check: str, level: str, words: str):
    findings = gpu_findings(replace(GPU, **change))
    finding = named(findings, check)
    assert finding.level == level
    assert words in finding.message
    assert finding.remedy
    assert [other.check for other in findings if other.level != "ok"] == [check]


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("process_ids", "gpu processes"),
        ("throttle_reasons", "gpu throttling"),
        ("power_limit", "gpu power limit"),
        ("default_power_limit", "gpu power limit"),
        ("temperature", "gpu temperature"),
        ("persistence", "gpu persistence"),
        ("memory_free", "gpu memory"),
    ],
)
def test_what_nvml_does_not_tell_is_unknown_with_its_reason(field: str, check: str):
    facts = replace(GPU, **{field: None}, unreadable={field: "NVML does not report it: Not Supported"})
    finding = named(gpu_findings(facts), check)
    assert (finding.level, finding.message) == ("unknown", "NVML does not report it: Not Supported")


@pytest.mark.parametrize(
    ("change", "check", "level", "words"),
    [
        ({"governors": ("performance", "powersave")}, "cpu governor", "warning", "performance and powersave"),
        ({"governors": ()}, "cpu governor", "unknown", "no frequency governor"),
        ({"others_busy": 35.0}, "cpu load", "warning", "35 % of the 16 cores"),
        ({"others_busy": None}, "cpu load", "unknown", "does not report"),
        ({"flags": frozenset({"avx512_bf16"})}, "cpu bf16", "warning", "AVX-512, which is slower"),
        ({"flags": frozenset({"avx2"})}, "cpu bf16", "warning", "neither AMX nor AVX-512"),
        ({"flags": None}, "cpu bf16", "unknown", "does not report"),
        ({"memory_available": 2 * GIB}, "memory", "problem", "only 2.0 GiB"),
        ({"swap_used": 6 * GIB}, "swap", "warning", "6.0 GiB of swap"),
        ({"cpu_limit": 1.5}, "cpu limit", "warning", "1.5 of 16 cores"),
    ],
)
def test_what_spoils_the_host_is_found_alone(change, check: str, level: str, words: str):
    findings = host_findings(replace(HOST, **change), trains_on_gpu=False)
    finding = named(findings, check)
    assert finding.level == level
    assert words in finding.message
    assert finding.remedy or level == "unknown"
    assert [other.check for other in findings if other.level != "ok"] == [check]


def test_a_processor_without_amx_does_not_matter_to_a_gpu():
    findings = host_findings(replace(HOST, flags=frozenset()), trains_on_gpu=True)
    assert named(findings, "cpu bf16").level == "ok"


def test_a_limit_of_less_than_a_core_still_advises_one_thread():
    remedy = named(host_findings(replace(HOST, cpu_limit=0.5), trains_on_gpu=False), "cpu limit").remedy
    assert remedy is not None
    assert "OMP_NUM_THREADS=1" in remedy


def test_a_missing_cudnn_is_a_problem():
    assert cudnn_finding(True).level == "ok"
    assert cudnn_finding(False).level == "problem"
    assert cudnn_finding(False).remedy


def test_a_dirty_checkout_is_a_warning():
    commit = "0123456789abcdef0123456789abcdef01234567"
    dirty = checkout_finding(Checkout(commit, dirty=True))
    assert dirty.level == "warning"
    assert "0123456789ab" in dirty.message
    assert checkout_finding(Checkout(commit, dirty=False)).level == "ok"
    assert checkout_finding(None).level == "unknown"


def test_every_extra_for_users_is_reported_with_its_versions():
    extras = declared_extras()
    assert {"mlflow", "mlperf", "onnx", "parquet", "slim", "tensorboard", "trackio", "wandb"} <= set(extras)
    assert not {"dev", "docs", "test"} & set(extras)
    assert extras["onnx"] == ("onnx", "onnxruntime", "onnxscript")
    found = named(list(extra_findings(extras)), "extra slim")
    assert (found.level, found.message) == (
        "ok",
        f"torch-pruning {metadata.version('torch-pruning')} is installed",
    )


def test_a_missing_extra_says_what_needs_it_and_how_to_install_it():
    absent = {"onnx": ("numpy", "no-such-onnx", "no-such-runtime"), "later": ("no-such-thing",)}
    onnx, later = extra_findings(absent)
    assert onnx == Finding(
        "extra onnx",
        "ok",
        "no-such-onnx and no-such-runtime are not installed; "
        "needed only for infer --runtime onnx and export --format onnx",
        "to use it, `pip install 'dawnbench[onnx]'`",
    )
    assert later.message == "no-such-thing is not installed"


def test_a_checkout_that_was_never_installed_declares_no_extras(monkeypatch: pytest.MonkeyPatch):
    def unknown(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("dawnbench.doctor.extras.requires", unknown)
    assert declared_extras() == {}


def group(root: Path, membership: str, files: dict[str, str]) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(membership)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("membership", "files", "limit"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {}, None),
        ("0::/pod/box\n", {"pod/cpu.max": "200000 100000\n", "pod/box/cpu.max": "max 100000\n"}, 2.0),
        ("0::/pod/box\n", {"pod/cpu.max": "400000 100000\n", "pod/box/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/pod\n", {"other/cpu.max": "100000 100000\n"}, None),
        (
            "4:cpu,cpuacct:/box\n0::/\n",
            {
                "cpu,cpuacct/box/cpu.cfs_quota_us": "300000\n",
                "cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            },
            3.0,
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_the_tightest_control_group_counts(tmp_path: Path, membership: str, files, limit: float | None):
    assert cpu_limit(group(tmp_path, membership, files)) == limit


def test_without_control_groups_there_is_no_limit(tmp_path: Path):
    assert cpu_limit(tmp_path) is None


class BusyKernel:
    """Two cores, one of them busy all the time."""

    def cpu_seconds(self) -> tuple[float, float]:
        now = time.perf_counter()
        return now, 2 * now


class OwnWork:
    """A core with nothing on it but this process, however much of it that gets."""

    def cpu_seconds(self) -> tuple[float, float]:
        return time.process_time(), time.perf_counter()


def test_a_core_that_others_keep_busy_is_half_of_two():
    assert _others_busy(BusyKernel(), 0.2) == pytest.approx(50, abs=15)  # type: ignore[arg-type]


def test_our_own_work_is_not_other_peoples():
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            pass

    worker = threading.Thread(target=work)
    worker.start()
    others = _others_busy(OwnWork(), 0.3)  # type: ignore[arg-type]
    done.set()
    worker.join()
    assert others == pytest.approx(0, abs=15)


def test_a_kernel_without_processor_times_makes_the_load_unknown():
    class Silent:
        def cpu_seconds(self) -> tuple[float, float]:
            raise OSError("the kernel reports no processor times")

    assert _others_busy(Silent(), 0) is None  # type: ignore[arg-type]


def test_the_facts_of_the_host_come_from_the_folder_given(tmp_path: Path):
    root = group(tmp_path, "0::/\n", {"cpu.max": "100000 100000\n"})
    (root / "proc/cpuinfo").write_text("flags : amx_bf16\n")
    folder = root / "sys/devices/system/cpu/cpu0/cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_governor").write_text("powersave\n")
    facts = read_host(root, seconds=0.01)
    assert facts.flags == {"amx_bf16"}
    assert facts.governors == ("powersave",)
    assert facts.cpu_limit == 1.0
    assert facts.memory_available > 0


def test_examining_a_machine_with_a_gpu_looks_at_everything(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(doctor, "gpu_facts", lambda uuid: (asked.append(uuid), GPU)[1])
    monkeypatch.setattr(doctor, "has_cudnn", lambda: False)
    monkeypatch.setattr(doctor, "read_host", lambda: HOST)
    findings = examine("GPU-1")
    assert asked == ["GPU-1"]
    assert named(findings, "cudnn").level == "problem"
    checks = [finding.check for finding in findings]
    assert len(checks) == len(set(checks))
    assert len([check for check in checks if not check.startswith("extra ")]) == 14


def test_examining_a_machine_without_a_gpu_says_why_and_goes_on(monkeypatch: pytest.MonkeyPatch):
    def missing(uuid: str | None) -> GpuFacts:
        raise NoGpuError("NVML does not start (Driver Not Loaded)")

    monkeypatch.setattr(doctor, "gpu_facts", missing)
    findings = examine()
    gpu = named(findings, "gpu")
    assert (gpu.level, gpu.message) == ("unknown", "NVML does not start (Driver Not Loaded)")
    assert {"memory", "cpu limit", "git checkout"} <= {finding.check for finding in findings}
    assert "cudnn" not in {finding.check for finding in findings}


def test_importing_the_doctor_does_not_import_torch():
    program = "import sys, dawnbench.doctor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
