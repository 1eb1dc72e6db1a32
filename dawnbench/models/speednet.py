"""The six-convolution network of the CIFAR-10 speed records since airbench94."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.models.fused import kernels_available
from dawnbench.models.normalization import batch_norm
from dawnbench.models.whitening import FittedModel, PatchWhitening

Activation = Literal["gelu", "silu", "relu"]
ACTIVATIONS: dict[str, type[nn.Module]] = {"gelu": nn.GELU, "silu": nn.SiLU, "relu": nn.ReLU}


class DiracConv2d(nn.Conv2d):
    """A 3x3 convolution without bias, initialized to the identity on its first input channels.

    The other filters use torch's initialization (Jordan 2024, arXiv:2404.00498, section 3.2).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)

    def reset_parameters(self) -> None:
        """Reinitialize the filters and set the first ones to the identity."""
        super().reset_parameters()
        # torch's dirac_ writes its ones one by one: on a GPU, one kernel per channel.
        first = self.weight.data[: self.in_channels]
        first.zero_()
        first[:, :, 1, 1].diagonal().fill_(1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered images; channels of x beyond the filters' own are ignored, and have to be 0."""
        spare = x.shape[1] - self.in_channels
        if spare == 0:
            return super().forward(x)
        return F.conv2d(x, F.pad(self.weight, (0, 0, 0, 0, 0, spare)), padding=1)


class Group(nn.Module):
    """Two convolutions, each with batch norm and activation, and a 2x2 max pool before or after the first.

    Input (N, inputs, H, W), output (N, outputs, H // 2, W // 2).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Activation,
        momentum: float,
        pool_first: bool,
        fused: bool,
    ) -> None:
        super().__init__()

        def norm(pool: bool) -> nn.Module:
            # A negligible epsilon: the scale is frozen, and the statistics come from 1,000 images or more.
            if fused:
                # Registering operators with torch loads its compiler, which costs seconds.
                from dawnbench.models.fused.norm_act import FusedNormActivation

                return FusedNormActivation(
                    outputs, activation, pool, scale=False, momentum=momentum, epsilon=1e-12
                )
            return batch_norm(outputs, splits=1, scale=False, momentum=momentum, epsilon=1e-12)

        self.pool_first = pool_first
        self.conv1, self.norm1 = DiracConv2d(inputs, outputs), norm(pool=not pool_first)
        self.conv2, self.norm2 = DiracConv2d(outputs, outputs), norm(pool=False)
        # A fused norm does both itself, except a pool before the convolution.
        self.pool = nn.MaxPool2d(2) if pool_first or not fused else nn.Identity()
        self.activation = nn.Identity() if fused else ACTIVATIONS[activation]()

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of half the height and width."""
        x = self.conv1(self.pool(x)) if self.pool_first else self.pool(self.conv1(x))
        x = self.activation(self.norm1(x))
        return self.activation(self.norm2(self.conv2(x)))  # type: ignore[no-any-return]


class UnitHead(nn.Linear):
    """A linear layer without bias, with weights initialized to unit std and a scaled output."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(inputs, classes, bias=False)

    def reset_parameters(self) -> None:
        """Reinitialize the weights to unit std."""
        super().reset_parameters()
        with torch.no_grad():
            self.weight.div_(self.weight.std())

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to logits (N, classes)."""
        return super().forward(x) / self.in_features


class SpeedNet(FittedModel):
    """2x2 patch whitening, three groups of two convolutions, global max pool, scaled linear head.

    Input: normalized images (N, channels, H, W), H and W at least 16: one global pool covers whatever size
    remains after the groups. Output: logits (N, classes). Where there is an NVIDIA GPU, `fused` runs the
    whitening with its activation, and pool, norm and activation of the groups, as one layer each; the state
    dict is the same either way.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        widths: tuple[int, int, int] = (64, 256, 256),
        activation: Activation = "gelu",
        norm_momentum: float = 0.4,
        whitening_images: int = 5_000,
        whitening_epsilon: float = 5e-4,
        pool_first: tuple[bool, bool, bool] = (False, False, False),
        fused: bool = True,
    ) -> None:
        super().__init__()
        fused = fused and kernels_available()
        whitening = PatchWhitening
        if fused:
            from dawnbench.models.fused.whiten import FusedPatchWhitening

            whitening = FusedPatchWhitening
        self.whiten = whitening(
            channels, size=2, images=whitening_images, epsilon=whitening_epsilon, mirrored=True, bias=True
        )
        self.activation = nn.Identity() if fused else nn.GELU()
        sizes = (len(self.whiten.weight), *widths)
        self.groups = nn.Sequential(
            *(
                Group(inputs, outputs, activation, norm_momentum, first, fused)
                for inputs, outputs, first in zip(sizes[:-1], widths, pool_first, strict=True)
            )
        )
        self.head = UnitHead(widths[-1], classes)

    @property
    def fit_images(self) -> int:
        """Number of training images that `fit` needs."""
        return self.whiten.images

    def fit(self, images: Tensor) -> None:
        """Compute the whitening from normalized training images (N, channels, H, W)."""
        self.whiten.fit(images)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.groups(self.activation(self.whiten(x)))
        # Not amax: its backward pass searches for values equal to the maximum. Compiled in bf16, it compares
        # values recomputed in fp32 with a rounded maximum, finds none, and divides 0 by 0. A pool remembers
        # the index.
        return self.head(F.max_pool2d(x, (x.shape[2], x.shape[3])).flatten(1))  # type: ignore[no-any-return]
