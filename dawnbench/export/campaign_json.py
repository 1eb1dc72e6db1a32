"""A campaign's progress as a JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from dawnbench.export.gates import as_json
from dawnbench.records.bounds import finite
from dawnbench.records.campaign import AttemptRecord, Campaign, CampaignStatus, RequestState
from dawnbench.records.schema import SCHEMA_VERSION
from dawnbench.stats.campaign_progress import progress_of


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """One trial that was asked for."""

    id: str
    """Twelve hexadecimal digits, which the tag `request` of its run folder repeats."""
    cell: str
    """Five hexadecimal digits that requests differing in their seeds only share, as do their run folders'
    names."""
    recipe: str
    settings: tuple[str, ...]
    """`path=value`."""
    seed: int
    device: str
    """As asked for: auto, cpu, cuda, cuda:1, mps."""
    state: RequestState
    run: str | None
    """The path of the run folder with its result; None if there is none."""
    attempts: tuple[AttemptRecord, ...]
    """In their order."""


@dataclass(frozen=True, slots=True)
class CampaignDocument:
    """What `dawnbench campaign ... --json` and `dawnbench campaign status --json` print."""

    kind: Literal["dawnbench campaign"]
    schema_version: int
    """Of this document; a reader takes its own version and older ones."""
    name: str
    folder: str
    """Its path."""
    status: CampaignStatus
    executor: str
    """What ran the trials last: local, ray or slurm."""
    asked: int
    """Trials planned."""
    done: int
    """Trials that have a result, diverged ones included."""
    requests: tuple[RequestStatus, ...]
    warnings: tuple[str, ...]
    """What could not be read, one sentence each."""


def campaign_json(campaign: Campaign) -> str:
    """Return every request of a campaign with its attempts, which campaign-v1.json describes."""
    progress = progress_of(campaign)
    requests = []
    for request in campaign.record.requests:
        result = campaign.result(request)
        folder = None if result is None else campaign.run_folder(result)
        requests.append(
            RequestStatus(
                id=request.id,
                cell=request.cell,
                recipe=request.recipe,
                settings=request.settings,
                seed=request.seed,
                device=request.device,
                state=campaign.state(request),
                run=None if folder is None else str(folder),
                attempts=tuple(campaign.attempts_at(request)),
            )
        )
    document = CampaignDocument(
        kind="dawnbench campaign",
        schema_version=SCHEMA_VERSION,
        name=progress.name,
        folder=progress.folder,
        status=progress.status,
        executor=progress.executor,
        asked=progress.asked,
        done=progress.done,
        requests=tuple(requests),
        warnings=progress.warnings,
    )
    return as_json(finite(asdict(document)))
