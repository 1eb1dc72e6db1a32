from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.records.process import is_gone, this_process
from dawnbench.records.schema import ProcessRecord

pytestmark = pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="Linux tells of processes")


@pytest.fixture
def me() -> ProcessRecord:
    process = this_process()
    assert process is not None
    return process


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_this_process_is_alive(me: ProcessRecord) -> None:
    assert not is_gone(me)


def test_a_process_is_gone_from_the_moment_it_is_killed(
    me: ProcessRecord, other: subprocess.Popen[bytes]
) -> None:
    started = int(Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19])
    record = replace(me, pid=other.pid, start_ticks=started)
    assert not is_gone(record)
    other.kill()
    while Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    assert is_gone(record), "though nobody has waited for it"
    other.wait()
    assert is_gone(record)


def test_a_process_that_got_the_id_of_an_earlier_one_is_not_taken_for_it(me: ProcessRecord) -> None:
    assert is_gone(replace(me, start_ticks=me.start_ticks - 1))


@pytest.mark.parametrize("elsewhere", [{"boot_id": "another"}, {"pid_namespace": "pid:[1]"}, {"pid": 10**30}])
def test_a_process_elsewhere_is_never_called_gone(me: ProcessRecord, elsewhere: dict[str, object]) -> None:
    gone = replace(me, start_ticks=me.start_ticks - 1)
    assert not is_gone(replace(gone, **elsewhere))  # type: ignore[arg-type]
    assert not is_gone(None)


@pytest.mark.parametrize("pid", [0, -1])
def test_an_id_of_a_process_group_is_never_signalled(me: ProcessRecord, pid: int) -> None:
    assert not is_gone(replace(me, pid=pid, start_ticks=1))
