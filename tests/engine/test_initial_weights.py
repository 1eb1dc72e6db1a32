"""A trial that starts from given weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dawnbench.engine.device import open_device
from dawnbench.engine.hooks import Hook, Progress
from dawnbench.engine.ledger import Ledger
from dawnbench.engine.prepare import Prepared, prepare
from dawnbench.engine.trial import Trial
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import DavidNetSpec, FileWeightsSpec, TorchvisionWeightsSpec, WeightsPart
from tests.engine.small import noise, small, small_recipe


def saved(path: Path, **changes: Tensor) -> tuple[Path, dict[str, Tensor]]:
    """Write a model's weights, with changes, and return them as well."""
    prepared = small("davidnet")
    prepared.reset(7)
    tensors = {name: value.contiguous() for name, value in prepared.model.state_dict().items()} | changes
    save_file(tensors, path)
    return path, tensors


def with_weights(weights: WeightsPart, *settings: str) -> Prepared:
    recipe = replace(small_recipe("davidnet", *settings), weights=weights)
    return prepare(recipe, noise(recipe), open_device("cpu"))


class Watcher(Hook):
    """Notes the weights that the caller's hooks see as training begins."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model

    def trial_began(self, trial: Progress) -> None:
        self.seen = {name: value.clone() for name, value in self._model.state_dict().items()}


def test_a_trial_starts_from_the_weights_in_the_file_whatever_its_seed(tmp_path: Path) -> None:
    path, tensors = saved(tmp_path / "kept.safetensors")
    prepared = with_weights(FileWeightsSpec(str(path)))
    for seed in (1, 2):
        watcher = Watcher(prepared.model)
        Trial(prepared, seed, Ledger(prepared.device), (watcher,)).train_epoch()
        assert all(torch.equal(watcher.seen[name], tensors[name]) for name in tensors)
        assert not torch.equal(prepared.model.state_dict()["prep.conv.weight"], tensors["prep.conv.weight"])


def test_an_average_starts_from_them_as_well(tmp_path: Path) -> None:
    path, tensors = saved(tmp_path / "kept.safetensors")
    prepared = with_weights(FileWeightsSpec(str(path)), 'average={"kind":"exponential"}')
    Trial(prepared, 1, Ledger(prepared.device))
    averaged = prepared.evaluated.state_dict()
    assert all(torch.equal(averaged[name], tensors[name]) for name in tensors)


def test_the_recipe_then_says_which_file_it_was(tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "kept.safetensors")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert with_weights(FileWeightsSpec(str(path))).recipe.weights == FileWeightsSpec(str(path), digest)


def test_a_file_that_is_missing_changed_or_not_safetensors_is_refused(tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "kept.safetensors")
    with pytest.raises(DawnbenchError, match=r"^cannot read the weights .*nowhere: No such file"):
        with_weights(FileWeightsSpec(str(tmp_path / "nowhere")))
    prepared = with_weights(FileWeightsSpec(str(path)))
    path.write_bytes(b"something else")
    with pytest.raises(DawnbenchError, match="its content has changed"):
        prepared.load_weights()
    with pytest.raises(DawnbenchError, match="cannot read the weights"):
        with_weights(FileWeightsSpec(str(path))).load_weights()


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    path, _ = saved(tmp_path / "kept.safetensors")
    other = with_weights(FileWeightsSpec(str(path)), "model.widths=[2,3,4,6]")
    with pytest.raises(DawnbenchError, match=r"do not fit the model: their file has another shape of "):
        other.load_weights()
    path, _ = saved(tmp_path / "more.safetensors", extra=torch.zeros(1))
    with pytest.raises(DawnbenchError, match=r"their file has a further tensor extra$"):
        with_weights(FileWeightsSpec(str(path))).load_weights()


@dataclass(frozen=True)
class Known(DavidNetSpec, kind="known to torchvision"):
    torchvision_weights = "VGG16_BN_Weights.IMAGENET1K_V1"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints" / "vgg16_bn-6c64b313.pth"


def known(weights: WeightsPart = TorchvisionWeightsSpec()) -> Prepared:  # noqa: B008
    recipe = replace(small_recipe("davidnet"), model=Known((2, 3, 4, 5)), weights=weights)
    return prepare(recipe, noise(recipe), open_device("cpu"))


def test_without_torchvisions_file_training_starts_from_scratch_and_a_note_says_so(cache: Path) -> None:
    prepared = known()
    assert prepared.recipe.weights is None
    assert prepared.recipe.changed == ("weights=null",)
    (note,) = prepared.notes
    assert "not in its cache" in note
    assert note.endswith("so training starts from scratch")


def test_a_model_that_torchvision_does_not_have_starts_from_scratch() -> None:
    prepared = with_weights(TorchvisionWeightsSpec())
    assert prepared.notes == ["torchvision has no weights for this model, so training starts from scratch"]


def test_torchvisions_weights_are_used_except_a_head_for_other_classes(cache: Path) -> None:
    _, tensors = saved(cache.with_suffix(".safetensors"))
    head = next(name for name in tensors if tensors[name].dim() == 2)
    tensors[head] = torch.zeros(1000, tensors[head].shape[1])
    torch.save(tensors, cache)
    prepared = known()
    assert prepared.notes == []
    prepared.reset(1)
    drawn = prepared.model.state_dict()[head].clone()
    prepared.load_weights()
    loaded = prepared.model.state_dict()
    assert torch.equal(loaded[head], drawn)
    assert all(torch.equal(loaded[name], tensors[name]) for name in tensors if name != head)
