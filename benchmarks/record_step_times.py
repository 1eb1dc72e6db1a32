"""Writes the committed ratios of test_step_times.py: `python -m benchmarks.record_step_times`.

Each process is one run of that test, so what is kept is measured as it will be compared. Take a quiet moment.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

from benchmarks.calibration import VERSION
from benchmarks.test_step_times import BASELINE
from dawnbench.telemetry import environment

MIN_MARGIN = 0.05
TIMES_THE_SPREAD = 2
"""The margin, in widths of what the processes found: most over least, less 1."""


def one_process() -> dict[str, dict[str, float]]:
    """Run the test once and return what it noted, by case."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "benchmarks/test_step_times.py",
            f"--junitxml={report}",
        ]
        subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, check=False)
        cases = ElementTree.parse(report).getroot().iter("testcase")
        return {
            case.attrib["name"].partition("[")[2].rstrip("]"): {
                entry.attrib["name"]: float(entry.attrib["value"]) for entry in case.iter("property")
            }
            for case in cases
        }


def summed_up(found: list[dict[str, float]]) -> dict[str, object]:
    ratios = [one["ratio"] for one in found]
    spread = max(ratios) / min(ratios) - 1
    return {
        "ratio": round(median(ratios), 4),
        "margin": max(MIN_MARGIN, math.ceil(100 * TIMES_THE_SPREAD * spread) / 100),
        "spread": round(spread, 4),
        "of_each_process": [round(one, 4) for one in ratios],
        "step_ms": round(median(one["step_ms"] for one in found), 2),
        "calibration_ms": round(median(one["calibration_ms"] for one in found), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the step times' ratios and keep them.")
    parser.add_argument("--processes", type=int, default=7)
    processes = parser.parse_args().processes
    BASELINE.unlink(missing_ok=True)  # so that the test measures every case on whatever processor this is
    found = []
    for number in range(processes):
        found.append(one_process())
        print(f"{number + 1} of {processes}:", {name: one["ratio"] for name, one in found[-1].items()})
    described = environment(None)
    content = {
        "what": "a training step's time over that of the calibration step, on one thread of the processor; "
        "the median over the processes, each the median over the pairs of one run",
        "margin_is": f"{TIMES_THE_SPREAD} times the spread, most over least of the processes less 1; "
        f"at least {MIN_MARGIN:.0%}",
        "calibration_version": VERSION,
        "command": f"python -m benchmarks.record_step_times --processes {processes}",
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "environment": {key: described[key] for key in ("python", "packages", "platform", "cpu")},
        "ratios": {name: summed_up([one[name] for one in found]) for name in found[0]},
    }
    BASELINE.parent.mkdir(exist_ok=True)
    BASELINE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {BASELINE}")


if __name__ == "__main__":
    main()
