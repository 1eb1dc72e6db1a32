from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
import dawnbench.recipes, dawnbench.recipes.overrides
dawnbench.recipes.list_recipes()
dawnbench.recipes.overrides.override(dawnbench.recipes.find_recipe("davidnet"), ["epochs=3"]).digest()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "torchvision", "pydantic"}))
"""


def test_recipes_and_overrides_are_at_hand_without_torch() -> None:
    result = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['pydantic']"
