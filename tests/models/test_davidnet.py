from __future__ import annotations

import pytest
import torch
from torch import nn

from dawnbench.models.counting import count
from dawnbench.models.davidnet import DavidNet

TINY = (2, 3, 4, 5)


def on_meta(channels: int = 3, classes: int = 10, **settings: object) -> DavidNet:
    with torch.device("meta"):
        return DavidNet(channels, classes, **settings)  # type: ignore[arg-type]


def test_the_layers_run_in_the_published_order_with_the_published_shapes() -> None:
    found = [(layer.name, layer.output_shape) for layer in count(on_meta(), (3, 32, 32), 2)[0]]
    expected: list[tuple[str, tuple[int, ...]]] = []

    def block(name: str, channels: int, side: int, pooled: int | None = None) -> None:
        expected.extend((f"{name}.{part}", (channels, side, side)) for part in ("conv", "norm", "activation"))
        if pooled:
            expected.append((f"{name}.pool", (channels, pooled, pooled)))

    block("prep", 64, 32)
    block("layer1.0", 128, 32, 16)
    block("layer1.1.first", 128, 16)
    block("layer1.1.second", 128, 16)
    block("layer2", 256, 16, 8)
    block("layer3.0", 512, 8, 4)
    block("layer3.1.first", 512, 4)
    block("layer3.1.second", 512, 4)
    expected.append(("head", (10,)))
    assert found == expected


def test_with_pool_first_the_pool_stands_between_the_convolution_and_the_norm() -> None:
    names = [layer.name for layer in count(on_meta(pool_first=True), (3, 32, 32), 2)[0]]
    start = names.index("layer2.conv")
    assert names[start : start + 4] == ["layer2.conv", "layer2.pool", "layer2.norm", "layer2.activation"]


def test_pooling_first_gives_the_same_numbers_where_norm_and_activation_only_grow() -> None:
    """A max pool commutes with increasing functions, and in evaluation both norm and ReLU are such."""
    last, first = DavidNet(3, 4, TINY).eval(), DavidNet(3, 4, TINY, pool_first=True).eval()
    first.load_state_dict(last.state_dict())
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(first(images), last(images))


def test_whitening_puts_a_fixed_layer_and_a_1x1_convolution_in_front() -> None:
    model = on_meta(whitening=True)
    whiten, prep = count(model, (3, 32, 32), 2)[0][:2]
    assert (whiten.name, whiten.output_shape, whiten.parameters) == ("whiten", (27, 32, 32), 0)
    assert (prep.name, prep.output_shape, prep.parameters) == ("prep.conv", (64, 32, 32), 27 * 64)


def test_only_whitening_wants_training_images_before_the_first_step() -> None:
    assert on_meta().fit_images == 0
    assert on_meta(whitening=True).fit_images == 10_000


def test_the_logits_are_scaled() -> None:
    model = DavidNet(1, 3, TINY, logit_scale=1.0).eval()
    images = torch.randn(2, 1, 32, 32)
    whole = model(images)
    model.logit_scale = 0.125
    torch.testing.assert_close(model(images), whole / 8)


def test_a_residual_adds_its_input_to_what_its_blocks_make() -> None:
    residual = DavidNet(1, 3, TINY).layer1[1].eval()
    x = torch.randn(2, TINY[1], 4, 4)
    assert not torch.equal(residual(x), x)
    nn.init.zeros_(residual.second.conv.weight)
    assert torch.equal(residual(x), x)


@pytest.mark.parametrize(("alpha", "kind"), [(0.0, nn.ReLU), (0.3, nn.CELU)])
def test_celu_alpha_chooses_the_activation(alpha: float, kind: type[nn.Module]) -> None:
    activations = [m for name, m in on_meta(celu_alpha=alpha).named_modules() if name.endswith("activation")]
    assert len(activations) == 8
    assert all(type(m) is kind for m in activations)


def test_without_norm_scale_every_factor_stays_one_and_untrained() -> None:
    model = DavidNet(3, 4, TINY, norm_scale=False)
    factors = [p for name, p in model.named_parameters() if name.endswith("norm.weight")]
    assert len(factors) == 8
    assert all(not p.requires_grad and bool((p == 1).all()) for p in factors)


def test_a_doubled_residual_adds_its_input_before_and_after_the_activation() -> None:
    model = DavidNet(3, 10, TINY, residual="doubled").eval()
    block = model.layer1[1]
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    inner = block.second.norm(block.second.conv(block.first.norm(block.first.conv(x))))
    torch.testing.assert_close(block(x), x + torch.relu(x + inner))
    assert (x + inner).min() < 0


def test_with_xavier_filters_begin_within_its_bounds_and_biases_at_0() -> None:
    model = DavidNet(3, 10, TINY, conv_bias=True, xavier=True)
    for block in (model.prep, model.layer2):
        block.conv.reset_parameters()
        outputs, inputs = block.conv.weight.shape[:2]
        bound = (6 / (9 * (inputs + outputs))) ** 0.5
        largest = float(block.conv.weight.detach().abs().max())
        assert 0.8 * bound < largest <= bound
        assert not block.conv.bias.any()
