from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from dawnbench.data.sources.names import KNOWN_SHAPES
from dawnbench.engine.describe import describe_model
from dawnbench.engine.recipe_counts import count_recipe
from dawnbench.recipes import find_recipe
from dawnbench.recipes.catalogue import PLACES, list_recipes
from dawnbench.recipes.overrides import override
from dawnbench.recipes.shipped_counts import SHIPPED, shipped_counts, to_json

RECORDED = {
    # FLOPs of a step and of a trial, parameters trained and fixed, layers: by FlopCounterMode of torch 2.15.
    "davidnet": (1_163_280_777_216, 2_708_117_649_358_848, 6_573_120, 0, 28),
    "davidnet-10": (1_164_045_189_120, 1_129_123_833_446_400, 6_570_880, 2_969, 29),
    "speedrun": (1_087_145_607_168, 237_603_256_270_848, 1_971_352, 1_440, 24),
    "latency": (1_281_487_896_576, 900_915_117_686_784, 3_005_080, 1_696, 24),
    "davidnet-onecycle": (1_163_280_777_216, 2_736_036_388_012_032, 6_575_370, 0, 28),
    "davidnet-onecycle-fast": (1_087_145_607_168, 79_201_085_423_616, 1_971_352, 1_440, 24),
    "resnet18-step": (213_055_832_064, 3_332_193_213_480_960, 11_173_962, 0, 60),
    "resnet18-fast": (2_777_484_460_032, 1_058_787_947_446_272, 4_604_440, 2_080, 24),
    "mnist-1": (122_039_304_192, 858_546_504_990_720, 6_379_786, 0, 16),
    "mnist-2": (1_290_043_392, 9_075_455_262_720, 8_946, 0, 16),
    "mnist-3": (1_290_043_392, 9_075_455_262_720, 9_122, 0, 24),
    "mnist-4": (1_286_897_664, 9_053_325_066_240, 6_438, 0, 26),
    "mnist-5": (860_995_584, 6_057_103_933_440, 7_506, 0, 25),
    "mnist-6": (856_694_784, 6_026_847_805_440, 7_416, 0, 25),
    "mnist-drill-1": (1_897_365_504, 13_347_966_320_640, 22_672, 0, 16),
    "mnist-drill-2": (814_227_456, 5_728_090_152_960, 7_432, 0, 22),
    "mnist-drill-3": (1_169_104_896, 8_224_652_943_360, 9_722, 0, 28),
    "mnist-fast": (195_821_568, 45_822_246_912, 11_906, 0, 10),
    "mnist-tiny": (664_682_496, 1_866_428_448_768, 1_888, 0, 31),
    "mnist-ladder-fast": (1_030_422_528, 964_475_486_208, 29_546, 0, 12),
    "slim-vgg16": (11_856_135_585_792, 463_574_901_404_467_200, 134_678_692, 0, 52),
    "slim-resnet50": (3_108_866_359_296, 121_556_674_648_473_600, 23_712_932, 0, 158),
    "slim-mobilenetv2": (1_570_916_990_976, 61_422_854_347_161_600, 2_351_972, 0, 141),
    "slim-vgg19": (152_657_854_464, 19_100_550_750_535_680, 20_035_018, 0, 54),
    "slim-resnet56": (48_230_547_456, 6_034_606_097_694_720, 855_770, 0, 116),
    "slim-vgg-small": (40_317_616_128, 157_238_702_899_200, 1_175_786, 0, 29),
    "quickstart": (18_195_873_792, 1_601_236_893_696, 412_656, 0, 28),
}
COMMAND = "python -m dawnbench.engine.recipe_counts writes the file again"


@pytest.mark.parametrize("name", PLACES)
def test_every_recipe_is_described_as_runs_have_recorded_it(name: str) -> None:
    recipe = find_recipe(name)
    shape = KNOWN_SHAPES[recipe.dataset.name]
    found = describe_model(recipe, shape.channels, shape.classes, shape.train_images)
    arithmetic = found.flops_per_step, found.flops_per_trial
    assert (*arithmetic, found.parameters, found.fixed_parameters, len(found.layers)) == RECORDED[name]
    shipped = shipped_counts(recipe)
    assert shipped is not None, COMMAND
    assert (shipped.shape, shipped.model) == (shape, found), COMMAND


@pytest.mark.parametrize("name", ["quickstart", "mnist-drill-1", "mnist-ladder-fast", "speedrun"])
def test_the_shipped_memory_is_what_is_predicted(name: str) -> None:
    """Of a few recipes that together have each optimizer, since all would take half a minute."""
    shipped = shipped_counts(find_recipe(name))
    assert shipped is not None, COMMAND
    # Versions of torch differ in what an operation keeps.
    assert shipped.peak_bytes == pytest.approx(count_recipe(find_recipe(name)).peak_bytes, rel=0.01), COMMAND


def test_the_shipped_file_holds_the_recipes_and_nothing_else_as_its_command_writes_it() -> None:
    counted = [(recipe, shipped_counts(recipe)) for recipe in list_recipes()]
    text = to_json((recipe, counts) for recipe, counts in counted if counts is not None)
    assert SHIPPED.read_text(encoding="utf-8") == text, COMMAND


def test_changed_settings_are_not_shipped() -> None:
    recipe = find_recipe("quickstart")
    assert shipped_counts(override(recipe, ("trials=9",))) is not None
    assert shipped_counts(override(recipe, ("epochs=9",))) is None


def test_counts_of_another_shape_of_data_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN_SHAPES, "digits", replace(KNOWN_SHAPES["digits"], train_images=1_000))
    assert shipped_counts(find_recipe("quickstart")) is None


def test_describing_a_recipe_loads_neither_torchs_compiler_nor_an_algebra_system() -> None:
    program = (
        "import sys\n"
        "from dawnbench.recipes import find_recipe\n"
        "from dawnbench.engine.describe import describe_model\n"
        "for name in sys.argv[1:]:\n"
        "    describe_model(find_recipe(name), 3, 10, 50_000)\n"
        "    print(name, *sorted({'sympy', 'torch._dynamo', 'torchvision'} & set(sys.modules)))\n"
    )
    names = ["davidnet", "davidnet-10", "speedrun", "mnist-4"]
    told = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == names
