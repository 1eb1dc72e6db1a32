"""A campaign's trials, from the command to the run folders; each is a process of the stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dawnbench.campaigns.matrix.coordinator import run_campaign
from dawnbench.campaigns.matrix.executors import kept
from dawnbench.campaigns.matrix.executors.local import LocalExecutor
from dawnbench.campaigns.matrix.file import CampaignPlan
from dawnbench.records.campaign import Campaign, RunRequest, read_campaign
from dawnbench.records.reader import read_run
from tests.campaigns.matrix.conftest import FILE, StandIn
from tests.cli.made_runs import invoke
from tests.export.json_schemas import faults, published

Write = Callable[[str], Path]
OUT = Path("campaigns/nightly")


def outcomes(campaign: Campaign, seed: int) -> list[str]:
    (request,) = (one for one in campaign.record.requests if one.seed == seed)
    return [attempt.outcome for attempt in campaign.attempts_at(request)]


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (OUT / "attempts.jsonl").read_text().splitlines()]


def test_every_request_has_one_run_folder_with_its_seed(trials: StandIn, write_file: Write) -> None:
    code, said, _ = invoke("campaign", write_file(FILE))
    assert code == 0
    assert "3 of 3: davidnet seed 2 on cpu [cpu]: finished" in said
    assert "nightly (local), finished: 3 of 3 trials have a result" in said
    campaign = read_campaign(OUT)
    runs = [read_run(folder) for folder in (OUT / "runs").iterdir()]
    assert sorted(run.record.seed for run in runs) == [0, 1, 2]
    by_id = {request.id: request for request in campaign.record.requests}
    assert all(by_id[run.record.tags["request"]].seed == run.record.seed for run in runs)
    assert {run.record.tags["campaign"] for run in runs} == {"nightly"}
    assert list((OUT / "attempts").iterdir()) == []
    first = next(line for line in lines() if line["outcome"] == "finished")
    assert first["started"] < first["ended"]
    assert (first["worker"], first["device"], first["attempt"]) == ("slot 1", "cpu", 1)
    assert (OUT / "runs" / first["run"]).is_dir()


def test_what_dies_is_tried_again_with_every_attempt_on_record(trials: StandIn, write_file: Write) -> None:
    trials.faults(0, "kill", "memory")
    code, said, _ = invoke("campaign", write_file(FILE))
    assert code == 0
    assert "SIGKILL, as the system does when memory runs out); it is tried again" in said
    campaign = read_campaign(OUT)
    assert outcomes(campaign, 0) == ["died", "died", "finished"]
    assert outcomes(campaign, 1) == ["finished"]
    reasons = [attempt.reason for attempt in campaign.attempts_at(campaign.record.requests[0])]
    assert "ran out of memory" in (reasons[1] or "")
    # What a dead attempt left is readable, and no part of the results.
    died = campaign.run_folder(campaign.attempts_at(campaign.record.requests[0])[0])
    assert died is not None
    assert read_run(died).trials == ()
    assert len(list((OUT / "runs").iterdir())) == 3


def test_retries_are_limited(trials: StandIn, write_file: Write) -> None:
    trials.faults(1, *["kill"] * 5)
    code, said, _ = invoke("campaign", write_file(FILE), "--retries", "1")
    assert code == 2
    assert outcomes(read_campaign(OUT), 1) == ["died", "died"]
    assert "2 of 3 trials have a result, 1 died" in said
    assert "died: davidnet seed 1 on cpu, attempt 2: it was killed by SIGKILL" in said
    assert "the same command with --resume runs what has no result" in said


def test_a_trial_at_fault_is_not_tried_again(trials: StandIn, write_file: Write) -> None:
    trials.faults(0, "wrong")
    trials.faults(2, "diverge")
    code, said, _ = invoke("campaign", write_file(FILE))
    assert code == 2
    campaign = read_campaign(OUT)
    assert [outcomes(campaign, seed) for seed in range(3)] == [["failed"], ["finished"], ["diverged"]]
    assert "there is no data set cifar10" in said
    assert "failed: davidnet seed 0 on cpu" in said
    assert len(list((OUT / "runs").iterdir())) == 2


def test_a_diverged_trial_has_the_exit_code_of_one(trials: StandIn, write_file: Write) -> None:
    trials.faults(2, "diverge")
    assert invoke("campaign", write_file(FILE))[0] == 3


def test_resume_runs_only_what_has_no_result(trials: StandIn, write_file: Write) -> None:
    trials.faults(0, "wrong")
    path = write_file(FILE)
    assert invoke("campaign", path)[0] == 2
    code, said, _ = invoke("campaign", path, "--resume")
    assert code == 0
    assert "3 of 3: davidnet seed 0" in said
    assert [trials.starts(seed) for seed in range(3)] == [2, 1, 1]
    assert outcomes(read_campaign(OUT), 0) == ["failed", "finished"]
    # With nothing left it says how things are.
    code, said, _ = invoke("campaign", path, "--resume")
    assert code == 0
    assert len(trials.ran) == 8
    assert "3 of 3 trials have a result" in said


def test_a_finished_trial_counts_even_if_its_line_is_lost(trials: StandIn, write_file: Write) -> None:
    path = write_file(FILE)
    invoke("campaign", path)
    by_seed = {read_run(folder).record.seed: folder for folder in (OUT / "runs").iterdir()}
    ids = {request.seed: request.id for request in read_campaign(OUT).record.requests}
    # Killed before the line: seed 0 after the move, seed 1 before it, and seed 2 before its end; the last
    # line is torn.
    attempts = OUT / "attempts.jsonl"
    kept = [line for line in attempts.read_text().splitlines(keepends=True) if '"running"' in line]
    attempts.write_text("".join(kept) + '{"request": "')
    staged = OUT / "attempts" / f"{ids[1]}-1"
    staged.mkdir()
    by_seed[1].rename(staged / by_seed[1].name)
    staged = OUT / "attempts" / f"{ids[2]}-1"
    staged.mkdir()
    unfinished = by_seed[2].rename(staged / by_seed[2].name)
    (unfinished / "run.json").write_text(
        (unfinished / "run.json").read_text().replace('"finished"', '"running"')
    )
    assert invoke("campaign", path, "--resume")[0] == 0
    assert [trials.starts(seed) for seed in range(3)] == [1, 1, 2]
    campaign = read_campaign(OUT)
    assert [outcomes(campaign, seed) for seed in range(3)] == [
        ["finished"],
        ["finished"],
        ["died", "finished"],
    ]
    assert sorted(read_run(folder).record.seed for folder in (OUT / "runs").iterdir()) == [0, 1, 2]


def test_without_attempts_jsonl_the_run_folders_still_count(trials: StandIn, write_file: Write) -> None:
    path = write_file(FILE)
    invoke("campaign", path)
    (OUT / "attempts.jsonl").unlink()
    assert invoke("campaign", path, "--resume")[0] == 0
    assert [trials.starts(seed) for seed in range(3)] == [1, 1, 1]
    assert len(read_campaign(OUT).attempts) == 3


def test_a_folder_with_a_campaign_is_not_begun_again(trials: StandIn, write_file: Write) -> None:
    path = write_file(FILE)
    invoke("campaign", path)
    code, _, error = invoke("campaign", path)
    assert code == 2
    assert "already has a campaign; go on with it by --resume" in error
    code, _, error = invoke("campaign", path, "--resume", "--out", "elsewhere")
    assert code == 2
    assert "elsewhere is not a campaign's folder" in error
    assert not Path("elsewhere").exists()


def test_a_resumed_plan_may_grow_but_not_shrink(trials: StandIn, write_file: Write) -> None:
    invoke("campaign", write_file(FILE))
    assert invoke("campaign", write_file(FILE.replace("3", "4")), "--resume")[0] == 0
    assert len(list((OUT / "runs").iterdir())) == 4
    code, _, error = invoke("campaign", write_file(FILE.replace("3", "2")), "--resume")
    assert code == 2
    assert "no longer plans 2 of the trials" in error
    assert len(trials.ran) == 8


def test_a_changed_recipe_file_is_refused_on_resume(
    trials: StandIn, write_file: Write, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("from dawnbench.recipes import find_recipe\nrecipe = find_recipe('davidnet')\n")
    path = write_file(FILE.replace("davidnet", "mine.py"))
    code, _, error = invoke("campaign", path)
    assert code == 0
    assert "names recipe files, whose code runs now and in each trial: mine.py" in error
    assert (OUT / "recipes/mine.py").read_text() == mine.read_text()
    mine.write_text(mine.read_text() + "# another\n")
    code, _, error = invoke("campaign", path, "--resume")
    assert code == 2
    assert "the recipe mine.py has changed since the campaign" in error


def test_nothing_is_written_if_the_file_or_the_device_is_wrong(trials: StandIn, write_file: Write) -> None:
    code, _, error = invoke("campaign", write_file('recipes = ["davidnet", "speedrum"]\nseed = 3'))
    assert code == 2
    assert "unknown key 'seed'" in error
    code, _, error = invoke("campaign", write_file(FILE.replace("cpu", "cuda:7")))
    assert code == 2
    assert "device cuda:7 is not available: this machine has cpu" in error
    assert not Path("campaigns").exists()
    assert trials.ran == []


def test_trials_that_share_the_processor_say_so(trials: StandIn, write_file: Write) -> None:
    for seed in range(2):
        trials.faults(seed, "slow")
    code, said, _ = invoke("campaign", write_file(FILE), "--slots", "2")
    assert code == 0
    sentence = "up to 2 trials of the campaign shared the processor while this one ran"
    assert {read_run(folder).record.notes for folder in (OUT / "runs").iterdir()} == {(sentence,)}
    assert f"beware of 3 of 3 times: {sentence}" in said
    assert {line["worker"] for line in lines() if line["worker"]} == {"slot 1", "slot 2"}
    assert "beginbegin" in "".join(line[0] for line in trials.ran)


def test_two_trials_never_share_a_gpu(
    trials: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-1f,7")
    requests = [RunRequest("davidnet", (), seed, "cuda") for seed in range(6)]
    requests += [RunRequest("davidnet", (), seed, "cuda:1") for seed in range(6, 9)]
    requests += [RunRequest("davidnet", (), 9, "cpu"), RunRequest("davidnet", (), 10, "auto")]
    plan = CampaignPlan("gpus", tuple(requests), {})
    run_campaign(plan, tmp_path / "out", LocalExecutor(), retries=0, resuming=False, ended=lambda *_: None)
    used: set[str] = set()
    for what, seed, gpu in trials.ran:
        if gpu == "5, GPU-1f,7":
            assert seed == "9"  # it asked for the processor
        elif what == "begin":
            assert gpu not in used
            used.add(gpu)
        else:
            used.remove(gpu)
    gpus = {int(seed): gpu for _, seed, gpu in trials.ran}
    assert {gpus[seed] for seed in range(6, 9)} == {"GPU-1f"}
    assert set(gpus.values()) == {"5", "GPU-1f", "7", "5, GPU-1f,7"}
    devices = {attempt.device for attempt in read_campaign(tmp_path / "out").attempts}
    assert devices == {"cuda:0", "cuda:1", "cuda:2", "cpu"}


def test_the_commands_that_read_runs_take_the_campaigns_folder(trials: StandIn, write_file: Write) -> None:
    text = FILE.replace("3", "2") + "[settings]\noptimizer.momentum = [0.8, 0.9]\n"
    invoke("campaign", write_file(text))
    code, said, _ = invoke("runs", OUT, "--json")
    assert code == 0
    assert len(json.loads(said)["runs"]) == 4
    code, said, _ = invoke("show", OUT / "latest", "--json")
    assert code == 0
    assert json.loads(said)["name"].startswith("20260203T040506Z-davidnet-")
    code, said, _ = invoke("campaign", "status", OUT, "--json")
    document = json.loads(said)
    assert faults(document, published("campaign-v1.json")) == []
    cells = {request["cell"] for request in document["requests"]}
    assert len(cells) == 2
    code, said, _ = invoke("compare", *(f"{OUT}/runs/*-{cell}-*" for cell in sorted(cells)))
    assert code == 0
    assert "2 trials against 2" in said
    assert faults(json.loads((OUT / "campaign.json").read_text()), published("folder-campaign-v1.json")) == []
    for line in lines():
        assert faults(line, published("folder-attempt-v1.json")) == []


def test_a_name_in_attempts_jsonl_leads_nowhere_else(trials: StandIn, write_file: Write) -> None:
    invoke("campaign", write_file(FILE))
    text = (OUT / "attempts.jsonl").read_text()
    (OUT / "attempts.jsonl").write_text(text.replace('"run": "2026', '"run": "../../2026'))
    code, said, _ = invoke("campaign", "status", OUT)
    assert code == 0
    assert "attempts.jsonl, line 2 is damaged and left out" in said
    code, _, error = invoke("campaign", "status", OUT.parent)
    assert code == 2
    assert "is not a campaign's folder: cannot read campaign.json" in error


SEARCH = """
recipes = ["davidnet"]
seeds = 2
devices = ["cpu"]
[search]
candidates = 3
accuracy = "90%"
[search.settings]
optimizer.momentum = {low = 0.5, high = 0.95}
"""


def test_a_search_is_run_resumed_and_reported_by_the_same_commands(
    trials: StandIn, write_file: Write
) -> None:
    pytest.importorskip("optuna")
    code, said, _ = invoke("campaign", write_file(SEARCH))
    assert code == 0
    assert "6 of 6: davidnet" in said
    assert "3 of 3 candidates of davidnet were tried on cpu" in said
    assert said.count("2/2    yes  optimizer.momentum=") == 3
    code, said, _ = invoke("campaign", write_file(SEARCH.replace("= 3", "= 4")), "--resume")
    assert (code, said.count(": finished")) == (0, 2)
    code, said, _ = invoke("campaign", "report", OUT)
    assert code == 0
    assert "4 of 4 candidates of davidnet were tried on cpu" in said
    assert said.splitlines()[-1] == str(OUT / "report.md")
    assert {path.name for path in (OUT / "figures").iterdir()} == {"history.svg", "history.png"}
    assert "(figures/history.svg)" in (OUT / "report.md").read_text()
    assert (OUT / "best.py").is_file()


def test_only_a_search_is_shared(trials: StandIn, write_file: Write) -> None:
    code, _, said = invoke("campaign", write_file(FILE), "--study", "shared.journal")
    assert code == 2
    assert "--study is for a campaign file with a search, which" in said
    assert not OUT.exists()


def test_only_a_search_has_a_report(trials: StandIn, write_file: Write) -> None:
    invoke("campaign", write_file(FILE))
    code, _, said = invoke("campaign", "report", OUT)
    assert code == 2
    assert "is not the folder of a search; `dawnbench campaign status` shows its results" in said


def test_a_campaign_out_of_time_is_no_failure(
    trials: StandIn, write_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KeptExecutor", LocalExecutor)
    code, said, _ = invoke("campaign", write_file(FILE), "--minutes", "1e-9")
    assert code == 0
    assert "0 of 3 trials have a result, 3 waiting" in said
    assert invoke("campaign", write_file(FILE), "--resume", "--minutes", "5")[0] == 0
    assert read_campaign(OUT).record.status == "finished"
    assert [line[0] for line in trials.ran].count("begin") == 3
