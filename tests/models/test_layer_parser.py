"""The grammar of a stack's layers: what is read, what is refused, and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawnbench.errors import DawnbenchError
from dawnbench.models.layer_parser import Layer, read_layer
from dawnbench.recipes.parts import ConvStackSpec

COUNTS = st.integers(1, 4096)


@given(
    width=st.none() | COUNTS,
    kernel=st.none() | st.integers(1, 28),
    stride=st.none() | st.integers(1, 28),
    same=st.booleans(),
)
def test_a_convolution_is_read_as_it_was_written(
    width: int | None, kernel: int | None, stride: int | None, same: bool
) -> None:
    words = f"conv {width or 'classes'}"
    words += f" {kernel}x{kernel}" if kernel else ""
    words += f" stride {stride}" if stride else ""
    words += " same" if same else ""
    side = kernel or 3
    if same and side % 2 == 0:
        with pytest.raises(DawnbenchError, match=f'"{words}" cannot be padded evenly: .* odd kernel'):
            read_layer(words)
        return
    padding = (side - 1) // 2 if same else 0
    assert read_layer(words) == Layer("conv", width, side, stride or 1, padding)


def test_a_depthwise_convolution_has_no_width_of_its_own() -> None:
    assert read_layer("depthwise") == Layer("depthwise")
    assert read_layer("depthwise 5x5 stride 2 same") == Layer("depthwise", None, 5, 2, 2)
    with pytest.raises(DawnbenchError, match="there is no layer"):
        read_layer("depthwise 8")


@given(st.decimals(0, "0.9999", places=4))
def test_a_dropout_has_its_rate(rate: object) -> None:
    assert read_layer(f"dropout {rate}") == Layer("dropout", rate=float(str(rate)))


@pytest.mark.parametrize("words", ["norm", "relu", "silu", "max pool", "average pool"])
def test_a_layer_without_settings_is_its_own_name(words: str) -> None:
    assert read_layer(words) == Layer(words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words",
    [
        *("", " relu", "relu ", "relu\n", "ReLU", "max  pool", "maxpool", "linear 10", "norm 8"),
        *("conv", "conv 0", "conv -8", "conv 08", "conv 8.5", "conv 8 ", "conv class", "conv ٨"),
        *("conv 8 3x5", "conv 8 3", "conv 8 0x0", "conv 8 stride 0", "conv 8 same stride 2", "conv 8 stride"),
        *("dropout", "dropout 1", "dropout 1.0", "dropout -0.1", "dropout .1", "dropout 0.", "dropout nan"),
    ],
)
def test_other_words_are_refused_with_the_grammar(words: str) -> None:
    with pytest.raises(DawnbenchError, match='there is no layer "') as refusal:
        read_layer(words)
    sentence = str(refusal.value)
    assert f'no layer "{words}"; write "conv WIDTH"' in sentence
    for kind in ("norm", "relu", "silu", "dropout RATE", "max pool", "average pool"):
        assert f'"{kind}"' in sentence


@given(st.text(max_size=20) | st.from_regex(r"conv \d+( \dx\d)?( stride \d)?( same)?", fullmatch=True))
def test_any_words_are_read_or_refused_by_a_sentence(words: str) -> None:
    try:
        layer = read_layer(words)
    except DawnbenchError:
        return
    assert layer.kernel >= 1
    assert layer.stride >= 1
    assert 0 <= layer.rate < 1


def test_a_recipe_refuses_them_before_anything_is_built() -> None:
    with pytest.raises(DawnbenchError, match='there is no layer "conv sixteen"'):
        ConvStackSpec(("conv 8", "conv sixteen"))
