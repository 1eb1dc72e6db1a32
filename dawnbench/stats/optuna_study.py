"""Candidates as Optuna knows them: parameters as distributions, and which of them matter."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from dawnbench.errors import DawnbenchError
from dawnbench.records.search import Parameter, SearchRecord, Value

MIN_CANDIDATES = 8
"""Fewer say nothing about what matters."""
BEST_SHARE = 0.25
"""Of the candidates, whose values are compared with those of all."""


def load_optuna() -> Any:
    """Return the package.

    Raises:
        DawnbenchError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise DawnbenchError(
            "a search needs the package optuna; install it with `pip install 'dawnbench[search]'`"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def distribution(one: Parameter) -> Any:
    """Return what Optuna draws a parameter's values from."""
    kinds = load_optuna().distributions
    if one.choices:
        return kinds.CategoricalDistribution(one.choices)
    low, high = one.bounds
    if one.whole:
        return kinds.IntDistribution(int(low), int(high), one.log, int(one.step or 1))
    return kinds.FloatDistribution(
        float(low), float(high), one.log, None if one.step is None else float(one.step)
    )


def importances(
    search: SearchRecord,
    values: Sequence[Mapping[str, Value]],
    figures: Sequence[float],
    *,
    higher_is_better: bool,
) -> dict[str, float]:
    """Return how much each parameter matters for being among the best quarter, in shares that add up to 1.

    `values` and `figures` are those of each candidate. It is PED-ANOVA (Watanabe et al. 2023), which needs no
    further package. Empty with fewer than eight candidates, or if all figures are equal.

    Raises:
        DawnbenchError: Optuna is not installed.
    """
    optuna = load_optuna()
    if len(figures) < MIN_CANDIDATES or len(set(figures)) == 1:
        return {}
    study = optuna.create_study(direction="maximize" if higher_is_better else "minimize")
    distributions = {one.name: distribution(one) for one in search.parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for params, figure in zip(values, figures, strict=True):
            study.add_trial(
                optuna.trial.create_trial(params=dict(params), distributions=distributions, value=figure)
            )
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    shares = {name: float(share) for name, share in found.items()}
    return shares if all(map(math.isfinite, shares.values())) and sum(shares.values()) > 0 else {}
