"""What a model's figures show, in sentences computed from them."""

from __future__ import annotations

from collections.abc import Sequence

from dawnbench.report.units import percent
from dawnbench.report.write_up.author_words import counted, goal, listed, points
from dawnbench.stats.write_up import LAST, Course, Standing
from dawnbench.stats.write_up_results import Results

NOTE = (
    "Epochs are counted from 1. Training accuracy is counted in training mode, while the weights still "
    "change and with augmentation and dropout where there are any, so that a gap below zero is usual there."
)


def findings(found: Results, target: float) -> list[str]:
    """Return sentences on the gap, the epochs to the target (0 to 1), and whether the accuracy sticks."""
    sentences = [_gap(found), *_gap_by_epoch(found), _reaching(found, target)]
    if any(one.reached is not None for one in found.courses):
        sentences.append(_sticking(found))
    return [*sentences, _underfitting(found)] if found.underfits else sentences


def _gap(found: Results) -> str:
    gap, epochs = found.gap, min(one.epochs for one in found.courses)
    mean = "" if len(found.courses) == 1 else ", the mean over the trials,"
    if epochs == 1:
        course = f"{points(gap.last)} points after the only epoch"
    elif gap.greatest_epoch == epochs:
        course = (
            f"{points(gap.first)} points after epoch 1 and at its greatest after the last, {points(gap.last)}"
        )
    elif gap.greatest_epoch == 1:
        course = f"greatest after epoch 1, {points(gap.first)} points, and {points(gap.last)} after the last"
    else:
        course = (
            f"{points(gap.first)} points after epoch 1, at its greatest {points(gap.greatest)} after epoch "
            f"{gap.greatest_epoch} and {points(gap.last)} after the last"
        )
    return f"The gap of training minus test accuracy{mean} was {course}: {_verdict(found)}"


def _gap_by_epoch(found: Results) -> list[str]:
    """Return the whole course of the gap, where the sentence before does not say it all."""
    gaps = found.gap.by_epoch
    return [f"The gap by epoch, in points: {', '.join(map(points, gaps))}."] if len(gaps) > 2 else []


def _verdict(found: Results) -> str:
    gap = found.gap
    chance = f"chance explains ({100 * gap.chance:.2f} points with so many images)"
    if gap.lead == "ahead":
        return f"training is ahead by more than {chance}, which says overfitting."
    if gap.lead == "behind":
        return (
            f"training is behind by more than {chance}, which says underfitting, or that training images are "
            "made harder than test images, but not overfitting."
        )
    return f"that is no more than {chance}, so neither over- nor underfitting shows in it."


def _underfitting(found: Results) -> str:
    train, test = (
        percent(found.over(read).mean)
        for read in (lambda one: one.last_train, lambda one: one.last_validation)
    )
    return (
        f"Training and test accuracy both ended below the target, at {train} and {test}, which says "
        "underfitting, or too short a training."
    )


def _reaching(found: Results, target: float) -> str:
    courses = found.courses
    if all(one.reached is None for one in courses):
        best = max(courses, key=lambda one: one.best_validation)
        epoch = f"epoch {best.best_epoch}{_of_trial(best, courses)}"
        return (
            f"{goal(target)} was not reached in {counted(best.epochs, 'epoch')}; the best one, {epoch}, had "
            f"{percent(best.best_validation)}."
        )
    if len(courses) == 1:
        return f"{goal(target)} was first reached in epoch {courses[0].reached} of {courses[0].epochs}."
    each = [f"{'never' if one.reached is None else one.reached} (trial {one.trial})" for one in courses]
    return f"Epochs to {goal(target)}: {', '.join(each)}."


def _of_trial(course: Course, courses: tuple[Course, ...]) -> str:
    return f" of trial {course.trial}" if len(courses) > 1 else ""


def _sticking(found: Results) -> str:
    """Return whether the accuracy sticks at the target, the trials grouped by how they stand."""
    courses = found.courses
    if len(courses) == 1:
        return _sentence(_standing(courses[0].standing, courses))
    by_standing: dict[Standing, list[Course]] = {}
    for one in courses:
        by_standing.setdefault(one.standing, []).append(one)
    parts = [
        f"in {listed([one.trial for one in of_some])} {_standing(standing, of_some)}"
        for standing in ("throughout", "last", "falls", "at the end")
        if (of_some := by_standing.get(standing))
    ]
    return _sentence("; ".join(parts))


def _standing(standing: Standing, courses: Sequence[Course]) -> str:
    if standing == "at the end":
        return "the accuracy reached the target only in the last epoch, which does not show whether it sticks"
    if standing == "throughout":
        epochs = _count([one.at_target for one in courses], "epoch")
        return f"the accuracy sticks: it is at or above the target in all {epochs} from there to the end"
    times = _count([one.falls for one in courses], "time")
    if standing == "last":
        return (
            f"the accuracy falls below the target again ({times}), "
            f"but sticks to it in each of the last {LAST} epochs"
        )
    return f"the accuracy does not stick: it falls below the target again ({times})"


def _count(numbers: Sequence[int], what: str) -> str:
    """Return 2 epochs, or 2 to 4 epochs."""
    least, most = min(numbers), max(numbers)
    return counted(most, what) if least == most else f"{least} to {counted(most, what)}"


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."
