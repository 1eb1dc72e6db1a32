"""Campaigns that searched, made in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from dawnbench.records.campaign import AttemptRecord, Campaign, CampaignRecord, RunRequest
from dawnbench.records.search import Parameter
from dawnbench.stats.search_results import SearchResults, search_results
from tests.campaigns.matrix.pretended import Came, record
from tests.records.folders import make_run
from tests.stats.test_candidates import SEARCH

Trial = Callable[[float, int], Came]
IDLE = Parameter("label_smoothing", low=0.0, high=0.2)
BOTH = replace(
    SEARCH, settings=(*SEARCH.settings, "label_smoothing=null"), parameters=(*SEARCH.parameters, IDLE)
)


def searched(folder: Path, momenta: list[float], trial: Trial, seeds: int = 3) -> SearchResults:
    """Return the results of a search whose candidates have these momenta."""
    return search_results(campaign(folder, momenta, trial, seeds))


def campaign(folder: Path, momenta: list[float], trial: Trial, seeds: int = 3) -> Campaign:
    random = np.random.default_rng(0)
    requests, attempts = [], []
    for momentum in momenta:
        settings = (f"optimizer.momentum={momentum}", f"label_smoothing={random.uniform(0, 0.2):.3f}")
        for seed in range(seeds):
            request = RunRequest("quickstart", settings, seed, "cpu")
            name = f"20260203T040506Z-quickstart-{request.id}"
            make_run(folder / "runs" / name, (record(trial(momentum, seed), seed),))
            requests.append(request)
            attempts.append(AttemptRecord(request.id, 1, "finished", "2026", run=name))
    plan = CampaignRecord(
        schema_version=1,
        dawnbench_version="0",
        name="hunt",
        created="2026",
        status="finished",
        retries=0,
        executor="local",
        requests=tuple(requests),
        search=replace(BOTH, seeds=(0, 1, 2)),
    )
    return Campaign(folder, plan, tuple(attempts))
