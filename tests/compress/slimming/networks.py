"""Small networks of the kinds that slimming cuts, with weights as after training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models import MobileNetV2, vgg

from dawnbench.compress.slimming.cut import Cut
from dawnbench.models.resize import resize
from dawnbench.recipes import DavidNetSpec, ResNet56Spec, VGG19Spec


@dataclass(frozen=True)
class Network:
    make: Callable[[], nn.Module]
    tied: tuple[tuple[str, ...], ...]
    """The batch norms whose channels can only go together."""

    def build(self) -> nn.Module:
        """Return it in evaluation mode, its batch norms with scales from 0.1 to 1, shifts and statistics."""
        torch.manual_seed(0)
        model = self.make()
        for _, norm in norms(model):
            for tensor in (norm.weight.data, norm.running_var):
                tensor.uniform_(0.1, 1)
            for tensor in (norm.bias.data, norm.running_mean):
                tensor.normal_()
        return model.eval()


# Without expansion, with stride, and two blocks with a shortcut.
INVERTED_RESIDUALS = [[1, 16, 1, 1], [4, 24, 2, 2], [2, 24, 1, 1]]

VGG = VGG19Spec(stages=((32, 32), (48, 48)))


def flattening_vgg() -> nn.Module:
    """torchvision's VGG, whose first linear layer reads 7x7 positions of each channel, but a tiny one."""
    with torch.device("meta"):
        model = vgg.VGG(nn.Sequential(), init_weights=False)
    model.features = vgg.make_layers([32, "M", 40], batch_norm=True)
    model.classifier = nn.Sequential(nn.Linear(40 * 49, 16), nn.ReLU(), nn.Linear(16, 10))
    return model


NETWORKS = {
    "flattening vgg": Network(flattening_vgg, (("features.1",), ("features.5",))),
    "vgg": Network(
        lambda: VGG.build(3, 10),
        (("features.1",), ("features.4",), ("features.8",), ("features.11",)),
    ),
    "resnet": Network(
        lambda: ResNet56Spec(widths=(16, 32, 48), blocks=2).build(3, 10),
        (
            ("bn1", "layer1.0.bn2", "layer1.1.bn2"),
            ("layer1.0.bn1",),
            ("layer1.1.bn1",),
            ("layer2.0.downsample.1", "layer2.0.bn2", "layer2.1.bn2"),
            ("layer2.0.bn1",),
            ("layer2.1.bn1",),
            ("layer3.0.downsample.1", "layer3.0.bn2", "layer3.1.bn2"),
            ("layer3.0.bn1",),
            ("layer3.1.bn1",),
        ),
    ),
    "mobilenet": Network(
        lambda: MobileNetV2(num_classes=10, inverted_residual_setting=INVERTED_RESIDUALS),
        (
            ("features.0.1", "features.1.conv.0.1"),
            ("features.1.conv.2",),
            ("features.2.conv.0.1", "features.2.conv.1.1"),
            ("features.2.conv.3", "features.3.conv.3", "features.4.conv.3"),
            ("features.3.conv.0.1", "features.3.conv.1.1"),
            ("features.4.conv.0.1", "features.4.conv.1.1"),
            ("features.5.1",),
        ),
    ),
    "davidnet": Network(
        lambda: DavidNetSpec(widths=(12, 16, 24, 32)).build(3, 10),
        (
            ("prep.norm",),
            ("layer1.0.norm", "layer1.1.second.norm"),
            ("layer1.1.first.norm",),
            ("layer2.norm",),
            ("layer3.0.norm", "layer3.1.second.norm"),
            ("layer3.1.first.norm",),
        ),
    ),
}


def norms(model: nn.Module) -> Iterator[tuple[str, nn.BatchNorm2d]]:
    return ((name, m) for name, m in model.named_modules() if isinstance(m, nn.BatchNorm2d))


def silence(model: nn.Module, tied: Iterable[tuple[str, ...]], share: float, seed: int = 0) -> int:
    """Give a random share of each group's channels scale 0 and shift 0; return the number of channels."""
    generator = torch.Generator().manual_seed(seed)
    number = 0
    for names in tied:
        layers = [model.get_submodule(name) for name in names]
        width = layers[0].num_features
        silent = torch.randperm(width, generator=generator)[: int(share * width)]
        for layer in layers:
            layer.weight.data[silent] = 0
            layer.bias.data[silent] = 0
            number += len(silent)
    return number


def channels(model: nn.Module) -> int:
    return sum(norm.num_features for _, norm in norms(model))


def images(number: int = 2) -> Tensor:
    return torch.randn(number, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def narrow(network: Network, cut: Cut) -> nn.Module:
    """Build the network with the cut's widths, and load its state."""
    model = network.make()
    resize(model, cut.widths)
    model.load_state_dict(cut.state)
    return model.eval()
