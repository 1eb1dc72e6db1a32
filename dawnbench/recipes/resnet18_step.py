"""ResNet-18 on CIFAR-10 by plain SGD whose rate is halved after ten epochs: a course write-up of 2020.

Published: 87.98 % after 20 epochs of 33 s.
"""

from __future__ import annotations

from dawnbench.recipes.parts import CropSpec, FlipSpec, NesterovSGDSpec, ResNet18Spec, StepsSpec
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe, WriteUp

recipe = Recipe(
    name="resnet18-step",
    summary="ResNet-18 by plain SGD, CIFAR-10",
    target=0.8798,
    trials=1,
    dataset=DatasetSpec("cifar10", mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
    model=ResNet18Spec(),
    epochs=20,
    batch_size=64,
    drop_last=False,
    shuffle=False,
    optimizer=NesterovSGDSpec(momentum=0.9, nesterov=False, weight_decay=0.0),
    schedule=StepsSpec(0.001, every=10, factor=0.5),
    augmentation=(CropSpec(4, border="black"), FlipSpec()),
    precision="fp32",
    evaluation=EvaluationSpec(batch_size=64),
    write_up=WriteUp(
        target=(
            "Bring a plain ResNet-18, made for images of 32 pixels by a 3x3 stem, to 88 % in 20 epochs at a "
            "low rate that is halved once. Published: 87.98 % in epochs of 33 s."
        ),
    ),
)
