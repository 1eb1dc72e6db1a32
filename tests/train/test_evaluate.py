from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from dawnbench.train.device import open_device
from dawnbench.train.evaluate import evaluate
from dawnbench.train.plan import Evaluation, Split
from torch import Tensor, nn

CPU = open_device("cpu")


def data() -> Split:
    draws = torch.Generator().manual_seed(0)
    return Split(torch.randint(0, 256, (7, 2, 3, 1), dtype=torch.uint8, generator=draws), torch.arange(7) % 4)


def normalize(pixels: Tensor) -> Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 255


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Dropout(0.9))


@torch.no_grad()
def expected(logits: Tensor) -> tuple[float, int]:
    loss = F.cross_entropy(logits, data().labels, reduction="sum")
    return loss.item(), int((logits.argmax(1) == data().labels).sum())


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_all_images_count_whatever_the_batches(batch_size: int) -> None:
    net = model()
    loss, correct = evaluate(net, data(), normalize, Evaluation(batch_size, False), CPU, "fp32")
    assert (loss.item(), correct.item()) == pytest.approx(expected(net.eval()(normalize(data().images))))


def test_with_flip_the_logits_are_the_mean_over_the_image_and_its_mirror_image() -> None:
    net = model().eval()
    images = normalize(data().images)
    mean = (net(images) + net(torch.flip(images, [3]))) / 2
    loss, correct = evaluate(net, data(), normalize, Evaluation(3, True), CPU, "fp32")
    assert (loss.item(), correct.item()) == pytest.approx(expected(mean))
    assert loss.item() != pytest.approx(expected(net(images))[0], rel=1e-3)


def test_nothing_is_trained_and_no_graph_is_kept() -> None:
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(6), nn.Linear(6, 4))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    loss, _ = evaluate(net, data(), normalize, Evaluation(3, True), CPU, "fp32")
    assert not loss.requires_grad
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_in_lower_precision_the_loss_is_still_summed_in_fp32() -> None:
    net = model()
    loss, _ = evaluate(net, data(), normalize, Evaluation(3, False), CPU, "bf16")
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected(net.eval()(normalize(data().images)))[0], rel=0.02)


def square() -> Split:
    draws = torch.Generator().manual_seed(0)
    return Split(torch.randint(0, 256, (7, 4, 4, 1), dtype=torch.uint8, generator=draws), torch.arange(7) % 4)


def wide_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 4)).eval()


def shifted(images: Tensor, by: int) -> Tensor:
    """Return the images moved by `by` pixels down and to the right, mirrored at the border."""
    padded = F.pad(images, (abs(by),) * 4, mode="reflect")
    at = abs(by) - by
    return padded[:, :, at : at + 4, at : at + 4]


@pytest.mark.parametrize("flip", [False, True])
def test_shifted_views_weigh_one_half_together_and_each_is_mirrored_as_well(flip: bool) -> None:
    net, images = wide_model(), normalize(square().images)

    def logits(view: Tensor) -> Tensor:
        return (net(view) + net(view.flip(3))) / 2 if flip else net(view)

    mean = logits(images) / 2 + logits(shifted(images, 1)) / 4 + logits(shifted(images, -1)) / 4
    settings = Evaluation(3, flip, shift=1)
    loss, correct = evaluate(net, square(), normalize, settings, CPU, "fp32")
    assert (loss.item(), correct.item()) == pytest.approx(expected(mean))


@pytest.mark.parametrize("last", [False, True])
def test_views_may_be_kept_for_the_last_epoch(last: bool) -> None:
    net, images = wide_model(), normalize(square().images)
    mean = (net(images) + net(images.flip(3))) / 2 if last else net(images)
    settings = Evaluation(3, flip=True, tta_last_epoch_only=True)
    loss, _ = evaluate(net, square(), normalize, settings, CPU, "fp32", last=last)
    assert loss.item() == pytest.approx(expected(mean)[0])


def test_only_the_least_sure_images_are_shifted_whatever_the_batches() -> None:
    net, images = wide_model(), normalize(square().images)
    plain = net(images)
    mean = plain / 2 + net(shifted(images, 1)) / 4 + net(shifted(images, -1)) / 4
    best = plain.topk(2).values
    leads = best[:, 0] - best[:, 1]
    mixed = torch.where((leads <= leads.sort().values[3])[:, None], mean, plain)
    settings = Evaluation(3, flip=False, shift=1, tta_images=4)
    loss, correct = evaluate(net, square(), normalize, settings, CPU, "fp32")
    assert (loss.item(), correct.item()) == pytest.approx(expected(mixed))
    assert loss.item() != pytest.approx(expected(plain)[0])


def test_more_images_to_shift_than_there_are_means_all_of_them() -> None:
    net = wide_model()
    loss, _ = evaluate(net, square(), normalize, Evaluation(3, False, shift=1, tta_images=8), CPU, "fp32")
    every, _ = evaluate(net, square(), normalize, Evaluation(3, False, shift=1), CPU, "fp32")
    assert loss.item() == pytest.approx(every.item())
