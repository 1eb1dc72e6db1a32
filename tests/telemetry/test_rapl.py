from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.telemetry.rapl import PackageCounter, RaplSource, open_rapl

RANGE = 262_143_328_850  # uJ, of a Xeon


def zone(root: Path, number: str, name: str, energy: int) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    return folder


def test_packages_are_summed_without_their_parts_and_the_platform(tmp_path: Path):
    source_zones = [("0", "package-0"), ("1", "package-1"), ("0:0", "core"), ("1:0", "dram"), ("2", "psys")]
    for number, name in source_zones:
        zone(tmp_path, number, name, 1_000_000)
    source = open_rapl(tmp_path)
    assert source.energy_joules() == 0
    for number, name in source_zones:
        zone(tmp_path, number, name, 3_500_000)
    assert source.energy_joules() == pytest.approx(5.0)
    assert source.energy_name == "RAPL package counters"


class Clock:
    """Moved by the test."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> int:
        return round(self.seconds * 1e9)


@given(start=st.integers(0, RANGE - 1), steps=st.lists(st.integers(0, RANGE * 9 // 10), max_size=10))
def test_energy_counts_on_over_wrap_arounds(
    tmp_path_factory: pytest.TempPathFactory, start: int, steps: list[int]
):
    folder, clock = zone(tmp_path_factory.mktemp("rapl"), "0", "package-0", start), Clock()
    counter = PackageCounter(folder, clock)
    energy, last = start, 0.0
    for step in steps:
        energy += step
        clock.seconds += 120
        (folder / "energy_uj").write_text(str(energy % RANGE))
        joules = counter.joules()
        assert joules >= last
        last = joules
    assert counter.joules() == pytest.approx((energy - start) / 1e6)
    assert counter.losses == 0


@pytest.mark.parametrize(
    ("spread", "before", "after", "seconds"),
    [
        (RANGE, 4_000_000_000, 10_000, 0.05),  # reset: as a wrap it were 258 kJ
        (0, 4_000_000_000, 0, 0.05),  # no range, so no wrap
        (-1, 4_000_000_000, 0, 0.05),
        (RANGE, 4_000_000_000, 9_000_000_000, 0.05),  # 100 kW
        (RANGE, 4_000_000_000, 4_100_000_000, 140.0),  # at 2 kW it has wrapped in between
    ],
)
def test_a_step_that_no_package_can_take_loses_the_count(
    tmp_path: Path, spread: int, before: int, after: int, seconds: float
):
    folder, clock = zone(tmp_path, "0", "package-0", before), Clock()
    (folder / "max_energy_range_uj").write_text(str(spread))
    source = RaplSource([PackageCounter(folder, clock)], clock)
    clock.seconds += seconds
    (folder / "energy_uj").write_text(str(after))
    assert source.read() == {"cpu_power": None}
    assert source.energy_losses == 1
    assert f"from 4,000.0 J to {after / 1e6:,.1f} J within {seconds:.2f} s" in source.energy_loss
    lost = source.energy_joules()
    assert lost == 0
    clock.seconds += 0.05
    (folder / "energy_uj").write_text(str(after + 5_000_000))
    assert source.energy_joules() == pytest.approx(5.0), "from there on it counts again"
    assert source.energy_losses == 1


def test_power_is_energy_over_the_time_between_two_readings(tmp_path: Path):
    folder = zone(tmp_path, "0", "package-0", 0)
    now = 0
    source = RaplSource([PackageCounter(folder)], clock_ns=lambda: now)
    now += 50_000_000
    zone(tmp_path, "0", "package-0", 5_000_000)
    assert source.read() == {"cpu_power": pytest.approx(100.0)}
    assert source.units == {"cpu_power": "W"}
    assert source.read() == {"cpu_power": None}, "no time has passed since the reading before"
    assert source.unavailable == {}


def test_a_counter_that_vanishes_midway_gives_none_and_the_reason(tmp_path: Path):
    folder = zone(tmp_path, "0", "package-0", 0)
    source = open_rapl(tmp_path)
    (folder / "energy_uj").unlink()
    assert source.read() == {"cpu_power": None}
    assert source.energy_joules() is None
    assert set(source.unavailable) == {"cpu_power", "cpu_energy"}


def test_a_counter_for_root_only_says_how_to_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    zone(tmp_path, "0", "package-0", 0)
    read_text = Path.read_text

    # chmod alone would not refuse it to the root user of a container.
    def refuse(path: Path) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(path))
        return read_text(path)

    monkeypatch.setattr(Path, "read_text", refuse)
    source = open_rapl(tmp_path)
    assert source.read() == {}
    assert source.energy_joules() is None
    assert "sudo chmod a+r" in source.unavailable["cpu_power"]


@pytest.mark.parametrize("make", [True, False])
def test_a_machine_without_rapl_has_a_reason(tmp_path: Path, make: bool):
    root = tmp_path / "powercap"
    if make:
        zone(root, "0", "psys", 0)
    assert "contains no package counter" in open_rapl(root).unavailable["cpu_power"]


def test_a_garbled_counter_is_a_reason_too(tmp_path: Path):
    (zone(tmp_path, "0", "package-0", 0) / "max_energy_range_uj").write_text("much")
    assert "cannot be read" in open_rapl(tmp_path).unavailable["cpu_energy"]
