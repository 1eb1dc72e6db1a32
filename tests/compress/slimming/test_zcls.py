"""The rule zcls against the networks that ZJCV/NetworkSlimming published in docs/records."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dawnbench.compress.slimming.cut import Target, cut
from dawnbench.compress.slimming.zcls import links, plan
from dawnbench.recipes import MobileNetV2Spec, ModelPart, ResNet50Spec, VGG16Spec
from tests.compress.slimming.networks import NETWORKS, channels, norms

# Per ratio: the outputs of all convolutions, then multiply-accumulates, parameters and true ratio.
VGG = {
    "20 %": (
        "24 56 96 112 168 152 216 304 344 448 496 504 512",
        8_363_818_592,
        130_309_732,
        0.1875,
    ),
    "40 %": (
        "24 48 72 96 112 88 168 192 192 240 392 424 512",
        4_519_959_104,
        125_719_276,
        0.3939393939393939,
    ),
    "60 %": (
        "24 40 56 88 72 48 120 112 104 80 248 248 504",
        2_450_902_352,
        120_726_620,
        0.5871212121212122,
    ),
}
RESNET = {
    "20 %": (
        "64 64 64 256 256 64 64 256 64 64 256 128 128 512 512 104 128 512 128 128 512 128 128 512 256 "
        "256 1024 1024 256 256 1024 256 256 1024 256 256 1024 256 256 1024 256 256 1024 512 512 2048 "
        "2048 512 512 2048 512 512 2048",
        4_078_323_968,
        23_672_948,
        0.0009036144578312699,
    ),
    "40 %": (
        "64 40 32 256 256 40 48 256 48 64 256 112 112 512 512 8 56 512 80 96 512 80 120 512 256 184 1024 "
        "1024 88 192 1024 96 200 1024 136 176 1024 136 184 1024 192 216 1024 504 480 2048 2048 472 512 "
        "2048 488 512 2048",
        2_837_035_584,
        19_435_572,
        0.05993975903614457,
    ),
    "60 %": (
        "48 24 8 256 256 24 16 256 16 48 256 56 48 512 512 8 16 512 16 32 512 8 48 512 192 40 1024 1024 "
        "16 40 1024 8 40 1024 24 16 1024 16 24 1024 40 56 1024 344 112 2048 2048 96 224 2048 328 248 "
        "2048",
        1_120_672_992,
        7_418_820,
        0.20090361445783134,
    ),
}
MOBILENET = {
    "20 %": (
        "24 24 16 80 80 24 120 120 24 128 128 32 120 120 32 104 104 32 176 176 64 208 208 64 144 144 64 "
        "136 136 64 320 320 96 288 288 96 296 296 96 464 464 160 664 664 160 584 584 160 800 800 320 "
        "1280",
        223_971_760,
        1_780_124,
        0.29080675422138835,
    ),
    "40 %": (
        "24 24 16 64 64 24 88 88 24 112 112 32 80 80 32 40 40 32 144 144 64 72 72 64 32 32 64 32 32 64 "
        "224 224 96 112 112 96 88 88 96 392 392 160 200 200 160 208 208 160 568 568 320 1280",
        153_326_696,
        1_206_300,
        0.5459662288930582,
    ),
    "60 %": (
        "24 24 16 56 56 24 48 48 24 88 88 32 32 32 32 8 8 32 80 80 64 16 16 64 8 8 64 8 8 64 72 72 96 16 "
        "16 96 8 8 96 192 192 160 16 16 160 32 32 160 216 216 296 1280",
        95_991_992,
        728_436,
        0.7303001876172608,
    ),
}
PUBLISHED = [
    pytest.param(part, *figures, id=f"{name} at {ratio}")
    for name, part, table in (
        ("vgg16", VGG16Spec(), VGG),
        ("resnet50", ResNet50Spec(), RESNET),
        ("mobilenet_v2", MobileNetV2Spec(), MOBILENET),
    )
    for ratio, figures in table.items()
]


def convolutions(model: nn.Module) -> dict[str, int]:
    return {name: conv.out_channels for name, conv in model.named_modules() if isinstance(conv, nn.Conv2d)}


@pytest.mark.parametrize(("part", "outputs", "macs", "parameters", "ratio"), PUBLISHED)
def test_a_published_cut_comes_out_as_published(
    part: ModelPart, outputs: str, macs: int, parameters: int, ratio: float
) -> None:
    with torch.device("meta"):
        model = part.build(3, 100)
    # Scales are 1 for as many channels as were kept, and 0 for the others, which makes the threshold 0.
    wanted = dict(zip(convolutions(model), map(int, outputs.split()), strict=True))
    for link in links(model):
        if link.norm is not None:
            norm = model.get_submodule(link.norm)
            norm.weight = nn.Parameter((torch.arange(norm.num_features) < wanted[link.layer]).float())
    result = cut(model, torch.empty(1, 3, 224, 224, device="meta"), "zcls", Target("ratio", 0.0005))
    assert (result.macs, result.parameters) == (macs, parameters)
    assert result.true_ratio == pytest.approx(ratio, rel=1e-9)
    assert convolutions(model) | {n: o for n, _, o in result.widths if n in wanted} == wanted


def scaled(name: str, scales: dict[str, Tensor]) -> nn.Module:
    """Return a network with the given scales, and 1 in all other batch norms."""
    model = NETWORKS[name].make()
    for norm, layer in norms(model):
        layer.weight.data = scales.get(norm, torch.ones(layer.num_features))
    return model


def test_the_largest_of_the_others_fill_up_a_layer_to_a_multiple_of_8() -> None:
    scales = torch.linspace(0, 0.32, 33)[1:]  # 0.01 to 0.32
    model = scaled("vgg", {"features.1": scales.flip(0)})
    # 20 of 160 channels: the threshold is the 21st, 0.21, above which 11 remain.
    kept = plan(model, 20 / 160)["features.1"].outputs
    assert kept is not None
    assert kept.tolist() == list(range(16))


def test_a_layer_below_the_threshold_keeps_8_channels() -> None:
    model = scaled("vgg", {"features.1": torch.linspace(0, 0.32, 33)[1:]})
    kept = plan(model, 31 / 160)["features.1"].outputs
    assert kept is not None
    assert kept.tolist() == list(range(24, 32))


def test_a_depthwise_convolution_keeps_the_channels_of_its_expansion() -> None:
    scales = torch.rand(64, generator=torch.Generator().manual_seed(0))
    result = plan(scaled("mobilenet", {"features.2.conv.0.1": scales}), 0.01)
    names = ("0.0", "0.1", "1.0", "1.1")
    expand, _, depthwise, _ = (result[f"features.2.conv.{name}"].outputs for name in names)
    assert expand is not None
    assert 0 < len(expand) < 64
    assert depthwise is not None
    assert depthwise.equal(expand)


def test_a_residual_output_keeps_the_channels_of_the_blocks_input() -> None:
    scales = torch.rand(24, generator=torch.Generator().manual_seed(0))
    model = scaled("mobilenet", {"features.2.conv.3": scales})
    result = plan(model, 10 / channels(model))  # 13 scales are above the threshold
    trunk = [result[f"features.{block}.conv.3"].outputs for block in (2, 3, 4)]
    assert [len(kept) for kept in trunk if kept is not None] == [16, 16, 16]
    assert trunk[0].equal(trunk[1])
    assert trunk[0].equal(trunk[2])


def test_the_trunk_of_a_residual_network_stays_whole() -> None:
    model = NETWORKS["resnet"].make()
    for name, norm in norms(model):
        norm.weight.data = torch.full((norm.num_features,), 0.0 if name.endswith("bn2") else 1.0)
    assert all(kept.outputs is None or len(kept.outputs) for kept in plan(model, 0.1).values())
    result = cut(model, torch.zeros(1, 3, 32, 32), "zcls", Target("ratio", 0.1))
    assert result.widths == ()
