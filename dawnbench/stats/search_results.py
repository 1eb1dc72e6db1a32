"""What a search has found so far, and how much of it may be luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import Campaign, CampaignStatus, RunRequest
from dawnbench.records.search import SearchRecord, Value
from dawnbench.stats.candidates import Candidate, best_of, candidate_of, pooled_std
from dawnbench.stats.comparison.trials_needed import ALPHA
from dawnbench.stats.comparison.unpaired import log_expected, welch
from dawnbench.stats.optuna_study import importances


@dataclass(frozen=True, slots=True)
class SearchResults:
    """The candidates of a search."""

    name: str
    folder: str
    status: CampaignStatus
    search: SearchRecord
    candidates: tuple[Candidate, ...]
    """Those with a result, in the order in which they were tried."""
    without_result: int
    """Candidates that failed, or have not ended a trial."""
    time_importances: Mapping[str, float]
    """Share of each parameter in being among the fastest quarter; empty if unknown."""
    accuracy_importances: Mapping[str, float]
    """The same for being among the most accurate quarter."""
    warnings: tuple[str, ...]
    """What could not be read or computed, one sentence each."""

    @property
    def ranked(self) -> list[Candidate]:
        """The candidates that meet the constraint, the fastest first; then the others, by their shortfall."""
        search = self.search
        return sorted(
            self.candidates,
            key=lambda one: (0, one.seconds) if one.meets(search) else (1, one.shortfall(search)),
        )

    @property
    def complete(self) -> list[Candidate]:
        """The candidates with all of their trials that meet the constraint, the fastest first."""
        return [one for one in self.ranked if one.meets(self.search) and one.trials >= len(self.search.seeds)]

    @property
    def best(self) -> Candidate | None:
        """The fastest candidate with all of its trials that meets the constraint; None if there is none."""
        return best_of(self.complete, self.search)

    @property
    def as_fast(self) -> list[Candidate]:
        """The complete candidates that Welch's test does not tell from the best."""
        best = self.best
        return (
            []
            if best is None
            else [one for one in self.complete if one is not best and not _differ(one, best)]
        )

    @property
    def luck(self) -> float | None:
        """By which fraction chance alone would make the best look faster if all candidates were equal.

        The expected least of as many normal deviates as there are complete candidates (Blom 1958), times the
        standard error of a candidate's mean. None with fewer than two of them, or without a spread.
        """
        count, n = len(self.complete), len(self.search.seeds)
        std = pooled_std([[math.log(s) for s in one.spent.reached] for one in self.complete])
        if count < 2 or std is None:
            return None
        return NormalDist().inv_cdf((count - 0.375) / (count + 0.25)) * std / math.sqrt(n)

    def values(self, candidate: Candidate) -> dict[str, Value]:
        """Return the parameters' values of a candidate, by name."""
        return self.search.values(candidate.settings)


def search_results(campaign: Campaign) -> SearchResults:
    """Return what a search has found; a run folder that cannot be read is left out, with a warning.

    Raises:
        DawnbenchError: the campaign is not a search.
    """
    search = campaign.record.search
    if search is None:
        raise DawnbenchError(
            f"{campaign.folder} is not the folder of a search; `dawnbench campaign status` shows its results"
        )
    warnings = list(campaign.warnings)
    requests: dict[tuple[str, ...], list[RunRequest]] = {}
    for request in campaign.record.requests:
        requests.setdefault(request.settings, []).append(request)
    candidates = []
    for settings, own in requests.items():
        results = [result for request in own if (result := campaign.result(request)) is not None]
        runs = [folder for result in results if (folder := campaign.run_folder(result)) is not None]
        try:
            search.values(settings)
            candidates.append(candidate_of(settings, runs, search.rule))
        except (DawnbenchError, ValueError) as error:
            warnings.append(str(error))
    found = [one for one in candidates if one.trials]
    timed = [one for one in found if math.isfinite(one.seconds)]
    try:
        by_time = _importances(search, timed, [one.seconds for one in timed], False)
        by_accuracy = _importances(search, found, [one.accuracy or 0.0 for one in found], True)
    except (DawnbenchError, ValueError) as error:
        by_time, by_accuracy = {}, {}
        warnings.append(f"which settings matter is unknown: {error}")
    return SearchResults(
        name=campaign.record.name,
        folder=str(campaign.folder),
        status=campaign.record.status,
        search=search,
        candidates=tuple(found),
        without_result=len(requests) - len(found),
        time_importances=by_time,
        accuracy_importances=by_accuracy,
        warnings=tuple(warnings),
    )


def _importances(
    search: SearchRecord, candidates: Sequence[Candidate], figures: Sequence[float], higher: bool
) -> dict[str, float]:
    values = [search.values(one.settings) for one in candidates]
    return importances(search, values, figures, higher_is_better=higher)


def _differ(one: Candidate, other: Candidate) -> bool:
    p = welch(log_expected(one.spent.table).tolist(), log_expected(other.spent.table).tolist())
    return p is not None and p < ALPHA
