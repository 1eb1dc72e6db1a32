"""CIFAR-10 to 94 % with a model that answers one image fast.

For `dawnbench infer`, where the clock counts the answers and not the training. The network and the method are
those of `speedrun` with a narrower second group, trained for more epochs. Evaluation is plain: an answer is
one forward pass over the image itself, so the accuracy of several views would be that of another model.

Not there yet: one trial on a CPU (seed 0, bf16) ended at 93.48 %.
"""

from dataclasses import replace

from dawnbench.recipes.parts import PiecewiseLinearSpec, SpeedNetSpec
from dawnbench.recipes.recipe import EvaluationSpec
from dawnbench.recipes.speedrun import recipe as speedrun

recipe = replace(
    speedrun,
    name="latency",
    summary="94 % with a fast answer to a single image, CIFAR-10",
    trials=1,
    model=SpeedNetSpec(widths=(64, 192, 256), activation="silu", norm_momentum=0.44, whitening_images=960),
    epochs=24,
    schedule=PiecewiseLinearSpec(epochs=(0, 23, 24), rates=(0.2255, 0.0113, 0.0113)),
    evaluation=EvaluationSpec(batch_size=1000),
)
