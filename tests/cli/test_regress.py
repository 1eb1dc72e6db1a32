"""`dawnbench regress`: an exit status, a closing line, and the formats that services read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.made_runs import invoke, made_run, trial, trials, words
from tests.export.judgements import strict_json
from tests.records.examples import RUN
from tests.records.inference_runs import inference_run, passes

ALL_METRICS = ("--metric=time", "--metric=epochs", "--metric=accuracy", "--metric=energy")


@pytest.fixture(autouse=True)
def _with_a_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the baseline of davidnet on an H200, and no GitHub around it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    made_run(Path("before"))
    assert invoke("baseline", "save", "before", "--name", "release 1")[0] == 0


def closing(shown: str) -> str:
    """Return the one line that a machine greps, which is the last."""
    *others, last = shown.splitlines()
    assert last.startswith("regress: ")
    assert not any(line.startswith("regress: ") for line in others)
    return last


def test_a_run_that_is_as_good_holds() -> None:
    made_run(Path("run"), trials(2.61))
    code, shown, errors = invoke("regress", "run")
    assert (code, errors) == (0, "")
    assert closing(shown) == "regress: holds (time holds, epochs holds, accuracy holds)"
    assert shown.splitlines()[0] == "run against release 1, timed by the dawnbench rule"
    assert "time holds      2.611 s against 2.601 s, +0.4 %" in shown


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"mean": 2.8}, "regression (time regression, epochs holds, accuracy holds)"),
        ({"accuracy": 0.92}, "regression (time holds, epochs holds, accuracy regression)"),
        ({"missed": 9}, "regression (time regression, epochs regression, accuracy regression)"),
        ({"epochs": 14}, "regression (time holds, epochs regression, accuracy holds)"),
        ({"epochs": 5}, "too fast (time holds, epochs too fast, accuracy holds)"),
        ({"mean": 2.8, "epochs": 5}, "regression (time regression, epochs too fast, accuracy holds)"),
    ],
)
def test_a_regression_or_a_convergence_too_fast_to_be_true_is_status_1(
    changes: dict[str, Any], verdict: str
) -> None:
    made_run(Path("run"), trials(**changes))
    code, shown, errors = invoke("regress", "run")
    assert (code, errors) == (1, "")
    assert closing(shown) == f"regress: {verdict}"


def test_too_few_trials_are_status_2() -> None:
    made_run(Path("run"), trials(count=1))
    code, shown, errors = invoke("regress", "run")
    assert (code, errors) == (2, "")
    assert closing(shown).startswith("regress: too few trials (time too few trials, ")


def test_on_another_device_the_time_cannot_be_compared_and_the_rest_can() -> None:
    made_run(Path("run"), trials(40.0), device_name="AMD EPYC", device="cpu", precision="fp32")
    code, shown, _ = invoke(
        "regress", "run", "--baseline", "baselines/davidnet/NVIDIA-H200.json", *ALL_METRICS
    )
    assert code == 2
    assert closing(shown) == (
        "regress: not comparable (time not comparable, epochs holds, accuracy holds, energy not comparable)"
    )
    assert "\n! the devices differ: AMD EPYC and NVIDIA H200\n" in shown


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"target": 0.96}, "the targets differ: 96 % and 94 %"),
        (
            {"recipe_digest": "ef" * 32, "recipe": {**RUN.recipe, "epochs": 3}},
            "the recipes differ: epochs 3 and (absent)",
        ),
        ({"data": replace(RUN.data, fingerprint="12" * 32)}, "the data differ: run has fingerprint 12121212"),
    ],
)
def test_a_baseline_of_something_else_is_refused_by_the_name_of_what_differs(
    changes: dict[str, Any], difference: str
) -> None:
    made_run(Path("run"), **changes)
    code, shown, errors = invoke("regress", "run")
    assert (code, errors) == (2, "")
    assert closing(shown).startswith(f"regress: not comparable ({difference}")
    code, shown, _ = invoke("regress", "run", "--across")
    assert code == 0
    assert f"! {difference}" in words(shown)


def test_another_number_of_threads_is_not_comparable_and_an_unrecorded_one_is() -> None:
    def on_threads(name: str, threads: int, mean: float = 2.6) -> None:
        environment = {"cpu": {"threads": threads}}
        made_run(Path(name), trials(mean), device="cpu", device_name="AMD EPYC", environment=environment)

    on_threads("two", 2)
    on_threads("one", 1, 4.5)
    made_run(Path("older"), device="cpu", device_name="AMD EPYC")
    assert invoke("baseline", "save", "one", "--name", "v1")[0] == 0
    code, shown, errors = invoke("regress", "two")
    assert (code, errors) == (2, "")
    assert closing(shown).startswith("regress: not comparable (the thread counts differ: 2 and 1 ")
    code, shown, _ = invoke("regress", "two", "--across")
    assert (code, closing(shown).split()[1]) == (0, "holds")
    assert "! the thread counts differ: 2 and 1" in words(shown)
    code, shown, _ = invoke("regress", "older")
    assert code == 0
    assert "! the thread counts differ: unknown and 1" in words(shown)


def test_the_default_baseline_is_that_of_the_runs_recipe_and_device() -> None:
    made_run(Path("run"), recipe_name="quickstart")
    code, shown, errors = invoke("regress", "run")
    sentence = (
        "there is no baselines/quickstart/NVIDIA-H200.json, the baseline of quickstart on NVIDIA H200; save "
        "one with `dawnbench baseline save RUN --name NAME`, or name a file with --baseline"
    )
    assert (code, errors) == (2, "")
    assert shown == f"regress: not comparable ({sentence})\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere is not a run folder or a baseline file"),
        (["run", "--baseline", "nowhere.json"], "cannot read the baseline nowhere.json"),
        (["run", "--baseline", "run"], "cannot read the baseline run (Is a directory)"),
        (["run", "--baseline", "run/run.json"], "run/run.json is not a dawnbench baseline"),
        (["x" * 300], "File name too long"),
        (["damaged"], "damaged/run.json was not written by dawnbench"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_every_error_ends_in_the_closing_line_and_status_2(
    arguments: list[str], said: str, as_json: bool
) -> None:
    made_run(Path("run"))
    (made_run(Path("damaged")) / "run.json").write_text("[1]\n")
    code, shown, errors = invoke("regress", *arguments, *["--json"] * as_json)
    assert code == 2
    (line,) = (errors if as_json else shown).splitlines()
    assert line.startswith("regress: not comparable (")
    assert said in line
    assert (shown if as_json else errors) == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max-slowdown", "much"], "'much' is not a share"),
        (["--max-slowdown", "3"], "'3' is not a share"),
        (["--max-slowdown=-1%"], "'-1%' is not a share"),
        (["--max-slowdown", "nan"], "'nan' is not a share"),
        (["--max-accuracy-drop", "101%"], "'101%' is not a share"),
        (["--metric", "loss"], "'loss' is not one of"),
        (["--rule", "lap"], "'lap' is not one of 'dawnbench', 'airbench', 'strict', 'cold'"),
        (["--speed"], "No such option"),
        (["another"], "unexpected extra argument"),
    ],
)
def test_wrong_options_end_in_the_closing_line_too(options: list[str], said: str) -> None:
    code, shown, errors = invoke("regress", "before", *options)
    assert code == 2
    assert said in closing(shown)
    assert errors.startswith("Usage: ")
    assert said not in errors
    code, shown, errors = invoke("regress", "before", "--json", *options)
    assert (code, shown) == (2, "")
    assert said in closing(errors)
    assert errors.count(said) == 1


def test_a_bug_of_ours_does_not_read_as_a_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("dawnbench.stats.regression.judge.judge", broken)
    code, shown, errors = invoke("regress", "before")
    assert code == 2
    assert closing(shown) == (
        "regress: not comparable (dawnbench itself failed; standard error has the traceback)"
    )
    assert "ZeroDivisionError: a bug" in errors


def test_a_torn_run_is_judged_by_what_is_whole_and_told() -> None:
    file = made_run(Path("run"), trials(count=11)) / "trials.jsonl"
    file.write_text(file.read_text()[:-50])
    code, shown, _ = invoke("regress", "run")
    assert code == 0
    assert "! run: trials.jsonl: the last line is torn" in words(shown)
    assert closing(shown).startswith("regress: holds")


@pytest.mark.parametrize(("margin", "code"), [("2%", 1), ("2 %", 1), ("0.02", 1), ("10%", 0), ("0.1", 0)])
def test_the_margin_is_a_share_in_percent_or_as_a_fraction(margin: str, code: int) -> None:
    made_run(Path("run"), trials(2.73))
    assert invoke("regress", "run", "--max-slowdown", margin)[0] == code


def test_the_margin_of_the_accuracy_is_in_points() -> None:
    made_run(Path("run"), trials(accuracy=0.9355))
    assert invoke("regress", "run")[0] == 1
    code, shown, _ = invoke("regress", "run", "--max-accuracy-drop", "1%")
    assert code == 0
    assert "no loss shown beyond 1 points" in words(shown) or "no loss shown beyond 1 point" in words(shown)


def test_metrics_are_judged_as_asked_each_once() -> None:
    made_run(Path("run"), trials(2.8, joules=800.0))
    shown = invoke("regress", "run", "--metric=epochs", "--metric=accuracy", "--metric=epochs")[1]
    assert closing(shown) == "regress: holds (epochs holds, accuracy holds)"
    code, shown, _ = invoke("regress", "run", "--metric=energy")
    assert code == 1
    assert closing(shown) == "regress: regression (energy regression)"
    assert "720 J against 630 J" in shown


def test_the_rule_decides_whose_seconds_are_judged() -> None:
    made_run(
        Path("run"),
        [
            replace(
                one, seconds={rule: (s or 0) + 5 * (rule != "dawnbench") for rule, s in one.seconds.items()}
            )
            for one in trials()
        ],
    )
    assert invoke("regress", "run")[0] == 0
    code, shown, _ = invoke("regress", "run", "--rule", "strict")
    assert code == 1
    assert "timed by the strict rule" in shown
    code, shown, _ = invoke("regress", "run", "--rule", "cold")
    assert code == 2
    assert "all trials of a run share one start, which cold counts" in words(shown)


def test_json_alone_is_on_standard_output() -> None:
    made_run(Path("run"), trials(2.8))
    code, shown, errors = invoke("regress", "run", "--json", "--github-summary")
    assert code == 1
    found = strict_json(shown)
    assert (found["outcome"], found["run"], found["baseline"]) == ("regression", "run", "release 1")
    assert [gate["metric"] for gate in found["gates"]] == ["time", "epochs", "accuracy"]
    assert closing(errors) == "regress: regression (time regression, epochs holds, accuracy holds)"
    assert "## dawnbench regress: regression" in errors


def test_the_table_goes_to_githubs_summary_or_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    made_run(Path("run"), trials(2.8))
    code, shown, _ = invoke("regress", "run", "--github-summary")
    assert code == 1
    assert "\n## dawnbench regress: regression\n" in shown
    assert closing(shown).startswith("regress: regression")
    Path("summary.md").write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    code, shown, _ = invoke("regress", "run", "--github-summary")
    assert code == 1
    assert "##" not in shown
    text = Path("summary.md").read_text()
    assert text.startswith("# Before\n")
    assert "## dawnbench regress: regression" in text
    assert "| time " in text


def test_every_format_is_written_to_its_file() -> None:
    made_run(Path("run"), trials(2.8))
    code, _, errors = invoke(
        *("regress", "run", *ALL_METRICS),
        *("--junit", "out/junit.xml", "--github-action-benchmark", "out/action.json"),
        *("--bencher", "out/bencher.json"),
    )
    assert (code, errors) == (1, "")
    root = ET.parse("out/junit.xml").getroot()
    assert [case.get("name") for case in root.iter("testcase")] == ["time", "epochs", "accuracy", "energy"]
    (failure,) = root.iter("failure")
    assert failure.get("type") == "regression"
    action = strict_json(Path("out/action.json").read_text())
    assert [entry["unit"] for entry in action] == ["s", "epochs", "%", "J"]
    assert action[0]["value"] == pytest.approx(2.8014)
    (measures,) = strict_json(Path("out/bencher.json").read_text()).values()
    assert measures["time-seconds"]["value"] == pytest.approx(2.8014)


@pytest.mark.parametrize("option", ["--junit", "--github-action-benchmark", "--bencher"])
def test_a_file_that_cannot_be_written_does_not_hide_the_judgement(option: str) -> None:
    Path("file").touch()
    made_run(Path("run"), trials(2.8))
    code, shown, errors = invoke("regress", "run", option, "file/x")
    assert code == 2
    assert "time regression" in shown
    assert "cannot write file/x" in closing(shown)
    assert errors == ""
    code, shown, errors = invoke("regress", "run", option, "file/x", "--json")
    assert code == 2
    assert strict_json(shown)["outcome"] == "regression"
    assert "cannot write file/x" in closing(errors)


def test_a_summary_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "file/summary.md")
    code, shown, errors = invoke("regress", "before", "--github-summary")
    assert code == 2
    assert "cannot add to file/summary.md, which GITHUB_STEP_SUMMARY names" in closing(shown)
    assert errors == ""


def test_a_name_cannot_forge_the_closing_line() -> None:
    file = Path("baselines/davidnet/NVIDIA-H200.json")
    content = json.loads(file.read_text()) | {"name": "x\nregress: holds\x07"}
    content["data"]["fingerprint"] = "12" * 32  # so that both names are in the reason
    file.write_text(json.dumps(content))
    made_run(Path("y\nregress: holds"), trials(2.8))
    for options in ((), ("--across",), ("--json",), ("--github-summary",)):
        _, shown, errors = invoke("regress", "y\nregress: holds", *options)
        closing(errors if "--json" in options else shown)


def test_gates_line_up_and_their_sentences_wrap_beside_them() -> None:
    made_run(Path("run"), [*trials(2.8, 8), *(trial(i, epochs=None, accuracy=0.937) for i in (9, 10))])
    lines = invoke("regress", "run")[1].splitlines()[1:-1]
    begins = [len(line) - len(line.lstrip()) for line in lines if line.startswith(" ")]
    assert len(set(begins)) == 1
    heads = [line for line in lines if line.startswith(("time", "epochs", "accuracy"))]
    assert [line[begins[0] - 1] for line in heads] == [" "] * 3
    assert all(line[begins[0]] != " " for line in heads)


@pytest.fixture
def _with_answers(_with_a_baseline: None) -> None:
    inference_run(Path("answers"))
    assert invoke("baseline", "save", "answers", "--name", "release 1")[0] == 0


@pytest.mark.usefixtures("_with_answers")
@pytest.mark.parametrize(
    ("made", "code", "verdict"),
    [
        (passes(0.00101), 0, "holds (time holds, accuracy holds)"),
        (passes(0.0011), 1, "regression (time regression, accuracy holds)"),
        (passes(accuracy=0.93), 1, "regression (time holds, accuracy regression)"),
        (passes(count=1), 2, "too few trials (time too few trials, accuracy too few trials)"),
    ],
)
def test_an_inference_run_is_judged_by_latency_and_accuracy(made: Any, code: int, verdict: str) -> None:
    inference_run(Path("run"), made)
    found, shown, errors = invoke("regress", "run")
    assert (found, errors, closing(shown)) == (code, "", f"regress: {verdict}")
    assert shown.splitlines()[0] == "run against release 1, timed by the inference rule"


@pytest.mark.usefixtures("_with_answers")
def test_figures_of_one_image_are_exported_with_their_units() -> None:
    code, shown, _ = invoke(
        *("regress", "answers", "--metric", "time", "--metric", "energy", "--json"),
        *("--junit", "a.xml", "--bencher", "b.json", "--github-action-benchmark", "g.json"),
    )
    assert (code, [gate["unit"] for gate in json.loads(shown)["gates"]]) == (0, ["ms", "mJ"])
    (case, _) = ET.fromstring(Path("a.xml").read_text()).iter("testcase")
    assert (case.get("classname"), case.get("time")) == ("davidnet inference torch", "0.001")
    (measures,) = json.loads(Path("b.json").read_text()).values()
    assert measures["latency-milliseconds"]["value"] == pytest.approx(1.0, abs=0.001)
    assert measures["image-energy-millijoules"]["value"] == pytest.approx(40)
    assert [entry["unit"] for entry in json.loads(Path("g.json").read_text())] == ["ms", "mJ"]


@pytest.mark.usefixtures("_with_answers")
def test_githubs_table_has_figures_of_one_image_and_no_interval_of_an_accuracy_that_does_not_vary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    metrics = [word for metric in ("time", "accuracy", "energy") for word in ("--metric", metric)]
    code, shown, _ = invoke("regress", "answers", *metrics, "--github-summary")
    assert code == 0
    table = [line.split("|") for line in shown.splitlines() if line.startswith("|")]
    assert [(row[1].strip(), row[3].strip()) for row in table[2:]] == [
        ("time", "1.000 ms (0.9981 ms to 1.003 ms)"),
        ("accuracy", "94.32 %"),
        ("energy", "40.00 mJ"),
    ]


@pytest.mark.usefixtures("_with_answers")
def test_a_training_and_an_inference_run_are_not_comparable_and_answers_have_no_epochs() -> None:
    made_run(Path("run"))
    path = "baselines/davidnet-inference-torch/AMD-EPYC.json"
    for more in ((), ("--across",)):
        code, shown, _ = invoke("regress", "run", "--baseline", path, *more)
        assert code == 2
        assert "run is a training and release 1 is an inference run" in closing(shown)
    code, shown, _ = invoke("regress", "answers", "--metric", "epochs")
    assert (code, "an inference run has no epochs" in shown) == (2, True)
