"""DavidNet with the bag of tricks, 10 epochs.

The last network of "How to Train Your ResNet", 8 (Page 2019). Published: 94.1 %.
"""

from dawnbench.recipes.parts import (
    CropSpec,
    DavidNetSpec,
    ExponentialAverageSpec,
    FlipSpec,
    NesterovSGDSpec,
    PiecewiseLinearSpec,
)
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe

recipe = Recipe(
    name="davidnet-10",
    summary="10 epochs by the bag of tricks, CIFAR-10",
    target=0.94,
    trials=1,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
    model=DavidNetSpec(
        logit_scale=1 / 16,
        celu_alpha=0.3,
        pool_first=True,
        norm_splits=16,
        norm_scale=False,
        whitening=True,
    ),
    epochs=10,
    batch_size=512,
    # Page raises the biases' rate 64-fold once the batch norms' scales are frozen.
    optimizer=NesterovSGDSpec(momentum=0.9, weight_decay=5e-4, bias_rate_scale=64),
    schedule=PiecewiseLinearSpec(epochs=(0, 2, 8, 10), rates=(0, 1.0, 0.1, 0.1)),
    augmentation=(CropSpec(4), FlipSpec()),
    label_smoothing=0.2,
    compile="auto",
    average=ExponentialAverageSpec(momentum=0.99, every=5),
    evaluation=EvaluationSpec(flip=True),
)
