"""A process that has told the memory of a trial ends well."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
from dawnbench.engine.device.cpu import CpuDevice
from dawnbench.engine.memory import forecast
from dawnbench.engine.probe import DataShape
from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt

small = ["model.widths=[8,8,16,16]", "batch_size=64", "model.norm_splits=4"]
recipe = adapt(find_recipe("davidnet-10"), small)
print(forecast(recipe, DataShape(1000, 200, 32, 32, 3, 10), CpuDevice("cpu")).peak_bytes(64) > 0)
"""


@pytest.mark.slow
def test_of_a_recipe_whose_average_is_a_copy_of_the_model() -> None:
    command = [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
