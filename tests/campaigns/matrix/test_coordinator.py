"""The order of a campaign's events, with an executor and a source that a test controls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import click
import pytest

from dawnbench.campaigns.matrix.coordinator import Coordinator, EndedAttempt, run_campaign
from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.campaigns.matrix.folder import CampaignFolder
from dawnbench.campaigns.matrix.job import Performed, TrialJob
from dawnbench.campaigns.matrix.opening import begin
from dawnbench.campaigns.matrix.source import Fits
from dawnbench.cli import main
from dawnbench.errors import DawnbenchError
from dawnbench.records.campaign import AttemptRecord, RunRequest, read_campaign
from dawnbench.records.lines import LineFile
from tests.records.folders import make_run

START = "2026-02-03T04:05:06+00:00"


class Settled(Future[Performed]):
    """Knows whether its result has been asked for."""

    settled = False

    def result(self, timeout: float | None = None) -> Performed:
        self.settled = True
        return super().result(timeout)


class Quick:
    """Has done a job at once, holds `room` of them until they are settled, and notes what it was asked."""

    name = "local"

    def __init__(self, room: int = 1, dies: Sequence[int] = ()) -> None:
        self.events: list[str] = []
        self.room, self.dies = room, list(dies)
        self.jobs: list[TrialJob] = []
        self._running: list[Settled] = []

    def check(self, device: str) -> None:
        self.events.append(f"check {device}")

    def has_room(self, device: str) -> bool:
        return sum(not future.settled for future in self._running) < self.room

    def abandon(self, outs: Sequence[Path]) -> None:
        self.events.append(f"abandon {len(outs)}")

    def submit(self, job: TrialJob) -> Future[Performed]:
        seed = job.request.seed
        self.events.append(f"submit {seed}")
        self.jobs.append(job)
        future = Settled()
        if seed in self.dies:
            self.dies.remove(seed)
            performed = Performed(-9, "", START, START)
        else:
            make_run(job.out / f"20260203T040506Z-davidnet-{seed:06x}", tags={"request": job.request.id})
            performed = Performed(0, "", START, START)
        self._running.append(future)
        future.set_result(performed)
        return future

    def stop(self) -> None:
        self.events.append("stop")

    def close(self) -> None:
        self.events.append("close")


class Halving:
    """A source that asks for seed 0, and then for one more than the last that has a result, up to 3."""

    def __init__(self, folder: CampaignFolder, events: list[str]) -> None:
        self._folder, self._events = folder, events
        self._next: int | None = 0

    def next(self, fits: Fits) -> RunRequest | None:
        if self._next is None or not fits("cpu"):
            return None
        request = RunRequest("davidnet", (), self._next, "cpu")
        self._next = None
        self._folder.add(request)
        return request

    def ended(self, request: RunRequest, last: AttemptRecord) -> None:
        self._events.append(f"hears of {request.seed}: {last.outcome} in {last.run}")
        self._next = request.seed + 1 if request.seed < 2 else None


def requests(*seeds: int) -> tuple[RunRequest, ...]:
    return tuple(RunRequest("davidnet", ("epochs=2",), seed, "cpu") for seed in seeds)


def test_what_died_is_tried_again_before_anything_new(tmp_path: Path) -> None:
    executor, ended = Quick(dies=[0, 0, 1, 1, 1]), list[EndedAttempt]()
    plan = CampaignPlan("order", requests(0, 1, 2), {}, devices=("cpu",))
    run_campaign(plan, tmp_path / "out", executor, retries=2, resuming=False, ended=ended.append)
    submits = [f"submit {seed}" for seed in (0, 0, 0, 1, 1, 1, 2)]
    assert executor.events == ["check cpu", *submits, "close"]
    assert [(one.request.seed, one.attempt.outcome, one.again, one.done, one.asked) for one in ended] == [
        (0, "died", True, 0, 3),
        (0, "died", True, 0, 3),
        (0, "finished", False, 1, 3),
        (1, "died", True, 1, 3),
        (1, "died", True, 1, 3),
        (1, "died", False, 1, 3),
        (2, "finished", False, 2, 3),
    ]
    assert read_campaign(tmp_path / "out").record.status == "finished"


def test_a_source_sees_results_before_it_gives_the_next_request(tmp_path: Path) -> None:
    executor = Quick(room=4, dies=[1])

    folder = begin(tmp_path / "out", CampaignPlan("search", (), {}), executor, retries=1)
    Coordinator(folder, Halving(folder, executor.events), executor, 1, lambda _: None).run()
    cell = RunRequest("davidnet", (), 0, "cpu").cell
    heard = [f"hears of {seed}: finished in 20260203T040506Z-davidnet-{cell}-{seed:06x}" for seed in range(3)]
    assert executor.events == [
        "submit 0",
        heard[0],
        "submit 1",
        "submit 1",
        heard[1],
        "submit 2",
        heard[2],
        "close",
    ]
    assert [request.seed for request in read_campaign(tmp_path / "out").record.requests] == [0, 1, 2]


def test_run_takes_every_argument_of_a_trial(tmp_path: Path) -> None:
    executor = Quick()
    plan = CampaignPlan("words", requests(5), {})
    run_campaign(plan, tmp_path / "out", executor, retries=0, resuming=False, ended=lambda _: None)
    (job,) = executor.jobs
    command = main.get_command(click.Context(main), "run")
    assert command is not None
    words = [job.recipe, *job.arguments("cuda", ["it shared", "and shared"]), f"--out={job.out}"]
    given = command.make_context("run", words).params
    assert (given["recipe"], given["seed"], given["device"]) == ("davidnet", 5, "cuda")
    assert given["settings"] == ("epochs=2",)
    assert given["notes"] == ("it shared", "and shared")
    assert given["tags"] == ("campaign=words", f"request={job.request.id}")
    assert (given["trials"], given["as_json"], given["out"]) == (1, True, job.out)


def test_a_full_disk_ends_it_with_a_sentence_and_a_readable_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor, appended = Quick(), LineFile.append

    def append(self: LineFile, text: str, force: bool) -> None:
        if self.path.read_bytes().count(b"\n") == 3:
            raise OSError(28, "No space left on device")
        appended(self, text, force)

    monkeypatch.setattr(LineFile, "append", append)
    plan, out = CampaignPlan("full", requests(0, 1, 2), {}, devices=("cpu",)), tmp_path / "out"
    with pytest.raises(DawnbenchError, match=r"cannot write .*attempts.jsonl \(No space left on device\)"):
        run_campaign(plan, out, executor, retries=0, resuming=False, ended=lambda _: None)
    assert executor.events[-2:] == ["stop", "close"]
    campaign = read_campaign(out)
    assert campaign.record.status == "failed"
    assert [campaign.state(one) for one in campaign.record.requests] == ["finished", "died", "waiting"]
    monkeypatch.undo()
    again = Quick()
    run_campaign(plan, out, again, retries=0, resuming=True, ended=lambda _: None)
    assert again.events == [
        "check cpu",
        "abandon 1",
        "submit 2",
        "close",
    ]  # 1 had finished, its line was lost


def test_links_in_a_campaigns_folder_lead_nowhere(tmp_path: Path) -> None:
    plan, out = CampaignPlan("links", requests(0, 1), {}), tmp_path / "out"
    run_campaign(plan, out, Quick(), retries=0, resuming=False, ended=lambda _: None)
    mine = make_run(tmp_path / "mine/20260203T040506Z-davidnet-0a1b2c")
    # A folder from a stranger: its attempt is a link to someone's runs.
    text = (out / "attempts.jsonl").read_text()
    kept = [line for line in text.splitlines(keepends=True) if json.loads(line)["outcome"] == "running"]
    unknown = kept[0].replace(json.loads(kept[0])["request"], "0123456789ab")
    (out / "attempts.jsonl").write_text("".join([*kept, unknown]))
    for folder in (out / "runs").iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    (out / "attempts" / f"{requests(0)[0].id}-1").symlink_to(mine.parent)
    again = Quick()
    run_campaign(plan, out, again, retries=0, resuming=True, ended=lambda _: None)
    assert again.events[-3:] == ["submit 0", "submit 1", "close"]
    assert (mine / "run.json").is_file()
    (out / "attempts.jsonl").rename(tmp_path / "elsewhere")
    (out / "attempts.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DawnbenchError, match=r"attempts.jsonl is a link"):
        run_campaign(plan, out, Quick(), retries=0, resuming=True, ended=lambda _: None)
