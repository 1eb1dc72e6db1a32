from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dawnbench.data.normalization import Normalization
from dawnbench.engine.device import Device
from dawnbench.engine.evaluate import Evaluation
from dawnbench.engine.programs import Programs
from dawnbench.engine.resident import ResidentSplit, Split
from dawnbench.recipes.recipe import EvaluationSpec
from tests.engine.fakes import CapturingDevice, FakeDevice

IMAGES = 7


def data() -> Split:
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, 4, 4, 1), dtype=torch.uint8, generator=draws)
    return Split(images, torch.arange(IMAGES) % 4)


def images() -> Tensor:
    """Return the images as the model is to see them."""
    return (data().images.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.Dropout(0.9))


def prepare(
    net: nn.Module, settings: EvaluationSpec, device: Device, dtype: torch.dtype = torch.float32
) -> Evaluation:
    split = ResidentSplit(data(), 4, device)
    split.load()
    normalization = Normalization(1, device.torch, (0.5,), (0.25,))
    return Evaluation(net, split, normalization, dtype, settings, Programs(False), device)


def evaluate(net: nn.Module, settings: EvaluationSpec, last: bool = True, **more: Any) -> tuple[float, int]:
    evaluation = prepare(net, settings, FakeDevice(), **more)
    evaluation(last)
    return evaluation.loss.item(), evaluation.correct.item()


@torch.no_grad()
def expected(logits: Tensor) -> tuple[float, int]:
    loss = F.cross_entropy(logits, data().labels, reduction="sum")
    return loss.item(), int((logits.argmax(1) == data().labels).sum())


def shifted(view: Tensor, by: int) -> Tensor:
    """Return the images moved by `by` pixels down and to the right, mirrored at the border."""
    padded = F.pad(view, (abs(by),) * 4, mode="reflect")
    at = abs(by) - by
    return padded[:, :, at : at + 4, at : at + 4]


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_all_images_count_whatever_the_batches(batch_size: int) -> None:
    net = model()
    found = evaluate(net, EvaluationSpec(batch_size))
    assert found == pytest.approx(expected(net.eval()(images())))


def test_with_flip_the_logits_are_the_mean_over_the_image_and_its_mirror_image() -> None:
    net = model().eval()
    mean = (net(images()) + net(images().flip(3))) / 2
    found = evaluate(net, EvaluationSpec(3, flip=True))
    assert found == pytest.approx(expected(mean))
    assert found[0] != pytest.approx(expected(net(images()))[0], rel=1e-3)


def test_nothing_is_trained_and_no_graph_is_kept() -> None:
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 4))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    evaluation = prepare(net, EvaluationSpec(3, flip=True, shift=1), FakeDevice())
    evaluation()
    assert not evaluation.loss.requires_grad
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_a_second_evaluation_begins_at_zero() -> None:
    evaluation = prepare(model(), EvaluationSpec(3), FakeDevice())
    evaluation()
    first = evaluation.loss.item(), evaluation.correct.item()
    evaluation()
    assert (evaluation.loss.item(), evaluation.correct.item()) == first


def test_in_lower_precision_the_loss_is_still_summed_in_fp32() -> None:
    net = model().to(torch.bfloat16)
    evaluation = prepare(net, EvaluationSpec(3), FakeDevice(), torch.bfloat16)
    evaluation()
    assert evaluation.loss.dtype == torch.float32
    exact = expected(model().eval()(images()))[0]
    assert evaluation.loss.item() == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("flip", [False, True])
def test_shifted_views_weigh_one_half_together_and_each_is_mirrored_as_well(flip: bool) -> None:
    net = model().eval()

    def logits(view: Tensor) -> Tensor:
        return (net(view) + net(view.flip(3))) / 2 if flip else net(view)

    own = images()
    mean = logits(own) / 2 + logits(shifted(own, 1)) / 4 + logits(shifted(own, -1)) / 4
    assert evaluate(net, EvaluationSpec(3, flip, shift=1)) == pytest.approx(expected(mean))


@pytest.mark.parametrize("last", [False, True])
def test_views_may_be_kept_for_the_last_epoch(last: bool) -> None:
    net = model().eval()
    mean = (net(images()) + net(images().flip(3))) / 2 if last else net(images())
    settings = EvaluationSpec(3, flip=True, tta_last_epoch_only=True)
    assert evaluate(net, settings, last)[0] == pytest.approx(expected(mean)[0])


def mixed(net: nn.Module, count: int) -> Tensor:
    """Return the logits where the `count` least sure images have shifted views and the others have not."""
    own = images()
    plain = net(own)
    mean = plain / 2 + net(shifted(own, 1)) / 4 + net(shifted(own, -1)) / 4
    best = plain.topk(2).values
    leads = best[:, 0] - best[:, 1]
    return torch.where((leads <= leads.sort().values[count - 1])[:, None], mean, plain)


@pytest.mark.parametrize(("batch_size", "wanted", "taken"), [(2, 4, 4), (2, 3, 4), (3, 4, 6), (1, 1, 1)])
def test_only_the_least_sure_images_are_shifted_in_whole_batches(
    batch_size: int, wanted: int, taken: int
) -> None:
    net = model().eval()
    found = evaluate(net, EvaluationSpec(batch_size, shift=1, tta_images=wanted))
    assert found == pytest.approx(expected(mixed(net, taken)))
    assert found[0] != pytest.approx(expected(net(images()))[0])


def test_how_many_images_are_shifted_does_not_depend_on_the_model() -> None:
    """So that every shape is known before the clock starts."""
    for seed in range(3):
        net, sizes = model(), []
        nn.init.normal_(net[1].weight, generator=torch.Generator().manual_seed(seed))
        net.register_forward_pre_hook(lambda _module, inputs, sizes=sizes: sizes.append(len(inputs[0])))
        evaluate(net, EvaluationSpec(2, shift=1, tta_images=3))
        assert sizes == [2, 2, 2, 1, 2, 2, 2, 2]  # two shifted views of each of two batches


def test_more_images_to_shift_than_there_are_means_all_of_them() -> None:
    net = model().eval()
    some = evaluate(net, EvaluationSpec(3, shift=1, tta_images=8))
    assert some == pytest.approx(evaluate(net, EvaluationSpec(3, shift=1)))


@pytest.mark.parametrize("tta_last_epoch_only", [False, True])
def test_a_captured_evaluation_is_replayed_with_the_weights_of_the_day(tta_last_epoch_only: bool) -> None:
    net, device = model(), CapturingDevice()
    settings = EvaluationSpec(3, flip=True, tta_last_epoch_only=tta_last_epoch_only)
    evaluation = prepare(net, settings, device)
    for last in evaluation.kinds():
        evaluation.capture(last)
    assert device.captured == (2 if tta_last_epoch_only else 1)
    nn.init.ones_(net[1].weight)
    for last in (False, True):
        net.train()
        device.journal.clear()
        evaluation(last)
        assert device.journal == ["replay"]
        assert evaluation.loss.item() == pytest.approx(evaluate(net, settings, last)[0])
    evaluation.release()
    device.journal.clear()
    evaluation()
    assert device.journal == []


@pytest.mark.parametrize("last", [False, True])
def test_a_rehearsal_sees_each_shape_of_batch_once(last: bool) -> None:
    net, sizes = model(), []
    net.register_forward_pre_hook(lambda _module, inputs: sizes.append(tuple(inputs[0].shape)))
    settings = EvaluationSpec(2, shift=1, tta_images=4, tta_last_epoch_only=True)
    evaluation = prepare(net, settings, FakeDevice())
    evaluation.rehearse(last)
    assert sizes == [(2, 1, 4, 4), (1, 1, 4, 4)] + ([(2, 1, 4, 4)] * 2 if last else [])


def test_top5_counts_the_images_whose_class_is_among_the_five_highest_logits() -> None:
    logits = torch.zeros(IMAGES, 8)
    places = (0, 4, 5, 7, 2, 1, 6)  # of each image's own class, from the highest logit
    for row, (label, place) in enumerate(zip(data().labels.tolist(), places, strict=True)):
        others = [column for column in range(8) if column != label]
        order = [*others[:place], label, *others[place:]]
        logits[row, order] = torch.arange(8, 0, -1).float()

    class Fixed(nn.Module):
        def forward(self, _images: Tensor) -> Tensor:
            return logits

    evaluation = prepare(Fixed(), EvaluationSpec(batch_size=IMAGES, top5=True), FakeDevice())
    evaluation()
    assert [count.item() for count in evaluation.counts()] == [1, 4]


def test_with_fewer_than_five_classes_every_image_is_among_the_highest() -> None:
    evaluation = prepare(model(), EvaluationSpec(top5=True), FakeDevice())
    evaluation()
    assert evaluation.counts()[1].item() == IMAGES


def test_without_top5_only_the_correct_are_counted() -> None:
    evaluation = prepare(model(), EvaluationSpec(), FakeDevice())
    evaluation()
    assert evaluation.top5_correct is None
    assert len(evaluation.counts()) == 1
