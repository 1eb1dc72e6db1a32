"""`dawnbench compare`: what may be compared with what, and what is said about it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.cli.configuration import configuration_path
from dawnbench.records.schema import PairingRecord, TrialRecord
from tests.cli.made_runs import invoke, made_run, row, trial, trials, words
from tests.export.judgements import strict_json
from tests.records.examples import RUN
from tests.records.inference_runs import inference_run, passes, settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def head(shown: str) -> str:
    """Return the heading of the table."""
    return words(shown.split("\n\n")[1].splitlines()[0])


def test_the_verdict_is_a_sentence_with_the_figures_below_it() -> None:
    made_run(Path("a"))
    made_run(Path("b"), trials(2.5, joules=630.0))
    code, shown, errors = invoke("compare", "a", "b")
    assert (code, errors) == (0, "")
    assert words(shown).startswith("b is faster than a: 3.8 % less time, ratio 0.9615, 99 % interval 0.9")
    assert head(shown) == "reference other ratio 99 % interval p rank p Welch"
    reference, other, ratio, *interval, rank, welch = row(shown, "dawnbench [s]")
    assert (reference, other, ratio) == ("2.601", "2.501", "0.9615")
    assert interval[1] == "to"
    assert 0.95 < float(interval[0]) < 0.9615 < float(interval[2]) < 0.97
    assert float(rank) < 0.001
    assert welch == "<1e-6"
    assert row(shown, "cold [s]")[:3] == ["6.601", "6.501", "0.9848"]
    assert row(shown, "accuracy [%]")[:3] == ["94.06", "94.06", "+0.00"]
    assert row(shown, "energy [J]")[:3] == ["630.0", "567.0", "0.8999"]
    assert "$" not in shown


def test_the_verdict_is_by_the_rule_asked_for_and_that_rule_comes_first() -> None:
    made_run(Path("a"), [trial(i, 2.6 + i / 1000) for i in range(1, 11)])
    made_run(Path("b"), later("strict", 1.0))
    assert "No difference shown between b and a" in invoke("compare", "a", "b")[1]
    shown = invoke("compare", "a", "b", "--rule", "strict")[1]
    assert "b is slower than a" in shown
    assert [line.split()[0] for line in shown.splitlines() if "[s]" in line] == [
        *("strict", "dawnbench", "airbench", "cold"),
    ]


def later(rule: str, by: float) -> list[TrialRecord]:
    made = (trial(i, 2.6 + i / 1000) for i in range(1, 11))
    return [replace(one, seconds={**one.seconds, rule: (one.seconds[rule] or 0) + by}) for one in made]


def test_one_slow_start_is_no_evidence_however_many_trials_share_it() -> None:
    made_run(Path("a"), later("cold", 0.0))
    made_run(Path("b"), later("cold", 1.0))
    shown = invoke("compare", "a", "b", "--rule", "cold")[1]
    assert "b looks slower than a" in shown
    assert row(shown, "cold [s]")[3:] == ["-", "-", "-"]


def test_several_are_each_held_against_the_first() -> None:
    for name, mean in (("a", 2.6), ("b", 2.5), ("c", 2.6)):
        made_run(Path(name), trials(mean))
    made_run(Path("d"), trials(count=1))
    shown = words(invoke("compare", "a", "b", "c", "d")[1])
    assert "b is faster than a" in shown
    assert "No difference shown between c and a" in shown
    assert "too few trials to show it (1 trial against 10" in shown
    assert "needs 2 more of d, 3 in all" in shown
    assert "significant" not in shown


def test_missed_trials_are_counted_in_out_loud() -> None:
    made_run(Path("a"))
    made_run(Path("b"), trials(missed=2))
    made_run(Path("c"), trials(missed=10))
    shown = invoke("compare", "a", "b")[1]
    assert row(shown, "dawnbench [s]")[1] == "3.252"
    assert "\nb: 2 of 10 trials missed the target, and the time they took is included.\n" in shown
    shown = invoke("compare", "a", "c")[1]
    assert row(shown, "dawnbench [s]")[1] == "-"
    assert "\nc: 10 of 10 trials missed the target, so there is no time.\n" in shown


def test_a_baseline_and_a_glob_are_compared_like_run_folders() -> None:
    for name in ("runs/a1", "runs/a2", "runs/b"):
        made_run(Path(name), trials(2.5 if name == "runs/b" else 2.6))
    assert invoke("baseline", "save", "runs/a1", "--name", "before")[0] == 0
    code, shown, _ = invoke("compare", "baselines/davidnet/NVIDIA-H200.json", "runs/b", "runs/a*")
    assert code == 0
    assert "b is faster than before" in shown
    assert "No difference shown between runs/a* and before" in words(shown)
    assert "(20 trials against 10" in words(shown)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"data": replace(RUN.data, source="cifar100", fingerprint="12" * 32)},
            "data differ: a has fingerprint cdcdcdcdcdcdcdcd (cifar10), b has 1212121212121212 (cifar100)",
        ),
        ({"target": 0.96}, "the targets differ: 94 % and 96 %"),
        (
            {"recipe_digest": "ef" * 32, "recipe": {**RUN.recipe, "epochs": 3}},
            "the recipes differ: epochs (absent) and 3",
        ),
        ({"environment": {"cpu": {"threads": 1}}}, "the thread counts differ: 2 and 1 (OMP_NUM_THREADS sets"),
    ],
)
def test_what_differs_is_refused_by_name_unless_it_is_the_question(
    changes: dict[str, object], said: str
) -> None:
    made_run(Path("a"), environment={"cpu": {"threads": 2}})
    made_run(Path("b"), trials(2.5), **changes)
    code, shown, errors = invoke("compare", "a", "b")
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: b cannot be compared with a: ")
    assert said in errors
    assert errors.endswith("; add --across if this difference is what you want to measure\n")
    code, shown, errors = invoke("compare", "a", "b", "--across")
    assert (code, errors) == (0, "")
    assert "b is faster than a" in shown
    assert said in words(shown)
    assert "\n! the " in shown


def test_another_device_or_driver_is_a_warning() -> None:
    made_run(Path("a"), environment={"gpu": {"driver": "575"}})
    made_run(Path("b"), environment={"gpu": {"driver": "580"}}, device_name="NVIDIA A100")
    code, shown, _ = invoke("compare", "a", "b")
    assert code == 0
    assert "\n! the devices differ: NVIDIA H200 and NVIDIA A100\n" in shown
    assert "\n! the drivers differ: 575 and 580\n" in shown


def test_what_can_be_compared_is_shown_before_what_cannot() -> None:
    for name in ("a", "b"):
        made_run(Path(name))
    made_run(Path("c"), target=0.96)
    code, shown, errors = invoke("compare", "a", "b", "c")
    assert code == 2
    assert "No difference shown between b and a" in shown
    assert "c cannot be compared with a" in errors


def test_two_sides_of_a_campaign_are_compared_pair_by_pair() -> None:
    pairing = PairingRecord("c0ffee", "A")
    made_run(Path("a"), trials(2.6), pairing=pairing)
    widths = {"recipe_digest": "ef" * 32, "recipe": {**RUN.recipe, "width": 64}}
    made_run(Path("b"), trials(2.5), pairing=replace(pairing, side="B"), **widths)
    code, shown, _ = invoke("compare", "a", "b")
    assert code == 0
    assert shown.startswith("A is a\nB is b\nthe recipes differ: width (absent) and 64\nB is faster than A: ")
    assert "10 pairs" in words(shown)
    assert head(shown) == "A B ratio 99 % interval p rank p Welch p pairs"
    assert "A time is the mean over all trials; the interval is that of the test of the pairs." in shown
    assert "!" not in shown, "what a campaign varies is its question, nothing to beware of"


def test_money_and_grams_of_both_by_each_ones_own_price() -> None:
    made_run(Path("a"), [trial(i, 3600.0, joules=4e6) for i in range(1, 6)])
    made_run(Path("b"), [trial(i, 1800.0, joules=2e6) for i in range(1, 6)], device_name="NVIDIA B200")
    given = invoke("compare", "a", "b", "--cost-per-hour=2", "--price-per-kwh=0.3", "--grams-per-kwh=380")[1]
    assert "\nCost under dawnbench: $2.00 and $1.00, -50.0 %.\n" in given
    assert "\nElectricity: $0.300 and $0.150, -50.0 %.\n" in given
    assert "\nCarbon in g CO2e: 380.0 and 190.0, -50.0 %.\n" in given
    configuration_path().parent.mkdir(parents=True, exist_ok=True)
    configuration_path().write_text('[cost]\n"*H200" = 4\n"*B200" = 8\n')
    assert "\nCost under dawnbench: $4.00 and $4.00, +0.0 %.\n" in invoke("compare", "a", "b")[1]
    configuration_path().write_text('[cost]\n"*H200" = 4\n')
    said = words(invoke("compare", "a", "b")[1])
    assert "Cost under dawnbench: $4.00 and - (no price per hour is known for NVIDIA B200)." in said


def test_json_is_one_array_with_an_object_for_each_of_the_others() -> None:
    for name, mean in (("a", 2.6), ("b", 2.5), ("c", 2.7)):
        made_run(Path(name), trials(mean))
    code, shown, errors = invoke("compare", "a", "b", "c", "--json", "--cost-per-hour", "3600")
    assert (code, errors) == (0, "")
    first, second = strict_json(shown)
    assert (first["verdict"], second["verdict"]) == ("faster", "slower")
    assert first["sentence"].startswith("b is faster than a")
    assert (first["reference"]["name"], first["other"]["name"]) == ("a", "b")
    assert first["times"][0]["rule"] == "dawnbench"
    assert first["times"][0]["seconds"] == pytest.approx([2.6013, 2.50125])
    assert first["other"]["dollars"] == pytest.approx(2.50125)


def test_one_run_alone_is_told_that_a_pattern_may_have_matched_only_it() -> None:
    code, shown, errors = invoke("compare", "a")
    assert (code, shown) == (2, "")
    assert "there is nothing to compare a with" in errors
    assert "an unquoted pattern such as runs/* is replaced by what it matches" in errors
    assert "OTHERS..." in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "nowhere"], "nowhere is not a run folder or a baseline file"),
        (["a", "folder"], "folder is not a run folder"),
        (["a", "b", "--cost-per-hour=-1"], "the cost per hour is -1.0"),
        (
            ["published", "published"],
            "published is a ladder of times to place a run on; name at least one run as well",
        ),
        (["a", "published", "--json"], "leave out published or --json"),
        (["a", "empty"], "empty does not report the rule dawnbench"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(arguments: list[str], said: str) -> None:
    made_run(Path("a"))
    made_run(Path("b"))
    made_run(Path("empty"), [])
    Path("folder").mkdir()
    code, shown, errors = invoke("compare", *arguments)
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert said in errors


@pytest.mark.parametrize("arguments", [("a", "published"), ("published", "a")])
def test_a_run_is_put_on_the_ladder_of_published_times(arguments: tuple[str, str]) -> None:
    made_run(Path("a"))
    code, shown, errors = invoke("compare", *arguments)
    assert (code, errors) == (0, "")
    by_dawnbench, by_airbench = shown.split("\n\n")[:2]
    systems = [line for line in by_dawnbench.splitlines() if " s " in line]
    assert "this run: davidnet" in systems[0]
    assert "57.046 s" in by_dawnbench
    assert "74.041 s" in by_dawnbench
    rungs = [line.split()[1] for line in by_airbench.splitlines() if " s " in line]
    assert rungs == sorted(rungs)
    assert rungs[:4] == ["1.828", "1.980", "2.590", "2.701"]


def test_a_run_that_has_no_place_among_published_times_is_refused() -> None:
    made_run(Path("a"))
    made_run(Path("b"), data=replace(RUN.data, source="digits", train_images=1_437))
    code, shown, errors = invoke("compare", "b", "published")
    assert (code, shown) == (2, "")
    why = "it trained on digits and they are for CIFAR-10"
    assert errors == f"dawnbench: b has no place among the published times: {why}\n"
    code, shown, errors = invoke("compare", "b", "a", "published", "--across")
    assert code == 2
    assert "this run: davidnet" in shown, "what has a place is shown before what has none"
    assert "b has no place" in errors


def test_the_ladder_comes_below_a_comparison() -> None:
    made_run(Path("a"))
    made_run(Path("b"), trials(2.5))
    shown = invoke("compare", "a", "b", "published")[1]
    assert shown.index("b is faster than a") < shown.index("this run: davidnet")
    assert shown.count("this run: davidnet") == 4, "two runs, two rules"


def test_a_torn_run_is_told_and_compared() -> None:
    made_run(Path("a"))
    file = made_run(Path("b")) / "trials.jsonl"
    file.write_text(file.read_text()[:-50])
    code, shown, _ = invoke("compare", "a", "b")
    assert code == 0
    assert "! b: trials.jsonl: the last line is torn" in words(shown)
    (found,) = json.loads(invoke("compare", "a", "b", "--json")[1])
    assert "torn" in found["cautions"][-1]


def test_two_inference_runs_are_compared_in_milliseconds_and_without_epochs() -> None:
    inference_run(Path("dense"), passes(0.002, 3))
    inference_run(Path("narrow"), passes(0.001, 3, accuracy=0.9411))
    code, shown, _ = invoke("compare", "dense", "narrow")
    assert code == 0
    assert row(shown, "latency [ms]")[:3] == ["2.001", "1.000", "0.5000"]
    assert row(shown, "accuracy [%]")[:3] == ["94.32", "94.11", "-0.21"]
    why = "A dash in the row of latency and energy: there are too few trials for an interval."
    assert why in words(shown)
    assert "epoch" not in shown
    assert "[s]" not in shown


def test_models_of_one_recipe_that_are_not_the_same_file_are_named() -> None:
    pruned = replace(settings(), model="/runs/a/pruned/pruned_90.safetensors", model_digest="cd" * 32)
    inference_run(Path("dense"), passes(0.002))
    inference_run(Path("again"), passes(0.002))
    inference_run(Path("pruned"), passes(0.002), inference=pruned, recipe_digest="78" * 32)
    differ = "model.safetensors efefefefefefefef and pruned_90.safetensors cdcdcdcdcdcdcdcd"
    assert f"the model files differ: {differ}" in words(invoke("compare", "dense", "pruned")[1])
    assert "the model files differ" not in words(invoke("compare", "dense", "again")[1])
