"""Requests that Optuna chooses: a candidate's seeds one after another, and the next candidate after them."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dawnbench.campaigns.matrix.folder import CampaignFolder
from dawnbench.campaigns.matrix.source import Allows, Fits
from dawnbench.campaigns.matrix.time_limit import AS_DATA
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import RESULTS, AttemptRecord, RunRequest
from dawnbench.records.search import SearchRecord, Value
from dawnbench.stats.candidates import Candidate, candidate_of, hopeless
from dawnbench.stats.optuna_study import distribution, load_optuna

JOURNAL = "search.journal"
"""The study, in the campaign's folder."""
OWNER = "campaign"
"""The attribute of a trial of the study that names its campaign."""
MAX_REPEATS = 50
"""Suggestions in a row that were tried before, after which no further candidate is expected."""
RESEEDED = 2**32
"""Seeds of Optuna's sampler."""


@dataclass
class _Open:
    """A candidate whose trials are not all there."""

    trial: Any
    """Optuna's."""
    requests: tuple[RunRequest, ...]
    done: int = 0
    """Requests with a result."""
    is_running: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        return self.requests[0].settings


@dataclass
class _Closed:
    """What became of a candidate in Optuna's study."""

    candidate: Candidate | None
    """None if it failed."""
    reason: str | None = field(default=None)
    """Why it got no more seeds."""


class SearchSource:
    """Asks Optuna for candidates and tells it what they came to.

    The study is in a journal file, which campaigns on several machines may share. The results are in the run
    folders, from which a resumed search tells Optuna whatever a killed one had no time to.
    """

    def __init__(
        self,
        search: SearchRecord,
        first: Mapping[str, Value] | None,
        folder: CampaignFolder,
        allows: Allows,
        journal: Path | None = None,
    ) -> None:
        """Open or continue the study; `first` are the values of the first candidate.

        `journal` is the file that campaigns share; None keeps it in the campaign's folder.

        Raises:
            DawnbenchError: Optuna is not installed, or the journal cannot be used or is another search's.
        """
        self._search, self._folder, self._allows = search, folder, allows
        record = folder.campaign.record
        self._own = f"{record.name} {record.created}"
        self._journal, self._is_shared = journal or folder.path / JOURNAL, journal is not None
        self._optuna = load_optuna()
        self._distributions = {one.name: distribution(one) for one in search.parameters}
        self._open: list[_Open] = []
        self._closed: dict[tuple[str, ...], _Closed] = {}
        try:
            self._study = self._open_study(first)
            self._continue()
        except (OSError, ValueError, KeyError) as error:
            raise DawnbenchError(f"cannot use {self._journal} as a study: {error}") from error
        if record.requests and not self._open and not self._closed:
            raise DawnbenchError(f"{self._journal} knows nothing of this search; name its file with --study")

    def next(self, fits: Fits) -> RunRequest | None:
        """Return the next seed of a candidate that has none running, or the first of a new candidate."""
        if not fits(self._search.device):
            return None
        waiting = next((one for one in self._open if self._is_next(one)), None)
        if waiting is None and self._allows(self._alike()):
            waiting = self._ask()
        if waiting is None:
            return None
        waiting.is_running = True
        request = waiting.requests[waiting.done]
        self._folder.add(request)
        return request

    def ended(self, request: RunRequest, last: AttemptRecord) -> None:
        """Tell Optuna about a result, and drop the candidate if it failed or is hopeless."""
        one = next(one for one in self._open if request in one.requests)
        one.is_running = False
        if last.outcome in RESULTS:
            self._update(one)
            return
        failure = last.reason or last.outcome
        one.trial.set_user_attr("failure", failure)
        self._close(one, _Closed(None, failure), self._optuna.trial.TrialState.FAIL)

    def _alike(self) -> RunRequest | None:
        """Return a request with the programs of every candidate; None if they differ, or there is none."""
        requests = self._folder.campaign.record.requests
        varies = any(not f"{one.path}=".startswith(AS_DATA) for one in self._search.parameters)
        return requests[0] if requests and not varies else None

    def _is_next(self, one: _Open) -> bool:
        return not one.is_running and self._allows(one.requests[one.done])

    def _update(self, one: _Open) -> None:
        """Measure a candidate with results, and close it if there is nothing left to run."""
        runs = self._results(one)
        one.done = len(runs)
        candidate = candidate_of(one.settings, runs, self._search.rule)
        one.trial.report(_finite(candidate), step=one.done)
        others = [closed.candidate for closed in self._closed.values() if closed.candidate is not None]
        reason = hopeless(candidate, others, self._search)
        if reason is None and one.done < len(one.requests):
            return
        one.trial.set_constraint("accuracy", candidate.shortfall(self._search))
        one.trial.set_constraint("time", 0.0 if math.isfinite(candidate.seconds) else 1.0)
        states = self._optuna.trial.TrialState
        if reason is not None and one.done < len(one.requests):
            one.trial.set_user_attr("pruned", reason)
            self._close(one, _Closed(candidate, reason), states.PRUNED)
        else:
            self._close(one, _Closed(candidate), states.COMPLETE, _finite(candidate))

    def _close(self, one: _Open, closed: _Closed, state: Any, value: float | None = None) -> None:
        self._study.tell(one.trial, value, state=state)
        self._closed[one.settings] = closed
        self._open = [other for other in self._open if other is not one]

    def _ask(self) -> _Open | None:
        """Return a new candidate; None if there are enough, or Optuna knows none that was not tried."""
        for _ in range(MAX_REPEATS):
            others = self._of_others()
            if len(self._closed) + len(self._open) + len(others) >= self._search.candidates:
                return None
            trial = self._study.ask(self._distributions)
            trial.set_user_attr(OWNER, self._own)
            one = self._opened(trial)
            known = self._closed.get(one.settings)
            if known is None and one.settings not in others.union(other.settings for other in self._open):
                self._open.append(one)
                return one
            self._tell_repeat(one.trial, known)
        return None

    def _is_own(self, frozen: Any) -> bool:
        """Return whether a trial of the study is this campaign's."""
        return bool(frozen.user_attrs.get(OWNER, None if self._is_shared else self._own) == self._own)

    def _of_others(self) -> set[tuple[str, ...]]:
        """Return the settings of the candidates of campaigns that share the study."""
        if not self._is_shared:
            return set()
        return {
            self._search.filled(frozen.params)
            for frozen in self._study.get_trials(deepcopy=False)
            if not self._is_own(frozen)
            and frozen.state != self._optuna.trial.TrialState.FAIL
            and frozen.params.keys() == self._distributions.keys()
            and "repeated" not in frozen.user_attrs
        }

    def _tell_repeat(self, trial: Any, known: _Closed | None) -> None:
        """Tell Optuna what it could know of a candidate that it suggests again."""
        states = self._optuna.trial.TrialState
        candidate = None if known is None else known.candidate
        trial.set_user_attr("repeated", True)
        if known is None or candidate is None:
            self._study.tell(trial, state=states.FAIL)
            return
        trial.set_constraint("accuracy", candidate.shortfall(self._search))
        trial.set_constraint("time", 0.0 if math.isfinite(candidate.seconds) else 1.0)
        if known.reason is not None:
            trial.report(_finite(candidate), step=candidate.trials)
            self._study.tell(trial, state=states.PRUNED)
        else:
            self._study.tell(trial, _finite(candidate))

    def _opened(self, trial: Any) -> _Open:
        search = self._search
        settings = search.filled(trial.params)
        return _Open(
            trial, tuple(RunRequest(search.recipe, settings, seed, search.device) for seed in search.seeds)
        )

    def _open_study(self, first: Mapping[str, Value] | None) -> Any:
        from optuna.samplers import TPESampler
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        path = str(self._journal)
        backend = JournalFileBackend(path, lock_obj=JournalFileOpenLock(path))
        study = self._optuna.create_study(
            storage=JournalStorage(backend), study_name="search", load_if_exists=True
        )
        wanted = json.dumps(asdict(replace(self._search, candidates=1)))
        if "search" not in study.user_attrs:
            study.set_user_attr("search", wanted)
        elif study.user_attrs["search"] != wanted:
            raise DawnbenchError(f"{path} has another search; name another file with --study")
        known = len(study.get_trials(deepcopy=False))
        # A resumed search must not suggest again what the random start of the first sitting suggested.
        study.sampler = TPESampler(seed=known % RESEEDED, n_startup_trials=self._startup())
        if not known and first is not None:
            study.enqueue_trial(dict(first))
        return study

    def _startup(self) -> int:
        """How many candidates to choose at random: Optuna's ten, or a third of a short search."""
        return max(3, min(10, self._search.candidates // 3))

    def _continue(self) -> None:
        """Take up the candidates of earlier sittings."""
        states = self._optuna.trial.TrialState
        unfinished = []
        for frozen in self._study.get_trials(deepcopy=False):
            if frozen.state == states.WAITING or not self._is_own(frozen):
                continue
            if "repeated" in frozen.user_attrs or frozen.params.keys() != self._distributions.keys():
                if frozen.state == states.RUNNING:  # killed before its values were chosen, or compared
                    self._study.tell(frozen.number, state=states.FAIL)
                continue
            one = self._opened(frozen)
            if frozen.state == states.RUNNING:
                unfinished.append((frozen._trial_id, one))
            elif frozen.state == states.FAIL:
                self._closed[one.settings] = _Closed(None, frozen.user_attrs.get("failure"))
            else:
                candidate = candidate_of(one.settings, self._results(one), self._search.rule)
                self._closed[one.settings] = _Closed(candidate, frozen.user_attrs.get("pruned"))
        for trial_id, one in unfinished:
            one.trial = self._optuna.trial.Trial(self._study, trial_id)
            if one.settings in self._closed:
                self._tell_repeat(one.trial, self._closed[one.settings])
                continue
            self._open.append(one)
            if self._results(one):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # what was reported before the kill is reported again
                    self._update(one)

    def _results(self, one: _Open) -> list[Path]:
        """Return the run folders of a candidate, in the order of its seeds, up to the first without one."""
        campaign, runs = self._folder.campaign, []
        for request in one.requests:
            result = campaign.result(request)
            folder = None if result is None else campaign.run_folder(result)
            if folder is None:
                break
            runs.append(folder)
        return runs


def _finite(candidate: Candidate) -> float:
    """Return the expected time; without a success, all time spent, which it exceeds."""
    if math.isfinite(candidate.seconds):
        return candidate.seconds
    return math.fsum(candidate.spent.missed)
