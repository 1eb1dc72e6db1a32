"""Network slimming: training with an L1 penalty on batch-norm scales, to be cut by `dawnbench slim prune`.

At 224x224 the settings are those of ZJCV/NetworkSlimming (configs/*_slim_*.yaml), without its AutoAugment,
hue and saturation. There the penalty was added to scaled gradients; here it is added after unscaling. At
32x32 they are those of arXiv:1708.06519 (Eric-mingjie/network-slimming). The targets are the published
accuracies before cutting, which at 224x224 come from ImageNet weights.
"""

from __future__ import annotations

from dataclasses import replace

from dawnbench.recipes.parts import (
    BrightnessContrastSpec,
    CropSpec,
    FlipSpec,
    MilestonesSpec,
    MobileNetV2Spec,
    NesterovSGDSpec,
    NormScalePenaltySpec,
    PiecewiseLinearSpec,
    ResNet50Spec,
    ResNet56Spec,
    TorchvisionWeightsSpec,
    VGG16Spec,
    VGG19Spec,
)
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe

_SGD = NesterovSGDSpec(momentum=0.9, nesterov=False, weight_decay=1e-4)

slim_vgg16 = Recipe(
    name="slim-vgg16",
    summary="sparse VGG-16 at 224x224, CIFAR-100",
    target=0.8112,
    trials=1,
    dataset=DatasetSpec("cifar100", image_size=224, mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225)),
    model=VGG16Spec(),
    epochs=100,
    batch_size=128,
    drop_last=False,
    optimizer=replace(_SGD, decay_vectors=False),
    schedule=MilestonesSpec(rate=0.05, epochs=100, milestones=(40, 60, 80), warm_up=5),
    # The original crops 224 of 256 pixels.
    augmentation=(CropSpec(16), FlipSpec(), BrightnessContrastSpec(0.1, 0.1)),
    label_smoothing=0.1,
    evaluation=EvaluationSpec(batch_size=125, top5=True),
    penalty=NormScalePenaltySpec(1e-4),
    weights=TorchvisionWeightsSpec(),
)

slim_resnet50 = replace(
    slim_vgg16,
    name="slim-resnet50",
    summary="sparse ResNet-50 at 224x224, CIFAR-100",
    target=0.8394,
    model=ResNet50Spec(),
    penalty=NormScalePenaltySpec(1e-5),
)

slim_mobilenetv2 = replace(
    slim_vgg16,
    name="slim-mobilenetv2",
    summary="sparse MobileNetV2 at 224x224, CIFAR-100",
    target=0.8032,
    model=MobileNetV2Spec(),
    # Its own configuration differs from the others' decay of 1e-4.
    optimizer=replace(_SGD, decay_vectors=False, weight_decay=1e-5),
    penalty=NormScalePenaltySpec(1e-5),
)

slim_vgg19 = Recipe(
    name="slim-vgg19",
    summary="sparse VGG-19, CIFAR-10",
    target=0.9377,
    trials=1,
    dataset=DatasetSpec("cifar10"),
    model=VGG19Spec(),
    epochs=160,
    batch_size=64,
    drop_last=False,
    optimizer=_SGD,
    schedule=MilestonesSpec(rate=0.1, epochs=160, milestones=(80, 120)),
    augmentation=(CropSpec(4, border="black"), FlipSpec()),
    evaluation=EvaluationSpec(top5=True),
    penalty=NormScalePenaltySpec(1e-4),
)

slim_resnet56 = replace(
    slim_vgg19,
    name="slim-resnet56",
    summary="sparse ResNet-56, CIFAR-10",
    target=0.9353,
    model=ResNet56Spec(),
    penalty=NormScalePenaltySpec(1e-5),
)

slim_vgg_small = replace(
    slim_vgg19,
    name="slim-vgg-small",
    summary="sparse narrow VGG for a CPU, CIFAR-10",
    # One trial on a CPU reached 88.55 %.
    target=0.88,
    model=VGG19Spec(stages=((32, 32), (64, 64), (128, 128), (256, 256))),
    epochs=10,
    batch_size=128,
    drop_last=True,
    optimizer=NesterovSGDSpec(momentum=0.9, weight_decay=5e-4),
    schedule=PiecewiseLinearSpec(epochs=(0, 2, 10), rates=(0, 0.2, 0)),
    augmentation=(CropSpec(4), FlipSpec()),
    # A tenth of the epochs need more of it.
    penalty=NormScalePenaltySpec(3e-4),
)
