from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from dawnbench.compress.slimming.cut import Rule, Target, cut
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import DavidNetSpec, Recipe, SlimmedSpec, find_recipe
from tests.compress.slimming.networks import NETWORKS, VGG, Network, channels, images, narrow, silence


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize(
    ("rule", "network"),
    [("graph", name) for name in NETWORKS] + [("zcls", name) for name in NETWORKS if name != "davidnet"],
)
def test_channels_without_effect_go_without_one(rule: Rule, network: str, share: float) -> None:
    dense = NETWORKS[network].build()
    silent = silence(dense, NETWORKS[network].tied, share) / channels(dense)
    x = images()
    result = cut(dense, x, rule, Target("ratio", silent if rule == "graph" else silent / 2))
    assert_close(narrow(NETWORKS[network], result)(x), dense(x), rtol=1e-4, atol=1e-5)
    if rule == "graph":
        assert result.true_ratio == pytest.approx(silent)
    else:
        assert 0 < result.true_ratio <= silent


def test_a_cut_counts_what_it_leaves_and_what_there_was() -> None:
    network = NETWORKS["vgg"]
    dense = network.build()
    result = cut(dense, images(), "graph", Target("ratio", 0.4))
    assert result.predicted_ratio == 0.4
    assert result.true_ratio == pytest.approx(0.4)
    left = narrow(network, result)
    assert channels(left) == round(0.6 * channels(dense))
    assert result.parameters == sum(p.numel() for p in left.parameters())
    assert result.dense_parameters == sum(p.numel() for p in dense.parameters())
    assert result.macs < result.dense_macs
    assert result.flops < result.dense_flops


def test_cutting_leaves_the_model_as_it_is() -> None:
    dense = NETWORKS["resnet"].build()
    dense.train()
    before = {name: value.clone() for name, value in dense.state_dict().items()}
    cut(dense, images(), "graph", Target("ratio", 0.4))
    assert dense.training
    assert all(p.requires_grad for p in dense.parameters())
    assert_close(dict(dense.state_dict()), before, rtol=0, atol=0)


@pytest.mark.parametrize("rule", ["graph", "zcls"])
def test_the_part_of_a_cut_survives_json_and_takes_its_weights(rule: Rule) -> None:
    torch.manual_seed(0)
    dense = NETWORKS["vgg"].build()
    result = cut(dense, images(), rule, Target("ratio", 0.5))
    recipe = replace(find_recipe("quickstart"), model=SlimmedSpec.of(VGG, result.widths))
    read = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert read == recipe
    assert read.digest() == recipe.digest()
    model = read.model.build(3, 10)
    model.load_state_dict(result.state)
    assert_close(model.eval()(images()), narrow(NETWORKS["vgg"], result)(images()), rtol=0, atol=0)


@pytest.mark.parametrize("rule", ["graph", "zcls"])
@pytest.mark.parametrize("name", ["vgg", "resnet", "mobilenet"])
def test_a_cut_can_be_cut_again(rule: Rule, name: str) -> None:
    network = NETWORKS[name]
    first = cut(network.build(), images(), rule, Target("ratio", 0.3))
    once = Network(lambda: narrow(network, first), network.tied)
    second = cut(once.make(), images(), rule, Target("ratio", 0.6))
    assert second.dense_parameters == first.parameters
    assert second.parameters < first.parameters
    assert narrow(once, second)(images()).shape == (2, 10)


def test_the_part_of_a_cut_of_a_cut_is_not_nested() -> None:
    first = SlimmedSpec.of(VGG, (("features.0", 3, 8), ("features.1", 8, 8), ("features.3", 8, 32)))
    second = SlimmedSpec.of(first, (("features.3", 8, 4), ("features.4", 4, 4), ("features.7", 4, 48)))
    assert second.model == VGG
    assert [counts for name, *counts in second.widths if name == "features.3"] == [[8, 4]]
    assert second.build(3, 10)(images()).shape == (2, 10)


def test_a_model_without_learned_batch_norm_scales_is_refused() -> None:
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
    fixed = DavidNetSpec(widths=(8, 8, 8, 8), norm_scale=False).build(3, 10)
    for model in (plain, fixed):
        with pytest.raises(DawnbenchError, match=f"^{type(model).__name__} has no batch norm with a learned"):
            cut(model, images(), "graph", Target("ratio", 0.5))


def test_zcls_refuses_other_networks_and_other_targets() -> None:
    with pytest.raises(DawnbenchError, match="knows VGG, ResNet and MobileNetV2, not DavidNet"):
        cut(NETWORKS["davidnet"].build(), images(), "zcls", Target("ratio", 0.5))
    with pytest.raises(DawnbenchError, match="takes a ratio, not parameters; use rule graph"):
        cut(NETWORKS["vgg"].build(), images(), "zcls", Target("parameters", 0.5))


def test_a_ghost_batch_norm_counts_like_any_other() -> None:
    network = Network(lambda: DavidNetSpec(widths=(12, 16, 24, 32), norm_splits=2).build(3, 10), ())
    dense = network.make().eval()
    dense.get_submodule("layer2.norm").weight.data[:5] = 0
    x = images()
    result = cut(dense, x, "graph", Target("ratio", 5 / (12 + 3 * 16 + 24 + 3 * 32)))
    assert_close(narrow(network, result)(x), dense(x), rtol=1e-4, atol=1e-5)
    assert ("layer2.norm", 19, 19) in result.widths


class HardCoded(nn.Module):
    """Takes its 8 channels apart in the forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.second = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(x))
        return self.second(x * torch.ones(8, device=x.device)[:, None, None]).flatten(1)


@pytest.mark.parametrize("target", [Target("ratio", 0.5), Target("flops", 0.5), Target("speedup", 1.1)])
def test_a_network_whose_forward_pass_counts_on_its_channels_is_refused(target: Target) -> None:
    with pytest.raises(DawnbenchError, match="HardCoded does not run with narrower layers: "):
        cut(HardCoded(), images(), "graph", target)
