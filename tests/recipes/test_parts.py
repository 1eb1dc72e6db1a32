"""What each part's settings refuse, and what they take at the edge."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dawnbench.errors import DawnbenchError
from dawnbench.recipes import (
    AffineSpec,
    ColorJitterSpec,
    CropSpec,
    CutoutSpec,
    DavidNetSpec,
    ExponentialAverageSpec,
    LookaheadSpec,
    MilestonesSpec,
    MuonSpec,
    NesterovSGDSpec,
    NormScalePenaltySpec,
    PiecewiseLinearSpec,
    PlateauSpec,
    ResNet56Spec,
    SlimmedSpec,
    SpeedNetSpec,
    StepsSpec,
    VGG19Spec,
)

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("part", "settings", "sentence"),
    [
        (DavidNetSpec, {"widths": (8, 0, 8, 8)}, r"model\.widths=\[8, 0, 8, 8\] .*at least 1"),
        (DavidNetSpec, {"norm_splits": 0}, r"model\.norm_splits=0 .*at least 1"),
        (DavidNetSpec, {"celu_alpha": -0.1}, r"model\.celu_alpha=-0\.1 must not be negative"),
        (DavidNetSpec, {"celu_alpha": NAN}, r"model\.celu_alpha=nan"),
        (NesterovSGDSpec, {"momentum": 0.0}, r"optimizer\.momentum=0\.0 .*above 0 with nesterov=true"),
        (NesterovSGDSpec, {"momentum": 1.0}, r"optimizer\.momentum=1\.0 .*below 1"),
        (NesterovSGDSpec, {"momentum": NAN}, r"optimizer\.momentum=nan"),
        (NesterovSGDSpec, {"momentum": -0.1, "nesterov": False}, r"optimizer\.momentum=-0\.1 .*at least 0"),
        (NesterovSGDSpec, {"weight_decay": -1e-9}, r"optimizer\.weight_decay=-1e-09 must not be negative"),
        (NesterovSGDSpec, {"weight_decay": NAN}, r"optimizer\.weight_decay=nan"),
        (NesterovSGDSpec, {"bias_rate_scale": 0.0}, r"optimizer\.bias_rate_scale=0\.0 must be above 0"),
        (NormScalePenaltySpec, {"strength": 0.0}, r"penalty\.strength=0\.0 must be above 0"),
        (CropSpec, {"padding": -1}, r"augmentation\.crop\.padding=-1 must not be negative"),
        (CutoutSpec, {"size": 0}, r"augmentation\.cutout\.size=0 must be at least 1"),
        (ExponentialAverageSpec, {"momentum": 1.0}, r"average\.momentum=1\.0 .*below 1"),
        (ExponentialAverageSpec, {"momentum": -0.1}, r"average\.momentum=-0\.1 .*at least 0"),
        (ExponentialAverageSpec, {"every": 0}, r"average\.every=0 must be at least 1"),
        (LookaheadSpec, {"momentum": 1.0}, r"average\.momentum=1\.0 .*below 1"),
        (LookaheadSpec, {"every": 0}, r"average\.every=0 must be at least 1"),
        (LookaheadSpec, {"last_steps": 0}, r"average\.last_steps=0 must be at least 1"),
        (SpeedNetSpec, {"widths": (8, 0, 8)}, r"model\.widths=\[8, 0, 8\] .*at least 1"),
        (SpeedNetSpec, {"norm_momentum": 0.0}, r"model\.norm_momentum=0\.0 must be above 0"),
        (SpeedNetSpec, {"whitening_epsilon": 0.0}, r"model\.whitening_epsilon=0\.0 must be above 0"),
        (SpeedNetSpec, {"whitening_images": 0}, r"model\.whitening_images=0 must be at least 1"),
        (VGG19Spec, {"stages": ((8, 0),)}, r"model\.stages=\[\[8, 0\]\] must .*at least 1"),
        (VGG19Spec, {"stages": ((8,), ())}, r"model\.stages=\[\[8\], \[\]\] must have at least one stage"),
        (VGG19Spec, {"stages": ()}, r"model\.stages=\[\] must have at least one stage"),
        (VGG19Spec, {"initial_scale": 0.0}, r"model\.initial_scale=0\.0 must be above 0"),
        (ResNet56Spec, {"blocks": 0}, r"model\.blocks=0 must be at least 1"),
        (
            SlimmedSpec,
            {"model": ResNet56Spec(), "widths": (("fc", 0, 10),)},
            r"model\.widths=\[\[\"fc\", 0, 10\]\] must .*at least 1",
        ),
        (MuonSpec, {"momentum": 1.0}, r"optimizer\.momentum=1\.0 must be above 0 and below 1"),
        (MuonSpec, {"sgd_momentum": 0.0}, r"optimizer\.sgd_momentum=0\.0 must be above 0 and below 1"),
        (MuonSpec, {"steps": 0}, r"optimizer\.steps=0 must be at least 1"),
        (MuonSpec, {"head_rate_scale": 0.0}, r"optimizer\.head_rate_scale=0\.0 must be above 0"),
        (MuonSpec, {"weight_decay": -1.0}, r"optimizer\.weight_decay=-1\.0 must not be negative"),
        (MuonSpec, {"first_bias_epochs": NAN}, r"optimizer\.first_bias_epochs=nan"),
        (
            ColorJitterSpec,
            {"brightness": -0.1, "contrast": 0},
            r"augmentation\.color_jitter\.brightness=-0\.1",
        ),
        (
            ColorJitterSpec,
            {"brightness": 0, "contrast": 1.0},
            r"augmentation\.color_jitter\.contrast=1\.0 .*below 1",
        ),
    ],
)
def test_a_setting_that_could_never_train_is_refused_with_its_key_and_value(
    part: Any, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DawnbenchError, match=f"^{sentence}"):
        part(**settings)


@pytest.mark.parametrize(
    ("part", "settings"),
    [
        (DavidNetSpec, {"widths": (1, 1, 1, 1), "celu_alpha": 0.0, "norm_splits": 1}),
        (NesterovSGDSpec, {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}),
        (NesterovSGDSpec, {"momentum": 1e-9}),
        (CropSpec, {"padding": 0}),
        (CutoutSpec, {"size": 1}),
        (ExponentialAverageSpec, {"momentum": 0.0, "every": 1}),
        (PiecewiseLinearSpec, {"epochs": (1.0,), "rates": (0.0,)}),
        (PiecewiseLinearSpec, {"epochs": (-1.0, 1.0), "rates": (0.1, -0.1)}),
    ],
)
def test_the_least_that_trains_is_taken(part: Any, settings: dict[str, Any]) -> None:
    part(**settings)


@pytest.mark.parametrize("epochs", [(0, 5, 5), (0, 5, 4), (5, 0, 24), (-3, -2, 0), (-3, -2, -1)])
def test_schedule_knots_must_increase_to_more_than_0(epochs: tuple[float, ...]) -> None:
    with pytest.raises(DawnbenchError, match=r"the schedule's epochs \[.*\] must increase and end above 0"):
        PiecewiseLinearSpec(epochs=epochs, rates=(0, 1, 0))


@pytest.mark.parametrize(("epochs", "rates"), [((), ()), ((0, 1), (1,)), ((0,), (1, 2))])
def test_a_schedule_has_a_rate_for_each_knot(epochs: tuple[float, ...], rates: tuple[float, ...]) -> None:
    with pytest.raises(
        DawnbenchError, match=f"{len(epochs)} epochs and {len(rates)} rates; give equal numbers"
    ):
        PiecewiseLinearSpec(epochs=epochs, rates=rates)


@pytest.mark.parametrize("rate", [NAN, INF, -INF])
def test_rates_must_be_finite(rate: float) -> None:
    with pytest.raises(DawnbenchError, match=rf"rates=\[0, {rate}, 0\] must each be a finite number"):
        PiecewiseLinearSpec(epochs=(0, 1, 2), rates=(0, rate, 0))
    for part in (StepsSpec, PlateauSpec):
        with pytest.raises(DawnbenchError, match=f"^schedule.rate={rate} must be a finite number$"):
            part(rate, factor=0.1, **{"every": 1} if part is StepsSpec else {})


@pytest.mark.parametrize("epoch", [NAN, INF])
def test_knots_must_be_finite(epoch: float) -> None:
    with pytest.raises(DawnbenchError, match=rf"epochs=\[0, {epoch}\] must each be a finite number"):
        PiecewiseLinearSpec(epochs=(0, epoch), rates=(0, 1))


def test_momenta_belong_to_knots() -> None:
    with pytest.raises(DawnbenchError, match="2 epochs and 1 momenta; give equal numbers"):
        PiecewiseLinearSpec(epochs=(0, 1), rates=(0, 1), momenta=(0.9,))
    with pytest.raises(DawnbenchError, match=r"schedule\.momenta=\[1\] must each be at least 0 and below 1"):
        PiecewiseLinearSpec(epochs=(1,), rates=(1,), momenta=(1,))


def test_scales_come_in_order() -> None:
    with pytest.raises(DawnbenchError, match=r"augmentation\.affine\.scale=\[1\.2, 0\.8\] must be in order"):
        AffineSpec(scale=(1.2, 0.8))
    with pytest.raises(DawnbenchError, match=r"augmentation\.affine\.scale=\[0, 1\] must each be above 0"):
        AffineSpec(scale=(0, 1))


@pytest.mark.parametrize(("milestones", "warm_up"), [((60, 40), 5), ((4, 40), 5), ((40, 101), 5)])
def test_milestones_come_in_order_after_the_warm_up(milestones: tuple[int, ...], warm_up: int) -> None:
    sentence = (
        r"^schedule\.milestones=\[.*\] must be in order, after the warm-up of 5 epochs and within .* 100$"
    )
    with pytest.raises(DawnbenchError, match=sentence):
        MilestonesSpec(rate=0.1, epochs=100, milestones=milestones, warm_up=warm_up)
