"""A campaign's progress as a table and sentences within 80 columns."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from dawnbench.records.campaign import AttemptRecord, Campaign, CampaignRecord, RunRequest
from dawnbench.report.text.campaign import attempt_line, campaign_headline, campaign_table, campaign_words
from dawnbench.stats.campaign_progress import Progress, progress_of
from tests.cli.made_runs import HOSTILE, made_run, steers, trials

START = "2026-02-03T04:05:06.000+00:00"


def campaign(folder: Path, *requests: RunRequest, **outcomes: str) -> Progress:
    """Return the progress of a campaign whose request number N ended as `rN` says."""
    attempts = []
    for name, outcome in outcomes.items():
        request = requests[int(name[1:])]
        run = None
        if outcome == "finished":
            run = f"run-{name}"
            made_run(folder / "runs" / run, trials(2.0, 1))
        marks = ("others ran",) if outcome == "finished" else ()
        attempts.append(
            AttemptRecord(request.id, 1, outcome, START, run=run, reason="it was killed", marks=marks)  # type: ignore[arg-type]
        )
    record = CampaignRecord(1, "0.1", "nightly", START, "running", 2, "local", requests)
    return progress_of(Campaign(folder, record, tuple(attempts)))


def shown(progress: Progress) -> str:
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(campaign_table(progress))
    return "\n".join([capture.get(), campaign_headline(progress), *campaign_words(progress)])


def test_a_row_has_what_differs_and_the_results_so_far(tmp_path: Path) -> None:
    settings = (("epochs=2", "optimizer.momentum=0.85"), ("epochs=2", "optimizer.momentum=0.9"))
    requests = [RunRequest("davidnet", one, seed, "cpu") for one in settings for seed in range(2)]
    text = shown(campaign(tmp_path, *requests, r0="finished", r1="finished", r2="died", r3="running"))
    lines = text.splitlines()
    assert lines[0].split() == ["cell", "recipe", "settings", "trials", "reached", "time", "accuracy"]
    assert lines[1].split()[2:] == ["optimizer.momentum=0.85", "2/2", "2", "2.004", "s", "94.10", "%"]
    assert lines[1].split()[0] == requests[0].cell
    assert lines[2].split()[2:] == ["optimizer.momentum=0.9", "0/2", "-", "-", "-"]
    assert "nightly (local), running: 2 of 4 trials have a result, 1 running, 1 died" in text
    assert "1 of 4 attempts without a result" in text
    assert "all with epochs=2" in text
    assert f"running: {requests[3]}, attempt 1, since 2026-02-03T04:05:06 UTC" in text
    assert f"died: {requests[2]}, attempt 1: it was killed" in text
    assert "beware of 2 of 2 times: others ran" in text
    assert max(map(len, lines)) <= 110


def test_long_settings_are_folded_and_many_sentences_are_counted(tmp_path: Path) -> None:
    settings = [
        ("model.widths=[64, 128, 256, 512]", "augmentation.cutout.size=12", f"epochs={n}") for n in (1, 2)
    ]
    requests = [
        RunRequest("mine/a-recipe.py", one, seed, device)
        for seed in range(4)
        for one in settings
        for device in ("cpu", "cuda:1")
    ]
    progress = campaign(tmp_path, *requests, **{f"r{n}": "failed" for n in range(9)})
    text = shown(progress)
    table = text.split("\n\n")[0]
    assert max(len(line.rstrip()) for line in table.splitlines()) <= 80
    assert "cuda:1" in table
    assert "4 more without a result" in text


def test_no_name_steers_the_terminal(tmp_path: Path) -> None:
    request = RunRequest(HOSTILE, (HOSTILE,), 0, HOSTILE)
    progress = campaign(tmp_path, request, RunRequest("b"), r0="failed")
    assert not steers(shown(progress))
    attempt = AttemptRecord(request.id, 1, "died", START, reason=HOSTILE, device=HOSTILE)
    line = attempt_line(0, 2, request, attempt, True)
    assert not steers(line)
    assert line.endswith("it is tried again")


def test_a_campaign_without_requests_yet_is_shown(tmp_path: Path) -> None:
    assert "0 of 0 trials have a result" in shown(campaign(tmp_path))
