"""`dawnbench ab --python`: two environments or checkouts, each trial in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dawnbench.cli.ab_pairs import open_display
from dawnbench.cli.compare import ComparisonOptions, show_comparisons
from dawnbench.cli.exit_codes import DIVERGED, DONE, INTERRUPTED
from dawnbench.errors import DawnbenchError

if TYPE_CHECKING:
    from dawnbench.campaigns.turns import TurnSide
    from dawnbench.records.reader import Run
    from dawnbench.records.schema import Side
    from dawnbench.records.trial_set import TrialSet


def run_pythons_and_compare(
    given: Sequence[tuple[str, tuple[str, ...]]],
    pythons: Sequence[str],
    shown: ComparisonOptions,
    leaves: Mapping[str, Any],
    *,
    trials: int,
    seed: int,
    device: str,
    out: Path,
    tags: Mapping[str, str],
) -> int:
    """Run both sides alternately, each trial in a new process; print the comparison, return the exit code.

    `given` are the recipes with their settings, `pythons` the executables or checkouts, A's first.

    Raises:
        DawnbenchError: a path is wrong, or a process ended without its trial; what was recorded is kept.
    """
    from dawnbench.campaigns.turns import python_side
    from dawnbench.cli.configuration import price_list
    from dawnbench.recipes.catalogue import SERIES
    from dawnbench.records.rules import known_rule, rule_for

    known_rule(rule_for("training", shown.rule))
    price_list(shown.prices)
    if series := [recipe for recipe, _ in given if recipe in SERIES]:
        raise DawnbenchError(f"{series[0]} is a series; ab compares two recipes")
    if len(pythons) != 2:
        raise DawnbenchError(
            f"ab takes no --python or two (the first for A, the second for B); it got {len(pythons)}"
        )
    options = {**leaves, "device": device, "out": out}
    words = [f"--{name}={value}" for name, value in options.items() if value is not None]
    words += [f"--tag={name}={value}" for name, value in tags.items()]
    turn_sides = [
        python_side(name, place, [recipe, *words, *(f"--set={setting}" for setting in settings)])
        for name, place, (recipe, settings) in zip("AB", pythons, given, strict=True)
    ]
    return take_turns_and_compare(turn_sides, pythons, shown, trials=trials, seed=seed)


def take_turns_and_compare(
    turn_sides: Sequence[TurnSide],
    names: Sequence[str],
    shown: ComparisonOptions,
    *,
    trials: int,
    seed: int,
    block: int = 1,
) -> int:
    """Run two sides alternately, print the comparison and return the exit code.

    `names` are what the comparison calls them. A process runs up to `block` trials.

    Raises:
        DawnbenchError: a process ended without its trials; what was recorded is kept.
    """
    from dawnbench.campaigns.turns import Turn, rounds, take_turn
    from dawnbench.records.reader import read_run
    from dawnbench.records.rules import rule_for

    display = open_display(shown, rule_for("training", shown.rule), trials)
    observers = {side.name: one for side, one in zip(turn_sides, (display.a, display.b), strict=True)}
    runs: dict[str, list[Run]] = {side.name: [] for side in turn_sides}
    interrupted = False
    try:
        with closing(display):
            for side, first, count in rounds(turn_sides, trials, block):
                turn = Turn(side.name)
                take_turn(turn, side, count, seed + first - 1, lambda _event: None)
                if turn.folder is None or turn.problem:
                    raise DawnbenchError(f"{side.name}, trial {first}: {turn.problem}")
                run = read_run(turn.folder)
                runs[side.name].append(run)
                if first == 1:
                    observers[side.name].run_started(run.record, turn.folder, 1)
                for number, trial in enumerate(run.trials, first):
                    observers[side.name].trial_ended(replace(trial, trial=number))
    except KeyboardInterrupt:
        interrupted = True
    if all(runs.values()):
        display.console.print()
        a, b = _as_pairs(list(runs.values()), names)
        show_comparisons(a, [b], shown)
    if interrupted:
        return INTERRUPTED
    diverged = any(
        trial.status == "diverged" for side in runs.values() for run in side for trial in run.trials
    )
    return DIVERGED if diverged else DONE


def _as_pairs(runs: Sequence[Sequence[Run]], names: Sequence[str]) -> list[TrialSet]:
    """Return the trials of both sides, whose runs took turns, as the sides of one campaign."""
    from dawnbench.records.schema import PairingRecord
    from dawnbench.records.trial_set import trial_set_of
    from dawnbench.stats.pooling import pool_trials

    campaign = os.urandom(6).hex()
    sides: tuple[Side, Side] = ("A", "B")
    return [
        replace(
            pool_trials([trial_set_of(run) for run in of_side], name),
            name=name,
            command=("dawnbench", *sys.argv[1:]),
            pairing=PairingRecord(campaign, side),
        )
        for side, of_side, name in zip(sides, runs, names, strict=True)
    ]
