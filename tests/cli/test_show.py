from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from dawnbench.cli.show import counts_text
from dawnbench.recipes import find_recipe
from dawnbench.recipes.shipped_counts import RecipeCounts, shipped_counts
from tests.cli.made_runs import invoke


def memory(*settings: str) -> dict[str, float]:
    """Return the gigabytes that `show` names, by place."""
    code, shown, _ = invoke("show", "quickstart", *(part for s in settings for part in ("--set", s)))
    assert code == 0
    sentence = shown.splitlines()[-1]
    assert re.fullmatch(r"Peak memory of a trial, data set included: .*\.", sentence)
    told = re.findall(r" ([\d.]+) (MB|GB) on (.*?)[,.](?= |$)", sentence)
    return {place: float(number) * {"MB": 1e-3, "GB": 1.0}[unit] for number, unit, place in told}


def test_show_tells_the_memory_of_a_trial_on_each_kind_of_device() -> None:
    shipped, small, large = memory(), memory("batch_size=512"), memory("batch_size=1024")
    assert list(shipped) == list(small) == ["a CPU in fp32", "a CPU in bf16", "a GPU in bf16 or fp16"]
    assert all(1.5 < large[place] / small[place] < 2 for place in small)
    assert 1.5 < small["a CPU in fp32"] / small["a CPU in bf16"] < 2
    fixed = memory("batch_size=512", "precision=fp32")
    assert list(fixed) == ["a CPU", "a GPU"]
    assert fixed["a CPU"] == small["a CPU in fp32"]


def test_memory_that_cannot_be_predicted_is_unknown() -> None:
    counts = shipped_counts(find_recipe("quickstart"))
    assert counts is not None
    without = RecipeCounts(counts.shape, counts.model, {"a CPU": None, "a GPU": 1_500_000})
    assert counts_text(without).endswith("included: unknown on a CPU, 1.5 MB on a GPU.")


def test_show_takes_images_of_mixed_sizes_as_run_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAWNBENCH_DATA", str(tmp_path / "cache"))
    photos = tmp_path / "photos"
    for number, side in enumerate((20, 24, 31, 32)):
        for split in ("train", "test"):
            place = photos / split / f"class{number % 2}" / f"{number}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (side, side + number), (number, 0, 0)).save(place)
    shown = [
        invoke("show", *recipe, "--data", photos, "--set", "batch_size=2")
        for recipe in ((tmp_path / "tiny.py",), ("quickstart", "--set", "dataset.image_size=32"))
    ]
    assert [code for code, _, _ in shown] == [0, 0]
    assert all("Peak memory of a trial" in text for _, text, _ in shown)
