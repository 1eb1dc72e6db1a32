"""Compares trials with a reference, or refuses to."""

from __future__ import annotations

from dawnbench.errors import DawnbenchError
from dawnbench.records.rules import rule_for
from dawnbench.records.trial_set import TrialSet
from dawnbench.stats.comparison.comparable import Differences, differences, missing_rule
from dawnbench.stats.comparison.outcome import Comparison
from dawnbench.stats.comparison.paired import are_paired, compare_paired_times, pairs
from dawnbench.stats.comparison.unpaired import compare_accuracy, compare_energy, compare_times
from dawnbench.stats.trial_values import rules_of


def compare(
    reference: TrialSet, other: TrialSet, *, rule: str | None = None, across: bool = False
) -> Comparison:
    """Compare `other` with `reference`: pair by pair if the two are the sides of one `dawnbench ab`.

    The verdict is by `rule`, None for that of the reference's kind; the other rules that both report follow
    it. `across` allows comparisons of different data, targets, recipes and numbers of threads.

    Raises:
        DawnbenchError: differences make the comparison meaningless, or one side does not report the rule.
    """
    rule = rule_for(reference.identity.kind, rule)
    paired = are_paired(reference, other)
    found = differences(reference, other)
    _refuse(reference, other, rule, found, across, paired)
    compare_by = compare_paired_times if paired else compare_times
    both = [name for name in rules_of([reference]) if name in rules_of([other]) and name != rule]
    accuracy, p_accuracy = compare_accuracy(reference, other)
    return Comparison(
        reference=reference,
        other=other,
        paired=len(pairs(reference, other)) if paired else None,
        times=tuple(compare_by(reference, other, name) for name in (rule, *both)),
        accuracy=accuracy,
        p_accuracy=p_accuracy,
        energy=compare_energy(reference, other, rule),
        differences=found,
    )


def _refuse(
    reference: TrialSet, other: TrialSet, rule: str, found: Differences, across: bool, paired: bool
) -> None:
    if found.kinds is not None:
        raise DawnbenchError(found.kinds)
    if (missing := missing_rule(reference, other, rule)) is not None:
        raise DawnbenchError(missing)
    # The two sides of an A/B campaign have different recipes on purpose.
    refusals = [one for one in found.refusals if not (paired and one == found.recipes)]
    if refusals and not across:
        raise DawnbenchError(
            f"{other.name} cannot be compared with {reference.name}: {'; '.join(refusals)}; "
            "add --across if this difference is what you want to measure"
        )
