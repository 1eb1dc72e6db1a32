from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor, nn

from dawnbench.compress.slimming.cut import Target, cut
from dawnbench.compress.slimming.latency import Latency
from dawnbench.errors import DawnbenchError
from tests.compress.slimming.networks import NETWORKS, channels, images, norms


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def by_parameters(dense: nn.Module, narrow: nn.Module, batch: Tensor) -> Latency:
    """Say that a network's time is proportional to its parameters."""
    assert batch.shape == (2, 3, 32, 32)
    return Latency(parameters(dense) / 1e6, parameters(narrow) / 1e6)


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("ratio", 0.0, r"ratio=0 must be above 0 and below 1"),
        ("ratio", 1.0, r"ratio=1 must be above 0 and below 1"),
        ("ratio", float("nan"), r"ratio=nan must be above 0 and below 1"),
        ("speedup", 1.0, r"speedup=1 must be above 1"),
        ("parameters", -3.0, r"parameters=-3 must be above 0"),
        ("flops", float("inf"), r"flops=inf must be above 0"),
    ],
)
def test_a_target_out_of_bounds_is_refused(kind: str, value: float, sentence: str) -> None:
    with pytest.raises(DawnbenchError, match=sentence):
        Target(kind, value)  # type: ignore[arg-type]


def with_equal_channels() -> nn.Module:
    """Return a network with a layer of which no channel is more important than another."""
    model = NETWORKS["vgg"].build()
    model.get_submodule("features.4").weight.data.fill_(0.3)
    return model


def test_a_ratio_that_would_empty_a_layer_names_it_and_the_largest_possible_one() -> None:
    with pytest.raises(
        DawnbenchError, match=r"ratio=0\.8 cannot be reached: at 0\.\d+, .* empty features\.3;"
    ) as e:
        cut(with_equal_channels(), images(), "graph", Target("ratio", 0.8))
    possible = float(str(e.value).split("at ")[1].split(",")[0])
    result = cut(with_equal_channels(), images(), "graph", Target("ratio", possible))
    assert 1 <= len(result.state["features.4.weight"]) <= 2


def test_a_layer_can_be_told_to_keep_some_channels() -> None:
    result = cut(with_equal_channels(), images(), "graph", Target("ratio", 0.8, at_least=6))
    assert result.true_ratio == 0.8
    assert ("features.4", 6, 6) in result.widths
    with pytest.raises(DawnbenchError, match=r"at 0\.85, every layer is down to the channels that it keeps"):
        cut(with_equal_channels(), images(), "graph", Target("ratio", 0.9, at_least=6))


@pytest.mark.parametrize("kind", ["parameters", "flops"])
def test_a_count_is_met_by_as_few_channels_as_possible(kind: str) -> None:
    model = NETWORKS["vgg"].build()
    half = cut(model, images(), "graph", Target(kind, 0.5))  # type: ignore[arg-type]
    counts = {"parameters": (half.parameters, half.dense_parameters), "flops": (half.flops, half.dense_flops)}
    left, dense = counts[kind]
    assert 0.45 * dense < left <= 0.5 * dense
    assert half.predicted_ratio == pytest.approx(half.true_ratio)
    absolute = cut(model, images(), "graph", Target(kind, float(dense // 2)))  # type: ignore[arg-type]
    assert absolute.widths == half.widths


def test_a_count_that_cannot_be_met_is_refused() -> None:
    model = NETWORKS["vgg"].build()
    with pytest.raises(DawnbenchError, match=r"parameters=10 cannot be reached: at [\d,]+ of 45,450, rem"):
        cut(model, images(), "graph", Target("parameters", 10))
    with pytest.raises(DawnbenchError, match=r"parameters=99,999 is not below the 45,450 of the dense model"):
        cut(model, images(), "graph", Target("parameters", 99_999))


def test_a_speed_up_is_searched_by_measuring_and_reports_what_it_measured() -> None:
    model = NETWORKS["vgg"].build()
    result = cut(model, images(), "graph", Target("speedup", 2.0), by_parameters)
    last = result.measured[-1]
    assert last.latency == Latency(result.dense_parameters / 1e6, result.parameters / 1e6)
    assert 2 <= last.latency.speedup < 2.1
    assert last.ratio == result.predicted_ratio == pytest.approx(result.true_ratio)
    assert 3 <= len(result.measured) <= 10
    slower = [m.ratio for m in result.measured if m.latency.speedup < 2]
    assert max(slower) < last.ratio


def test_a_speed_up_that_cannot_be_reached_says_how_fast_it_gets() -> None:
    with pytest.raises(DawnbenchError, match=r"speedup=1e\+06 cannot be reached: the model is \d+\.\d\d"):
        cut(NETWORKS["vgg"].build(), images(), "graph", Target("speedup", 1e6), by_parameters)


def test_a_layer_with_small_scales_is_not_the_first_to_be_emptied() -> None:
    model = NETWORKS["vgg"].build()
    plain = cut(model, images(), "graph", Target("ratio", 0.5))
    model.get_submodule("features.4").weight.data *= 0.01
    assert cut(model, images(), "graph", Target("ratio", 0.5)).widths == plain.widths


@pytest.mark.parametrize(
    "target", [Target("ratio", 0.5, 99), Target("flops", 0.5, 99), Target("speedup", 2, 99)]
)
def test_a_network_whose_channels_must_all_stay_reaches_no_target(target: Target) -> None:
    with pytest.raises(
        DawnbenchError, match=r"cannot be reached: .*every layer is down to the channels that it"
    ):
        cut(NETWORKS["vgg"].build(), images(), "graph", target, by_parameters)


def test_the_least_important_channels_go_and_skips_average_their_batch_norms() -> None:
    model = NETWORKS["resnet"].make()
    trunk = [name for name in dict(norms(model)) if name in ("bn1", "layer1.0.bn2", "layer1.1.bn2")]
    model.get_submodule(trunk[0]).weight.data[3] = 0.1  # mean 0.7
    for name in trunk:
        model.get_submodule(name).weight.data[5] = -0.5  # mean 0.5: only the size counts
    result = cut(model, images(), "graph", Target("ratio", 3 / channels(model)))
    assert ("bn1", 15, 15) in result.widths
    kept = [i for i in range(16) if i != 5]
    assert result.state["conv1.weight"].equal(model.get_submodule("conv1").weight[kept])
    assert {name for name, *_ in result.widths} >= {*trunk, "layer2.0.conv1", "layer2.0.downsample.0"}


def test_without_torch_pruning_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch_pruning", None)
    with pytest.raises(DawnbenchError, match=r"pip install 'dawnbench\[slim\]'"):
        cut(NETWORKS["vgg"].build(), images(), "graph", Target("ratio", 0.5))


def test_a_network_whose_channels_all_reach_the_output_has_nothing_to_remove() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten())
    with pytest.raises(DawnbenchError, match="no channels of Sequential can be removed"):
        cut(model, torch.zeros(1, 3, 8, 8), "graph", Target("ratio", 0.5))
