"""A judgement as one JSON document, for `--json`."""

from __future__ import annotations

from dataclasses import asdict

from dawnbench.export.gates import as_json, finite_gates
from dawnbench.stats.regression.judgement import Judgement

KIND = "dawnbench judgement"


def judgement_json(judgement: Judgement) -> str:
    """Return the judgement as a JSON object; a missing figure is null, and no number is NaN.

    - `kind`: always "dawnbench judgement".
    - `outcome`: holds, regression, too fast, not comparable or too few trials; the worst of the gates.
    - `run`, `baseline`: the run folder's name and the baseline's.
    - `recipe_name`, `device_name`, `rule`: what ran, where, and the rule that gives the seconds and joules.
    - `gates`: one object per metric, empty if the two cannot be compared at all:
      - `metric`: time, epochs, accuracy or energy; `unit`: s, epochs, % or J; of an inference run ms or mJ of
        one image.
      - `outcome`: as above, for this metric alone; `sentence`: the same in words.
      - `measured`, `reference`: the run's mean and the baseline's in that unit, or null.
      - `interval`: the two ends of the 95 % interval of `measured`, or null.
      - `change`: for accuracy the difference in percentage points, for the others the fraction by which the
        run is above the baseline, or null.
      - `p_value`: of the one-sided test that decided, or null.
    - `notes`: an array of sentences.
    """
    return as_json(
        {
            "kind": KIND,
            "outcome": judgement.outcome,
            **asdict(judgement),
            "gates": [asdict(gate) for gate in finite_gates(judgement)],
        }
    )
