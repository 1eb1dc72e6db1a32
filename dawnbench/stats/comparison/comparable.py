"""Whether two sets of trials may be compared, and what differs between them, by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from dawnbench.records.inference import InferenceSettings
from dawnbench.records.leaves import leaves, with_current_names
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.trial_values import rules_of

NOT_DECIDING = (
    *("name", "summary", "trials", "target", "dataset.name", "changed"),
    *("write_up", "write_up.target"),
)
"""Paths in a recipe; the target is compared by itself, and the data by fingerprint."""
MAX_NAMED = 6
CHOSEN = "--trials auto chose its number of trials by their results, so p-values here are approximate"


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two sets of trials; None or empty if nothing does."""

    kinds: str | None
    """One is a training and the other an inference run, which no option makes comparable."""
    data: str | None
    rules: str | None
    """What is timed: the target."""
    recipes: str | None
    """What was trained; in inference runs also what ran the model."""
    threads: str | None
    """On one kind of processor; the numbers for two different devices are a caution."""
    devices: str | None
    """How many of one kind of device trained together, and on how many nodes."""
    cautions: tuple[str, ...]
    """Each names a possible cause of a difference other than the code, or what could not be read."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What may explain a difference, the numbers of devices included."""
        return self.cautions if self.devices is None else (self.devices, *self.cautions)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Differences that make a comparison meaningless, unless they are the point of it."""
        found = (self.kinds, self.data, self.rules, self.recipes, self.threads)
        return tuple(one for one in found if one is not None)


def differences(a: TrialSet, b: TrialSet) -> Differences:
    """Return what differs between two sets of trials, one sentence each."""
    kinds = data = rules = recipes = threads = devices = None
    if a.identity.kind != b.identity.kind:
        kinds = f"{_is(a)} and {_is(b)}, which have no time in common"
    if a.data.fingerprint != b.data.fingerprint:
        data = (
            f"the data differ: {a.name} has fingerprint {a.data.fingerprint[:16]} ({a.data.source}), "
            f"{b.name} has {b.data.fingerprint[:16]} ({b.data.source})"
        )
    if a.target != b.target:
        rules = f"the targets differ: {100 * a.target:g} % and {100 * b.target:g} %"
    if a.recipe_digest != b.recipe_digest and (named := recipe_differences(a, b)):
        recipes = "the recipes differ: " + "; ".join(named)
    if kinds is None and a.identity.inference != b.identity.inference:
        ran = f"the models ran by different means: {a.identity.inference} and {b.identity.inference}"
        recipes = ran if recipes is None else f"{recipes}; {ran}"
    both = (a.identity.threads, b.identity.threads)
    if a.device_name == b.device_name and None not in both and both[0] != both[1]:
        threads = f"the thread counts differ: {both[0]} and {both[1]} (OMP_NUM_THREADS sets the number)"
    hardware = (a.identity.hardware, b.identity.hardware)
    if a.device_name == b.device_name and hardware[0] != hardware[1]:
        devices = f"the numbers of devices differ: {hardware[0]} and {hardware[1]}"
    return Differences(kinds, data, rules, recipes, threads, devices, tuple(_cautions(a, b, threads is None)))


def missing_rule(a: TrialSet, b: TrialSet, rule: str) -> str | None:
    """Return a sentence if one of the two does not report a rule; None if both do."""
    for one in (a, b):
        known = rules_of([one])
        if rule not in known:
            reported = ", ".join(known) or "no rules, since it has no trials"
            return f"{one.name} does not report the rule {rule}; it has {reported}"
    return None


def recipe_differences(a: TrialSet, b: TrialSet) -> tuple[str, ...]:
    """Return `path left and right` for each leaf that matters and differs; only the first few of many."""
    left, right = (dict(leaves(with_current_names(one.recipe))) for one in (a, b))
    paths = [
        path
        for path in dict.fromkeys([*left, *right])
        if path not in NOT_DECIDING and left.get(path) != right.get(path)
    ]
    named = [f"{path} {_shown(left, path)} and {_shown(right, path)}" for path in paths[:MAX_NAMED]]
    more = len(paths) - len(named)
    return (*named, f"{more} more") if more else tuple(named)


def _is(series: TrialSet) -> str:
    return f"{series.name} is {'an inference run' if series.identity.kind == 'inference' else 'a training'}"


def _shown(found: Mapping[str, Any], path: str) -> str:
    return json.dumps(found[path], ensure_ascii=False) if path in found else "(absent)"


def _cautions(a: TrialSet, b: TrialSet, threads: bool) -> Iterator[str]:
    """Yield what else may explain a difference; `threads` says whether to include their numbers."""
    hardware = (a.identity.hardware, b.identity.hardware)
    facts: dict[str, tuple[Any, Any]] = {
        **({"the devices": hardware} if a.device_name != b.device_name else {}),
        "the precisions": (a.precision, b.precision),
        **({"the thread counts": (a.identity.threads, b.identity.threads)} if threads else {}),
    }
    for what, path in (
        ("the drivers", ("gpu", "driver")),
        ("the GPUs' power limits in W", ("gpu", "power_limit_watts")),
        ("the processors", ("cpu", "model")),
        ("the core counts", ("cpu", "logical_cores")),
        ("the torch versions", ("packages", "torch")),
    ):
        facts[what] = (_fact(a, path), _fact(b, path))
    if a.inference is not None and b.inference is not None:
        # One recipe may have many models: of other trials, or pruned.
        ours, theirs = a.inference, b.inference
        of_one_recipe = ours.trained_recipe_digest == theirs.trained_recipe_digest
        if of_one_recipe and ours.model_digest != theirs.model_digest:
            facts["the model files"] = (_file(ours), _file(theirs))
    for what, (left, right) in facts.items():
        if left != right:
            yield f"{what} differ: {left or 'unknown'} and {right or 'unknown'}"
    together = a.pairing is not None and b.pairing is not None and a.pairing.campaign == b.pairing.campaign
    yield from (f"{series.name}: {CHOSEN}" for series in (a, b) if series.stopping and not together)
    for series in (a, b):
        yield from (f"{series.name}: {warning}" for warning in series.warnings)


def _file(of: InferenceSettings) -> str:
    return f"{PurePath(of.model).name} {of.model_digest[:16]}"


def _fact(series: TrialSet, path: tuple[str, ...]) -> Any:
    value: Any = series.environment
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
