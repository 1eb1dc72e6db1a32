"""Published results of network slimming, for comparison with one's own."""

from __future__ import annotations

from dataclasses import dataclass

ZCLS = "https://github.com/ZJCV/NetworkSlimming/blob/master/docs/details.md"
LIU = "https://github.com/Eric-mingjie/network-slimming"
TORCH_PRUNING = "https://github.com/VainF/Torch-Pruning"


@dataclass(frozen=True, slots=True)
class PublishedSlimming:
    """One published row."""

    architecture: str
    """The kind of our model part."""
    data: str
    """The data set's name here."""
    asked: str
    """What was to be cut, in words."""
    true_ratio: float | None
    """The share of channels that went; None if the source does not say."""
    gmacs: float | None
    """Billions of multiply-accumulates per image, which the sources call FLOPs."""
    mparameters: float | None
    """Millions of parameters."""
    top1: float | None
    """Percent, after fine-tuning; None if the row is to be compared with nothing."""
    top5: float | None
    source: str


def _zcls(architecture: str, *row: float | str | None) -> PublishedSlimming:
    return PublishedSlimming(architecture, "cifar100", *row, source=ZCLS)  # type: ignore[arg-type,misc]


PUBLISHED = (
    _zcls("vgg16_bn", "nothing", 0.0, 15.51, 134.68, 81.120, 95.750),
    _zcls("vgg16_bn", "20% of channels", 0.1875, 8.36, 130.31, 80.670, 95.160),
    _zcls("vgg16_bn", "40% of channels", 0.3939, 4.52, 125.72, 79.960, 95.030),
    _zcls("vgg16_bn", "60% of channels", 0.5871, 2.45, 120.73, 77.620, 93.970),
    _zcls("resnet50", "nothing", 0.0, 4.11, 23.72, 83.940, 96.340),
    _zcls("resnet50", "20% of channels", 0.0009, 4.08, 23.67, 83.680, 96.260),
    _zcls("resnet50", "40% of channels", 0.0599, 2.84, 19.44, 83.010, 95.780),
    _zcls("resnet50", "60% of channels", 0.2009, 1.12, 7.42, 74.580, 92.720),
    _zcls("mobilenet_v2", "nothing", 0.0, 0.313, 2.352, 80.320, 95.050),
    _zcls("mobilenet_v2", "5% of channels", None, None, None, 75.260, 92.830),
    _zcls("mobilenet_v2", "20% of channels", 0.2908, 0.224, 1.780, None, None),
    _zcls("mobilenet_v2", "40% of channels", 0.5460, 0.153, 1.206, None, None),
    _zcls("mobilenet_v2", "60% of channels", 0.7303, 0.096, 0.728, None, None),
    PublishedSlimming("vgg19_bn", "cifar10", "nothing", 0.0, None, 20.04, 93.77, None, LIU),
    PublishedSlimming("vgg19_bn", "cifar10", "70% of channels", None, None, 2.25, 93.78, None, LIU),
    PublishedSlimming("resnet56", "cifar10", "nothing", 0.0, None, None, 93.53, None, TORCH_PRUNING),
    PublishedSlimming(
        "resnet56", "cifar10", "2.13 times fewer MACs", None, None, None, 93.77, None, TORCH_PRUNING
    ),
)
COPIED = (
    "The source gives MobileNetV2 at 20, 40 and 60 % the accuracies 83.680, 83.010 and 74.580 (top 5: "
    "96.260, 95.780 and 92.720). They are copies of ResNet-50's rows, so nothing is compared with them."
)
"""What a reader of MobileNetV2's rows must know."""


def published_slimming(architecture: str, data: str) -> tuple[PublishedSlimming, ...]:
    """Return the published rows of an architecture on a data set."""
    return tuple(row for row in PUBLISHED if (row.architecture, row.data) == (architecture, data))
