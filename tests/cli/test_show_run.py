"""`dawnbench show RUN`: every figure the trials give, what they prove and what is doubtful about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.cli.configuration import configuration_path
from dawnbench.cli.options import is_run
from dawnbench.records.schema import Reading
from dawnbench.records.store import RunWriter
from tests.cli.made_runs import invoke, made_run, row, trial, trials, words
from tests.records.examples import CREATED, RUN
from tests.records.inference_runs import inference_pass, inference_run, passes


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_figure_is_shown_with_its_spread() -> None:
    made_run(Path("a"))
    code, shown, errors = invoke("show", "a")
    assert (code, errors) == (0, "")
    lines = shown.splitlines()
    assert lines[0] == "davidnet on NVIDIA H200 (cuda, bf16)"
    assert lines[1] == "a, data cifar10 cdcdcdcdcdcdcdcd"
    assert lines[3].split() == ["n", "mean", "its", "95", "%", "interval", "sd", "median", "min", "max"]
    n, mean, low, to, high, sd, median, least, most = row(shown, "dawnbench [s]")
    assert (n, mean, sd, median, least, most) == ("10", "2.601", "0.0079", "2.601", "2.590", "2.613")
    assert to == "to"
    assert 2.59 < float(low) < 2.601 < float(high) < 2.613
    for label, count, mean in (
        ("airbench [s]", "10", "2.701"),
        ("strict [s]", "10", "2.701"),
        ("cold [s]", "10", "6.601"),
        ("epochs to target", "10", "10.00"),
        ("energy [J]", "10", "700.0"),
        ("energy to target [J]", "10", "630.0"),
    ):
        assert row(shown, label)[:2] == [count, mean]
    assert row(shown, "final accuracy [%]")[2:6] == ["94.03", "to", "94.08", "0.030"]
    assert "\n10 of 10 trials reached the target of 94.00 %.\n" in shown
    assert "at least 94.00 % holds (one-sided t-test, p = 0.00014)" in shown
    assert "!" not in shown


def test_a_run_as_a_writer_leaves_it_is_shown_while_it_is_still_running() -> None:
    writer = RunWriter(Path("runs"), "davidnet", CREATED)
    writer.write_run(RUN)
    for one in trials(count=3):
        writer.append_trial(one)
    code, shown, _ = invoke("show", writer.folder)
    assert code == 0
    assert row(shown, "dawnbench [s]")[0] == "3"


def test_trials_that_missed_the_target_are_in_the_expected_time() -> None:
    made_run(Path("a"), [*(trial(i, 2.0) for i in (1, 2)), trial(3, 3.0, epochs=None, accuracy=0.93)])
    shown = invoke("show", "a")[1]
    assert row(shown, "dawnbench [s]")[:2] == ["2", "2.000"]
    assert "2 of 3 trials reached the target of 94.00 %." in shown
    assert "Expected time to 94.00 % under dawnbench, with 1 trial that missed it: 3.500 s" in shown
    assert row(shown, "airbench [s]")[0] == "3"


def test_one_success_of_two_has_no_upper_bound() -> None:
    made_run(Path("a"), [trial(1, 2.0), trial(2, 3.0, epochs=None)])
    shown = words(invoke("show", "a")[1])
    assert (
        "with 1 trial that missed it: 5.000 s (95 % interval of it from 0 s, with no upper bound)." in shown
    )
    assert "inf" not in shown


def test_where_no_trial_reached_the_target_there_is_no_time() -> None:
    made_run(Path("a"), [trial(i, epochs=None, accuracy=0.93) for i in range(1, 6)])
    shown = invoke("show", "a")[1]
    assert "0 of 5 trials reached the target of 94.00 %." in shown
    assert "No time to 94.00 % under dawnbench: 5 trials missed it." in shown
    assert not any(line.startswith("dawnbench [s]") for line in shown.splitlines())


def test_diverged_and_broken_off_trials_are_counted_out_loud() -> None:
    made_run(
        Path("a"),
        [
            trial(1),
            trial(2, status="diverged", epochs=None),
            trial(3, status="diverged", epochs=None),
            trial(4, status="interrupted", epochs=None),
        ],
    )
    shown = invoke("show", "a")[1]
    assert "1 of 3 trials reached the target" in shown
    assert "\n2 trials diverged and count as 0 % in the mean accuracy below.\n" in shown
    assert "\n1 trial was interrupted or failed before the target and is not counted.\n" in shown
    assert "Expected time of a trial under airbench, with 2 trials that diverged" in shown


def test_an_inference_run_is_shown_by_image_and_says_nothing_of_a_training() -> None:
    broken = replace(
        inference_pass(3, status="interrupted", reason="Ctrl-C", inference=None, seconds={}), accuracy=None
    )
    inference_run(Path("a"), [*passes(count=2), broken])
    code, shown, _ = invoke("show", "a", "--cost-per-hour=3")
    assert code == 0
    assert row(shown, "latency [ms]")[:2] == ["2", "1.002"]
    assert row(shown, "energy per image [mJ]")[:2] == ["2", "40.00"]
    said = words(shown)
    assert "94.32 % of 10,000 test images are classified correctly, which reaches the target" in said
    assert "1 trial was interrupted or failed and is not counted." in said
    assert "Cost per million images under inference: $0.835 at $3.00 per hour." in said
    assert not any(word in said for word in ("epoch", "Expected time", "before the target", "[s]"))


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ((0.9400, 0.9410, 0.9395, 0.9405, 0.9398), "is not settled (one-sided t-test, p = "),
        ((0.9390, 0.9380, 0.9385, 0.9391, 0.9379), ": below 94.00 % (one-sided t-test, p = "),
        ((0.9420, 0.9430, 0.9415, 0.9421, 0.9433), "at least 94.00 % holds (one-sided t-test, p = "),
        (
            (0.95,),
            "over 1 trial; one trial has no spread to test by whether the true mean is at least 94.00 %.",
        ),
        ((0.95, 0.95), "over 2 trials; all are equal, so there is no spread to test by"),
    ],
)
def test_the_claim_about_the_mean_accuracy(accuracies: tuple[float, ...], said: str) -> None:
    made_run(Path("a"), [trial(i, accuracy=one) for i, one in enumerate(accuracies, start=1)])
    shown = words(invoke("show", "a")[1])
    assert said in shown
    assert ("trials would settle it" in shown) == ("not settled" in said)


def test_doubts_say_what_was_seen_and_what_to_do() -> None:
    def clock(mean: float) -> dict[str, Reading]:
        return {"gpu_sm_clock": Reading(mean, 1980.0, "MHz"), "gpu_other_processes": Reading(1, 1, "")}

    hot = [
        trial(
            i,
            2.6 * (1 + 0.03 * i) * (2 if i == 4 else 1),
            readings=clock(1500.0 if i == 3 else 1900.0),
            throttled=["sw_thermal_slowdown"] * (i == 2),
        )
        for i in range(1, 13)
    ]
    made_run(Path("a"), hot)
    shown = words(invoke("show", "a")[1])
    for said in (
        "! trial 4 took 5.824 s",
        "! the trials got longer by",
        "! the times' standard deviation is",
        "! the GPU was throttled in trial 2 (sw_thermal_slowdown); cool the GPU",
        "! the GPU's clock moved",
        "! other processes used the GPU in trials 1, 2, 3, 4, 5 and 7 more; stop them",
    ):
        assert said in shown
    made_run(Path("b"), trials(count=2))
    assert "! only 2 trials to judge by; run at least 5 trials, better 10" in invoke("show", "b")[1]


def test_the_doubts_are_about_the_rule_that_was_asked_for() -> None:
    def slow_start(number: int) -> float:
        return 20.0 if number == 3 else 6.6 + number / 100

    made_run(
        Path("a"),
        [
            replace(trial(i), seconds={"dawnbench": 2.6 + i / 1000, "cold": slow_start(i)})
            for i in range(1, 9)
        ],
    )
    assert "trial 3 took" not in invoke("show", "a")[1]
    assert "! trial 3 took 20 s" in invoke("show", "a", "--rule", "cold")[1]


def test_equal_figures_have_no_deviation_and_no_rounding_error() -> None:
    made_run(Path("a"), [trial(i, 2.6) for i in range(1, 11)])
    shown = invoke("show", "a")[1]
    for label in ("dawnbench [s]", "final accuracy [%]", "energy [J]"):
        assert row(shown, label)[5] == "0"


def test_a_run_without_a_trial_is_shown_as_such() -> None:
    made_run(Path("a"), [])
    code, shown, _ = invoke("show", "a")
    assert code == 0
    assert "! no trials to judge by" in shown
    assert "0 of 0" not in shown
    assert "median" not in shown


def test_a_torn_last_line_is_told_and_the_rest_is_shown() -> None:
    folder = made_run(Path("a"))
    file = folder / "trials.jsonl"
    file.write_text(file.read_text()[:-100])
    code, shown, _ = invoke("show", "a")
    assert code == 0
    assert row(shown, "dawnbench [s]")[0] == "9"
    assert "! trials.jsonl: the last line is torn" in shown


def test_a_baseline_file_is_shown_like_the_run_it_was() -> None:
    made_run(Path("a"))
    assert invoke("baseline", "save", "a", "--name", "release 1")[0] == 0
    shown = invoke("show", "baselines/davidnet/NVIDIA-H200.json")[1]
    assert shown == invoke("show", "a")[1].replace("\na, data", "\nrelease 1, data")


def test_a_quoted_glob_takes_the_trials_of_several_runs_together() -> None:
    made_run(Path("runs/a-davidnet-1"))
    made_run(Path("runs/b-davidnet-2"), trials(2.7, 5))
    made_run(Path("runs/c-quickstart-3"), recipe_name="quickstart")
    shown = invoke("show", "runs/*davidnet*")[1]
    assert "\nruns/*davidnet*, data cifar10" in shown
    assert row(shown, "dawnbench [s]")[0] == "15"


def test_runs_that_do_not_belong_together_are_not_taken_together() -> None:
    made_run(Path("runs/a"))
    made_run(Path("runs/b"), device_name="AMD EPYC")
    code, shown, errors = invoke("show", "runs/*")
    assert (code, shown) == (2, "")
    assert errors == (
        "dawnbench: runs/* matches runs that do not belong together, a and b: "
        "the devices differ: NVIDIA H200 and AMD EPYC\n"
    )


def test_a_price_on_the_command_line_gives_dollars_money_and_grams() -> None:
    made_run(Path("a"), [trial(i, 3600.0, joules=4e6) for i in range(1, 6)])
    prices = ("--cost-per-hour", "3.5", "--price-per-kwh", "0.3", "--grams-per-kwh", "380")
    shown = invoke("show", "a", *prices)[1]
    assert "\nCost to target under dawnbench: $3.50 at $3.50 per hour.\n" in shown
    assert "\nElectricity to target: $0.300 at $0.300 per kWh.\n" in shown
    assert "\nCarbon to target: 380.0 g CO2e at 380 g per kWh.\n" in shown
    assert "\nElectricity per trial: $0.333 at $0.300 per kWh.\n" in shown
    assert "$" not in invoke("show", "a")[1], "there is no price to fall back on"
    assert "Cost per trial under airbench: $3.50" in invoke("show", "a", "--rule", "airbench", *prices)[1]


def test_the_configuration_file_gives_the_price_by_device() -> None:
    path = configuration_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('[cost]\n"*H200*" = 36\n')
    made_run(Path("a"), [trial(i, 100.0) for i in range(1, 6)])
    made_run(Path("b"), [trial(i, 100.0) for i in range(1, 6)], device_name="AMD EPYC")
    assert "Cost to target under dawnbench: $1.00 at $36.00 per hour." in invoke("show", "a")[1]
    assert "$72.00 per hour" in invoke("show", "a", "--cost-per-hour", "72")[1]
    assert "Cost" not in invoke("show", "b")[1]
    path.write_text("[cots]")
    code, shown, errors = invoke("show", "a")
    assert (code, shown) == (2, "")
    assert 'unknown table "cots"; did you mean cost?' in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runs/nowhere"], "is not a run folder or a baseline file; `dawnbench runs` lists the runs"),
        (["nowhere.json"], "nowhere.json is not a run folder or a baseline file"),
        (["runs/*"], "runs/* matches no run folder"),
        (["nowhere"], "there is no recipe 'nowhere'"),
        (["nowhere.py"], "there is no recipe file nowhere.py"),
        (["folder"], "folder is not a run folder"),
        (["a", "--cost-per-hour=-1"], "the cost per hour is -1.0; give a number of 0 or more"),
        (["a", "--price-per-kwh", "nan"], "the price per kWh is nan; give a number of 0 or more"),
        (["x" * 300 + ".json"], "File name too long"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_one_sentence(arguments: list[str], said: str) -> None:
    made_run(Path("a"))
    Path("folder").mkdir()
    code, shown, errors = invoke("show", *arguments)
    assert (code, shown) == (2, "")
    assert errors.startswith("dawnbench: ")
    assert errors.count("\n") == 1
    assert said in errors


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("davidnet", False),
        ("nowhere", False),
        ("recipes/nowhere.py", False),
        ("a", True),
        ("runs/nowhere", True),
        ("nowhere.json", True),
        ("*", True),
    ],
)
def test_a_recipe_is_told_from_a_run_by_its_name(what: str, expected: bool) -> None:
    Path("davidnet").mkdir()
    Path("a").mkdir()
    assert is_run(what) == expected


@pytest.mark.parametrize("option", [("--set", "epochs=3"), ("--data", "digits")])
def test_what_changes_a_recipe_is_refused_with_a_run(option: tuple[str, str]) -> None:
    made_run(Path("a"))
    code, shown, errors = invoke("show", "a", *option)
    assert (code, shown) == (2, "")
    assert "--data and --set go with a recipe, and a is a run" in errors
