from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from dawnbench.engine import warm_up as module
from dawnbench.engine.warm_up import STEPS as WARM_STEPS
from dawnbench.engine.warm_up import warm_up
from dawnbench.errors import DawnbenchError
from dawnbench.recipes import find_recipe
from tests.engine.fakes import (
    BATCH,
    VALIDATION,
    CapturingDevice,
    FakeDevice,
    RefusingDevice,
    World,
    normalize,
    results_of,
    split,
)
from tests.engine.small import small


def test_it_runs_the_whole_path_without_the_training_images() -> None:
    world = World()
    prepared, seen = world.prepared(), []
    prepared.model.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0].detach()))
    warm_up(prepared)
    steps = [event for event in world.device.journal if event in ("forward", "loss", "evaluate", "optimizer")]
    assert steps == [*("forward", "loss", "optimizer") * WARM_STEPS, "evaluate"]
    assert len(seen[-1]) == VALIDATION
    known = torch.cat([normalize(world.train), normalize(world.validation)])
    assert not any(torch.equal(image, own) for images in seen for image in images for own in known)
    assert prepared.notes == []


@pytest.mark.parametrize("device", [FakeDevice, CapturingDevice])
def test_the_splits_are_those_of_the_data_again_in_the_trial_that_follows(device: Any) -> None:
    cold, warm = (World(device=device()).prepared() for _ in range(2))
    warm_up(warm)
    assert results_of(warm) == results_of(cold)


def batches(prepared: Any) -> list[tuple[int, int]]:
    """Return a list that fills with the images and the size of each batch that is trained on."""
    seen: list[tuple[int, int]] = []

    def note(module: Any, inputs: Any) -> None:
        if module.training:
            seen.append((len(inputs[0]), inputs[0].shape[2]))

    prepared.model.register_forward_pre_hook(note)
    return seen


def test_each_number_of_images_is_trained_on() -> None:
    world = World(train=split(BATCH + 1, 1), settings={"drop_last": False})
    prepared = world.prepared()
    seen = batches(prepared)
    warm_up(prepared)
    assert seen == [(BATCH, 2)] * WARM_STEPS + [(1, 2)]


def test_each_size_of_image_is_trained_on() -> None:
    prepared = small("speedrun", "optimizer.first_bias_epochs=9")
    seen = batches(prepared)
    warm_up(prepared)
    assert set(seen) == {(8, 16), (8, 18), (8, 20)}


def test_a_step_after_a_group_has_ended_is_trained_as_well() -> None:
    world = World(bias_until=1.0)
    prepared, frozen = world.prepared(), []
    prepared.model.register_forward_pre_hook(
        lambda model, _inputs: frozen.append(not model.linear.bias.requires_grad) if model.training else None
    )
    warm_up(prepared)
    assert frozen == [False] * WARM_STEPS + [True]


def test_the_recipes_average_takes_part() -> None:
    world = World(averages=True)
    prepared = world.prepared()
    warm_up(prepared)
    assert len(prepared.average.updates) == WARM_STEPS


@pytest.mark.parametrize(
    ("settings", "captured"),
    [({}, 2), ({"capture": False}, 0)],
)
def test_what_the_device_can_capture_is_captured_unless_the_recipe_says_no(
    settings: dict[str, Any], captured: int
) -> None:
    world = World(epochs=1, device=CapturingDevice(), settings=settings)
    prepared = world.prepared()
    warm_up(prepared)
    assert world.device.captured == captured  # a step and an evaluation
    world.device.journal.clear()
    results_of(prepared)
    assert world.device.journal.count("replay") == (4 if captured else 0)  # three steps and the evaluation


def test_each_kind_of_step_and_of_evaluation_is_captured() -> None:
    device = CapturingDevice()
    prepared = small("speedrun", device=device)
    warm_up(prepared)
    # Three resolutions, the second of them before and after the first bias has ended, with two evaluations.
    assert device.captured == 4 + 2
    results_of(prepared)
    assert device.journal.count("replay") == prepared.steps + prepared.recipe.epochs


@pytest.mark.parametrize("allowed", [0, 1])
def test_where_a_step_or_an_evaluation_cannot_be_captured_the_run_goes_on_and_says_so(allowed: int) -> None:
    """Nothing is captured then; `allowed` is how many captures succeed before one fails."""
    whole = World(device=CapturingDevice()).prepared()
    warm_up(whole)
    world = World(device=RefusingDevice(allowed))
    prepared = world.prepared()
    warm_up(prepared)
    assert prepared.notes == [
        "the training steps could not be captured (it asks the host), so the host launches every kernel "
        "itself"
    ]
    world.device.journal.clear()
    assert results_of(prepared) == results_of(whole)
    assert "replay" not in world.device.journal


@pytest.mark.parametrize("name", ["davidnet-10", "mnist-5", "speedrun"])
def test_a_failed_capture_leaves_no_trace_in_the_numbers(name: str) -> None:
    captured, refused = small(name, device=CapturingDevice()), small(name, device=RefusingDevice(1))
    for prepared in (captured, refused):
        warm_up(prepared)
    assert len(refused.notes) == 1
    assert results_of(refused, 3) == results_of(captured, 3)


class OutOfMemory(CapturingDevice):
    def capture(self, function: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_too_little_memory_is_no_reason_to_go_on_without_capturing() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        warm_up(World(device=OutOfMemory()).prepared())


class BrokenPrograms:
    """Stands for a compiler that fails as late as in the first step."""

    def __init__(self, message: str) -> None:
        self.compiles, self._message = True, message

    def give_up(self) -> None:
        self.compiles = False

    def __call__(self, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            if self.compiles:
                raise RuntimeError(self._message)
            return function(*arguments)

        return call


def broken(compiles: bool | str, message: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Any:
    monkeypatch.setattr("dawnbench.engine.prepare.Programs", lambda _compiles: BrokenPrograms(message))
    return World(settings={"compile": compiles}, **more).prepared()


def test_a_compiler_that_fails_under_auto_is_done_without_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = World().prepared()
    prepared = broken("auto", "\n\n  no C++ compiler\nand a page of more", monkeypatch)
    warm_up(prepared)
    assert prepared.notes == ["torch.compile failed here (no C++ compiler), so nothing is compiled"]
    assert results_of(prepared) == results_of(plain)


def test_an_error_without_words_is_noted_by_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = broken("auto", "", monkeypatch)
    warm_up(prepared)
    assert prepared.notes == ["torch.compile failed here (RuntimeError), so nothing is compiled"]


def test_a_compiler_that_fails_where_it_was_asked_for_is_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = broken(True, "no C++ compiler", monkeypatch)
    with pytest.raises(
        DawnbenchError, match=r"failed here \(no C\+\+ compiler\); set compile=false, or provide"
    ):
        warm_up(prepared)


def test_an_error_that_is_not_the_compilers_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes again without the compiler."""

    def fail(_epoch: float) -> float:
        raise ZeroDivisionError("a schedule of the user's own")

    prepared = broken("auto", "no C++ compiler", monkeypatch, schedule=fail)
    with pytest.raises(ZeroDivisionError, match="a schedule of the user's own"):
        warm_up(prepared)
    assert prepared.notes == []


def test_a_compiler_and_a_capture_may_both_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = broken("auto", "no C++ compiler", monkeypatch, device=RefusingDevice())
    warm_up(prepared)
    assert [note.split(" (")[0] for note in prepared.notes] == [
        "the training steps could not be captured",
        "torch.compile failed here",
    ]


def kinds_of(
    epochs: int, counts: list[int], resolutions: tuple[int, ...], ends: tuple[float | None, ...]
) -> Any:
    """Return what `kinds_of_steps` reads of what is prepared."""
    recipe = replace(find_recipe("davidnet"), epochs=epochs, resolutions=resolutions)
    return SimpleNamespace(
        recipe=recipe,
        input=SimpleNamespace(counts=counts),
        optimizer=SimpleNamespace(param_groups=[{"until_epoch": end} for end in ends]),
        steps_per_epoch=len(counts),
        steps=epochs * len(counts),
    )


@pytest.mark.parametrize("epochs", [1, 2, 5, 7])
@pytest.mark.parametrize("counts", [[8], [8, 8, 8], [8, 8, 3], [8, 5, 8, 8, 2]])
@pytest.mark.parametrize("resolutions", [(), (16, 24, 32), (32, 16, 32, 8, 24, 16, 8, 4, 2)])
@pytest.mark.parametrize("ends", [(None,), (1.0, None), (0.4, 3.1), (0.0, 2 / 3, 100.0)])
def test_the_first_step_of_each_kind_is_found_as_by_going_through_all(
    epochs: int, counts: list[int], resolutions: tuple[int, ...], ends: tuple[float | None, ...]
) -> None:
    prepared = kinds_of(epochs, counts, resolutions, ends)
    first: dict[Any, int] = {}
    for step in range(prepared.steps):
        epoch, place = divmod(step, len(counts))
        trained = tuple(end is None or step / len(counts) < end for end in ends)
        first.setdefault((counts[place], prepared.recipe.resolution(epoch), trained), step)
    assert module.kinds_of_steps(prepared, prepared.recipe) == first


def test_ten_million_epochs_are_not_gone_through() -> None:
    prepared = kinds_of(10_000_000, [8] * 99 + [3], (16, 32), (9_000_000.5,))
    assert list(module.kinds_of_steps(prepared, prepared.recipe).values()) == [
        0,
        99,
        500_000_000,
        500_000_099,
        900_000_050,
        900_000_099,
    ]
    assert len(module._steps_that_may_be_new(prepared, prepared.recipe, (9_000_000.5,))) < 20
