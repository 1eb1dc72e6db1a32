"""A clock, a device and a recipe of journalled parts with which a test sees the exact order of a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD

from dawnbench.data.augmentation import Change, Draws, Shown
from dawnbench.engine.device import CaptureError, Device
from dawnbench.engine.hooks import EpochResult, Hook
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared
from dawnbench.engine.resident import Split
from dawnbench.engine.trial import Trial
from dawnbench.models.whitening import FittedModel
from dawnbench.optim.contracts import CrossEntropy
from dawnbench.optim.schedules import Schedule
from dawnbench.recipes.part import (
    AugmentationPart,
    AveragePart,
    LossPart,
    ModelPart,
    OptimizerPart,
    SchedulePart,
)
from dawnbench.recipes.recipe import DatasetSpec, EvaluationSpec, Recipe

BATCH, STEPS, CLASSES, FEATURES = 4, 3, 3, 4
VALIDATION = 5


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

    def elapsed_ns(self, start: int, end: int) -> int:
        return self.clock.elapsed_ns(start, end)

    def free_memory_bytes(self) -> int | None:
        return self.free_bytes

    def happened(self, what: str, takes_ns: int = 0) -> None:
        self.journal.append(what)
        self.clock.now_ns += takes_ns


class CapturingDevice(FakeDevice):
    """Captures as a GPU does: what was captured is noted, and so is each time that it is replayed."""

    captures = True

    def __init__(self) -> None:
        super().__init__()
        self.captured = 0

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        self.captured += 1
        function()

        def replay() -> None:
            self.happened("replay")
            function()

        return replay


class RefusingDevice(FakeDevice):
    """Would capture, and finds after the first calls that it cannot; of the first `allowed` it can."""

    captures = True

    def __init__(self, allowed: int = 0) -> None:
        super().__init__()
        self._left = allowed

    def capture(self, function: Callable[[], None]) -> Callable[[], None]:
        function()
        self._left -= 1
        if self._left < 0:
            raise CaptureError("it asks the host")

        def replay() -> None:
            self.happened("replay")
            function()

        return replay


class JournalledModel(FittedModel):
    """One linear layer on four pixels that says when it is used."""

    fit_images = BATCH

    def __init__(self, device: FakeDevice) -> None:
        super().__init__()
        self.linear = nn.Linear(FEATURES, CLASSES)
        self.device = device

    def __deepcopy__(self, _memo: Any) -> JournalledModel:
        copy = JournalledModel(self.device)
        copy.load_state_dict(self.state_dict())
        return copy

    def reset_parameters(self) -> None:
        self.device.happened("reset", 7)

    def fit(self, images: Tensor) -> None:
        self.device.happened("fit")

    def forward(self, images: Tensor) -> Tensor:
        self.device.happened("forward" if self.training else "evaluate", 10)
        return self.linear(images.flatten(1))


class JournalledSGD(SGD):
    """Says at which rates it steps."""

    def __init__(self, model: JournalledModel, device: FakeDevice, bias_until: float | None) -> None:
        bias: dict[str, Any] = {"params": [model.linear.bias], "rate_scale": 2.0}
        if bias_until is not None:
            bias["until_epoch"] = bias_until
        super().__init__([{"params": [model.linear.weight], "rate_scale": 0.5}, bias], lr=0.0, momentum=0.9)
        self.device = device
        self.rates: list[tuple[float, ...]] = []

    def step(self, closure: Any = None) -> Any:
        self.device.happened("optimizer")
        self.rates.append(tuple(float(group["lr"]) for group in self.param_groups))
        return super().step(closure)


class JournalledChange(Change):
    """Leaves the images as they are, and says when it is asked."""

    def __init__(self, device: FakeDevice) -> None:
        self.device = device

    def draw(self, shown: Shown) -> Draws:
        self.device.happened("draw")
        return ()

    def change(self, images: Tensor, draws: Draws) -> Tensor:
        self.device.happened("batch")
        return images


class JournalledSchedule(Schedule):
    """A rate by time that says when it is told a loss."""

    def __init__(self, rate: Callable[[float], float], device: FakeDevice) -> None:
        self.rate, self.device = rate, device
        self.observed: list[float] = []

    def __call__(self, epoch: float) -> float:
        return self.rate(epoch)

    def observe_validation_loss(self, loss: float) -> None:
        self.device.happened("observe")
        self.observed.append(loss)


class JournalledLoss(CrossEntropy):
    """Cross-entropy that says when it is computed."""

    def __init__(self, label_smoothing: float, device: FakeDevice) -> None:
        super().__init__(label_smoothing)
        self.device = device

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        self.device.happened("loss")
        return super().__call__(logits, labels)


class NoneRight:
    """An average that is of zeros whatever is trained, so that its logits are equal."""

    def __init__(self, model: JournalledModel, device: FakeDevice) -> None:
        self.model, self.device = JournalledModel(device), device
        self.updates: list[tuple[int, int]] = []

    @torch.no_grad()
    def begin(self) -> None:
        self.device.happened("begin average")
        for tensor in self.tensors():
            tensor.zero_()

    def update(self, step: int, steps: int) -> None:
        self.device.happened("average")
        self.updates.append((step, steps))

    def tensors(self) -> list[Tensor]:
        return list(self.model.state_dict().values())

    def statistics(self) -> list[Tensor]:
        return list(self.model.buffers())


def split(count: int, seed: int) -> Split:
    draws = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 2, 2, 1), dtype=torch.uint8, generator=draws)
    return Split(pixels, torch.arange(count) % CLASSES)


def normalize(split: Split, of: Split | None = None) -> Tensor:
    """Return the images (N, C, H, W) of a split, normalized by the statistics of another one or its own."""
    pixels = (of or split).images.double().flatten(0, 2) / 255
    normalized = (split.images.double() / 255 - pixels.mean(0)) / pixels.std(0, correction=0)
    return normalized.float().permute(0, 3, 1, 2)


class Listener(Hook):
    """Keeps what a trial says."""

    def __init__(self, on_step: Callable[[int], None] | None = None) -> None:
        self.results: list[EpochResult] = []
        self.steps: list[int] = []
        self._on_step = on_step

    def after_step(self, trial: Trial, step: int) -> None:
        self.steps.append(step)
        if self._on_step is not None:
            self._on_step(step)

    def after_epoch(self, trial: Trial, result: EpochResult) -> None:
        self.results.append(result)


def results_of(prepared: Prepared, seed: int = 0, hooks: tuple[Hook, ...] = ()) -> list[EpochResult]:
    """Return what the epochs of a whole trial came to."""
    listener = Listener()
    Trial(prepared, seed, Ledger(prepared.device), (listener, *hooks)).run()
    return listener.results


@dataclass
class World:
    """A fake device, a recipe of journalled parts for it, and the two splits."""

    epochs: int = 2
    schedule: Callable[[float], float] = lambda epoch: 0.1
    averages: bool = False
    bias_until: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """Further fields of the recipe."""
    device: FakeDevice = field(default_factory=FakeDevice)
    train: Split = field(default_factory=lambda: split(BATCH * STEPS, 1))
    validation: Split = field(default_factory=lambda: split(VALIDATION, 2))

    def recipe(self) -> Recipe:
        parts = _parts(self)
        settings = {
            "name": "fake",
            "summary": "a fake",
            "target": 0.5,
            "trials": 1,
            "dataset": DatasetSpec("fake", image_size=2),
            "epochs": self.epochs,
            "batch_size": BATCH,
            "shuffle": False,
            "precision": "fp32",
            "evaluation": EvaluationSpec(batch_size=VALIDATION),
        }
        return Recipe(**parts | settings | self.settings)

    def prepared(self) -> Prepared:
        """Return the recipe prepared; what no part sees is journalled as well."""
        prepared = Prepared(self.recipe(), self.train, self.validation, CLASSES, self.device)
        for owner, method, what, takes_ns in (
            (prepared.train, "load", "load", 3),
            (prepared.validation, "load", "load", 3),
            (prepared.normalization, "fit", "normalization", 5),
        ):
            setattr(owner, method, self._noted(getattr(owner, method), what, takes_ns))
        return prepared

    def _noted(self, function: Callable[..., Any], what: str, takes_ns: int) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.device.happened(what, takes_ns)
            return function(*arguments)

        return call


def _parts(world: World) -> dict[str, Any]:
    """Return the parts of the world's recipe, by its fields; they are classes of this world alone."""
    device = world.device

    @dataclass(frozen=True)
    class Model(ModelPart, kind="journalled_model"):
        def build(self, channels: int, classes: int) -> nn.Module:
            return JournalledModel(device)

    @dataclass(frozen=True)
    class Optimizer(OptimizerPart, kind="journalled_optimizer"):
        def build(self, model: nn.Module, **_settings: Any) -> JournalledSGD:
            device.happened("make optimizer")
            return JournalledSGD(model, device, world.bias_until)

    @dataclass(frozen=True)
    class OwnSchedule(SchedulePart, kind="journalled_schedule"):
        def build(self) -> JournalledSchedule:
            return JournalledSchedule(world.schedule, device)

    @dataclass(frozen=True)
    class Augmentation(AugmentationPart, kind="journalled_change"):
        def build(self) -> JournalledChange:
            return JournalledChange(device)

    @dataclass(frozen=True)
    class Loss(LossPart, kind="journalled_loss"):
        def build(self, model: nn.Module, label_smoothing: float) -> JournalledLoss:
            return JournalledLoss(label_smoothing, device)

    @dataclass(frozen=True)
    class Average(AveragePart, kind="journalled_average"):
        def build(self, model: nn.Module) -> NoneRight:
            return NoneRight(model, device)

    return {
        "model": Model(),
        "optimizer": Optimizer(),
        "schedule": OwnSchedule(),
        "augmentation": (Augmentation(),),
        "loss": Loss(),
        "average": Average() if world.averages else None,
    }
