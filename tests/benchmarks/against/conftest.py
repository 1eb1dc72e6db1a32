"""A package that stands in for dawnbench and for torch, so that a process starts at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FAKE = """
import time

print("what a revision prints")

class DawnbenchError(Exception):
    pass

def find_recipe(name):
    if name not in {known}:
        raise DawnbenchError(f"there is no recipe {{name!r}}")
    return name

def override(recipe, settings):
    return dict(setting.split("=") for setting in settings)

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def run(recipe, *, device, out, observer):
    {fault}
    observer.an_event_of_another_revision(1, two=2)
    observer.trial_started(1, 0)
    for epoch in range(int(recipe["epochs"])):
        for step in range({steps}):
            spin({seconds})
            observer.step(epoch * {steps} + step + 1)
        spin(0.004)  # the evaluation
        observer.epoch_ended(None)
"""

MakeTree = Callable[..., Path]


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    def make(
        name: str,
        *,
        seconds: float = 0.001,
        steps: int = 5,
        known: tuple[str, ...] = ("davidnet",),
        fault: str = "pass",
    ) -> Path:
        package = tmp_path / name / "dawnbench"
        package.mkdir(parents=True)
        source = FAKE.format(seconds=seconds, steps=steps, known=known, fault=fault)
        (package / "__init__.py").write_text(source)
        (tmp_path / name / "torch.py").write_text("def set_num_threads(count): pass\n")
        return tmp_path / name

    return make
