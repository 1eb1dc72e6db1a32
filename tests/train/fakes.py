"""A clock, a device and a plan with which a test sees the exact order of a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from dawnbench.train.device import Device
from dawnbench.train.plan import Evaluation, Normalize, Plan, Split
from torch import Tensor, nn
from torch.optim import SGD

BATCH, STEPS, CLASSES, FEATURES = 4, 3, 3, 4


class FakeClock:
    """Stands still until it is told how much time passed."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000

    def mark(self) -> int:
        return self.now_ns

    def elapsed_ns(self, start: int, end: int) -> int:
        return end - start


class FakeDevice(Device):
    """The CPU with a clock that a test moves, a journal of what happens between marks, and little memory."""

    def __init__(self, free_bytes: int | None = None) -> None:
        super().__init__("cpu")
        self.clock = FakeClock()
        self.journal: list[str] = []
        self.free_bytes = free_bytes

    def mark(self) -> int:
        self.journal.append("mark")
        return self.clock.mark()

    def free_memory_bytes(self) -> int | None:
        return self.free_bytes

    def happened(self, what: str, takes_ns: int = 0) -> None:
        self.journal.append(what)
        self.clock.now_ns += takes_ns


class JournalledModel(nn.Module):
    """One linear layer on four pixels that says when it is used."""

    def __init__(self, device: FakeDevice) -> None:
        super().__init__()
        self.linear = nn.Linear(FEATURES, CLASSES)
        self.device = device

    def reset_parameters(self) -> None:
        self.device.happened("reset", 7)

    def forward(self, images: Tensor) -> Tensor:
        self.device.happened("forward" if self.training else "evaluate", 10)
        return self.linear(images.flatten(1))


class JournalledSGD(SGD):
    """Says at which rates it steps."""

    def __init__(self, model: nn.Module, device: FakeDevice) -> None:
        groups = [
            {"params": [model.linear.weight], "rate_scale": 0.5},
            {"params": [model.linear.bias], "rate_scale": 2.0},
        ]
        super().__init__(groups, lr=0.0)
        self.device, self.rates = device, []

    def step(self, closure: Any = None) -> Any:
        self.device.happened("optimizer")
        self.rates.append(tuple(group["lr"] for group in self.param_groups))
        return super().step(closure)


def split(count: int, seed: int) -> Split:
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 2, 2, 1), dtype=torch.uint8, generator=draws)
    return Split(pixels, torch.arange(count) % CLASSES)


@dataclass
class FakeBatches:
    """The training images in order, each time."""

    data: Split
    normalize: Normalize
    device: FakeDevice

    def epoch(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        for pixels, labels in zip(self.data.images.split(BATCH), self.data.labels.split(BATCH), strict=True):
            self.device.happened("batch")
            yield self.normalize(pixels), labels


@dataclass
class FakeSchedule:
    """A rate by time, that has no say on the momentum and listens to nothing."""

    rate: Callable[[float], float]

    def __call__(self, epoch: float) -> float:
        return self.rate(epoch)

    def momentum(self, epoch: float) -> float | None:
        return None

    is_precomputable = True

    def observe_validation_loss(self, loss: float) -> None:
        pass


@dataclass
class World:
    """A fake device, a plan on it, and the two splits."""

    epochs: int = 2
    label_smoothing: float = 0.0
    flip: bool = False
    schedule: Callable[[float], float] = lambda epoch: 0.1
    make_average: Any = None
    device: FakeDevice = field(default_factory=FakeDevice)
    train: Split = field(default_factory=lambda: split(BATCH * STEPS, 1))
    validation: Split = field(default_factory=lambda: split(5, 2))

    def __post_init__(self) -> None:
        self.model = JournalledModel(self.device)
        self.optimizers: list[JournalledSGD] = []

    def plan(self) -> Plan:
        return Plan(
            model=self.model,
            forward=self.model,
            epochs=self.epochs,
            batch_size=BATCH,
            steps_per_epoch=STEPS,
            label_smoothing=self.label_smoothing,
            precision="fp32",
            target=0.5,
            evaluation=Evaluation(batch_size=5, flip=self.flip),
            make_schedule=lambda: FakeSchedule(self.schedule),
            resolution=lambda epoch: 2,
            place=self._place,
            make_normalization=self._make_normalization,
            fit=lambda _split, _normalize: self.device.happened("fit"),
            make_batches=lambda data, normalize, _draws: FakeBatches(data, normalize, self.device),
            make_optimizer=self._make_optimizer,
            make_average=self.make_average,
        )

    def _place(self, data: Split) -> Split:
        self.device.happened("place", 3)
        return data

    def _make_normalization(self, _data: Split) -> Normalize:
        self.device.happened("normalization", 5)
        return lambda pixels: pixels.float().permute(0, 3, 1, 2) / 255

    def _make_optimizer(self) -> JournalledSGD:
        self.device.happened("make optimizer")
        self.optimizers.append(JournalledSGD(self.model, self.device))
        return self.optimizers[-1]
