"""A batch that does not fit into the GPU's memory: the sentence names one that does."""

from __future__ import annotations

import gc
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dawnbench.campaigns import run
from dawnbench.data.sources import load_dataset
from dawnbench.engine.device import Device
from dawnbench.engine.prepare import prepare
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe

pytestmark = pytest.mark.gpu

ALL_IMAGES = 50_000
# Four times the width saves 13 MB an image: more than 800 GB for all of them, and no GPU has that.
WIDE = (256, 512, 1024, 2048)


def test_a_giant_batch_is_refused_and_the_batch_that_is_named_fits(tmp_path: Path, device: Device) -> None:
    davidnet = find_recipe("davidnet")
    giant = replace(
        davidnet,
        dataset=replace(davidnet.dataset, name="synthetic"),
        model=replace(davidnet.model, widths=WIDE),  # type: ignore[call-arg]
        epochs=1,
        batch_size=ALL_IMAGES,
        compile=False,  # which takes the most memory
    )
    with pytest.raises(DawnbenchError) as refusal:
        run(giant, device="cuda", out=tmp_path)
    named = re.search(r"; batch_size=(\d+) would fit", str(refusal.value))
    assert named is not None, refusal.value
    del refusal
    gc.collect()
    torch.cuda.empty_cache()

    warm_up(prepare(replace(giant, batch_size=int(named[1])), load_dataset("synthetic"), device))
