"""Settings shared by the MNIST series: data, batches, optimizer."""

from __future__ import annotations

from dawnbench.recipes.parts import NesterovSGDSpec, PiecewiseLinearSpec
from dawnbench.recipes.recipe import DatasetSpec

DATASET = DatasetSpec("mnist", image_size=28, mean=(0.1307,), std=(0.3081,))
EPOCHS = 15
BATCH_SIZE = 128
SGD = NesterovSGDSpec(momentum=0.9, nesterov=False, weight_decay=0.0)
CONSTANT = PiecewiseLinearSpec(epochs=(EPOCHS,), rates=(0.01,))
