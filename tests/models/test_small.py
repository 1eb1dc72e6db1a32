from __future__ import annotations

import torch
from torch import nn

from dawnbench.models.counting import count
from dawnbench.models.small import CifarResNet
from dawnbench.recipes import ResNet56Spec, VGG19Spec


def test_vgg19_halves_the_images_four_times_and_has_one_linear_layer() -> None:
    with torch.device("meta"):
        model = VGG19Spec().build(3, 10)
    layers = count(model, (3, 32, 32), 2)[0]
    convolutions = [layer.output_shape for layer in layers if layer.kind == "FanOutConv2d"]
    assert len(convolutions) == 16
    assert convolutions[0] == (64, 32, 32)
    assert convolutions[-1] == (512, 2, 2)
    assert [layer.output_shape for layer in layers if layer.kind == "SmallLinear"] == [(10,)]


def test_vggs_batch_norms_start_at_half_a_scale() -> None:
    model = VGG19Spec(stages=((8,), (8, 8))).build(3, 10)
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 3
    for norm in norms:
        norm.weight.data.fill_(9)
        norm.reset_parameters()
        assert norm.weight.eq(0.5).all()
        assert norm.bias.eq(0).all()


def test_resnet56_has_56_layers_in_three_stages() -> None:
    with torch.device("meta"):
        model = ResNet56Spec().build(3, 10)
    layers = count(model, (3, 32, 32), 2)[0]
    main = [x for x in layers if x.kind in ("FanOutConv2d", "Linear") and "downsample" not in x.name]
    assert len(main) == 56
    shapes = {layer.name: layer.output_shape for layer in layers}
    stages = [shapes[f"layer{stage}.8.bn2"] for stage in (1, 2, 3)]
    assert stages == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_a_block_without_effect_passes_its_input_on() -> None:
    model = CifarResNet(3, 10, (8, 8, 8), 2).eval()
    block = model.layer1[1]
    nn.init.zeros_(block.bn2.weight)
    x = torch.rand(2, 8, 4, 4)
    assert block(x).equal(x)


def test_they_take_other_channels_classes_and_sizes() -> None:
    for part in (VGG19Spec(stages=((8,), (8,))), ResNet56Spec(widths=(4, 4, 4), blocks=1)):
        assert part.build(1, 7)(torch.zeros(2, 1, 20, 20)).shape == (2, 7)
