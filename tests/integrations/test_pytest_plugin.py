"""The pytest plugin in real pytest sessions on small test files."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dawnbench.campaigns import run
from dawnbench.integrations.pytest_plugin.guard import dawnbench_baseline
from dawnbench.integrations.pytest_plugin.measured import MeasuredRun
from dawnbench.recipes import find_recipe, part
from dawnbench.records.baseline import baseline_path, write_baseline
from dawnbench.records.reader import Run, read_run
from dawnbench.records.trial_set import TrialFigures, TrialSet, trial_set_of
from dawnbench.stats.regression.judge import judge
from tests.cli.conftest import TINY_RECIPE, command_in
from tests.records.inference_runs import inference_run

pytest_plugins = ["pytester"]

Tests = Callable[..., pytest.RunResult]
Baseline = Callable[..., Path]
MEASURE = 'dawnbench_run("tiny.py", device="cpu", target=0.5, trials=3)'


@pytest.fixture(scope="module")
def ten_trials(tmp_path_factory: pytest.TempPathFactory) -> MeasuredRun:
    """What the tiny recipe comes to.

    Trained and judged in this process, not only for the figures: a session inside it drops every module that
    it was the first to import, and torch cannot be imported twice.
    """
    folder = tmp_path_factory.mktemp("ten")
    (folder / "tiny.py").write_text(TINY_RECIPE)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(part, "_CLASSES", dict(part._CLASSES))
        recipe = replace(find_recipe(str(folder / "tiny.py")), target=0.5, trials=10)
        made = read_run(run(recipe, device="cpu", out=folder))
    measured = MeasuredRun(made, trial_set_of(made))
    judge(measured.series, measured.series)
    return measured


@pytest.fixture(autouse=True)
def _of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sessions inside are no workers of xdist's: in one pytest-benchmark measures nothing."""
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def tests(pytester: pytest.Pytester, ten_trials: MeasuredRun, monkeypatch: pytest.MonkeyPatch) -> Tests:
    """Run a test file's text beside the tiny recipe, without pytest-benchmark unless asked for."""
    monkeypatch.setattr(part, "_CLASSES", dict(part._CLASSES))  # the recipe adds a kind of model

    def run_tests(text: str, *options: str, benchmark: bool = False) -> pytest.RunResult:
        pytester.makefile(".py", tiny=TINY_RECIPE)
        pytester.makepyfile(test_it=f"import pytest\n\n{text}")
        # Hypothesis's plugin imports all of itself anew at each session's end.
        without = ("hypothesispytest",) if benchmark else ("hypothesispytest", "benchmark")
        options = (*options, *(f"-pno:{plugin}" for plugin in without))
        return pytester.runpytest_inprocess(*options, f"--basetemp={pytester.path / 'made'}")

    return run_tests


@pytest.fixture
def baseline(pytester: pytest.Pytester, ten_trials: MeasuredRun) -> Baseline:
    """Write ten trials as a baseline, each of them changed; slow ones unless told otherwise."""

    def write(change: Callable[[TrialFigures], TrialFigures] = much_slower) -> Path:
        path = pytester.path / "baseline.json"
        write_baseline(changed(ten_trials.series, change), path)
        return path

    return write


def runs_of(pytester: pytest.Pytester) -> list[Run]:
    """Return the runs that the tests of the last session made, in order."""
    folders = (pytester.path / "made").glob("*0/runs/*")
    return [read_run(folder) for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime_ns)]


def changed(series: TrialSet, change: Callable[[TrialFigures], TrialFigures]) -> TrialSet:
    return replace(series, trials=tuple(map(change, series.trials)))


def much_slower(trial: TrialFigures) -> TrialFigures:
    """As a baseline it leaves the time alone on a busy machine."""
    return replace(trial, seconds={rule: time and 1e3 * time for rule, time in trial.seconds.items()})


def much_better(trial: TrialFigures) -> TrialFigures:
    times = {rule: time and time / 1e3 for rule, time in trial.seconds.items()}
    return replace(trial, seconds=times, accuracy=1.0)


def marked(*terms: str, test: str = MEASURE) -> str:
    return f"@pytest.mark.dawnbench_baseline({', '.join(terms)})\ndef test_one(dawnbench_run):\n    {test}"


def benchmarks_in(path: Path) -> dict[str, Any]:
    return {entry["fullname"]: entry for entry in json.loads(path.read_text())["benchmarks"]}


class TestTheFixture:
    def test_gives_what_the_run_folder_says(self, pytester: pytest.Pytester, tests: Tests) -> None:
        tests(
            f"""
import json

def test_one(dawnbench_run, tmp_path):
    measured = {MEASURE.replace("0.5", "0.9")}
    assert measured.folder.parent == tmp_path / "runs"
    found = measured.accuracy, measured.seconds("strict"), measured.epochs_to_target, measured.step_seconds
    (tmp_path / "found.json").write_text(json.dumps(found))
""",
        ).assert_outcomes(passed=1)
        (made,) = runs_of(pytester)
        assert made.record.command == ("pytest", "test_it.py::test_one")
        found = json.loads((made.folder.parent.parent / "found.json").read_text())
        accuracy, strict, epochs, steps = found
        assert accuracy == pytest.approx(sum(t.accuracy or 0 for t in made.trials) / 3)
        assert strict == sorted(t.seconds["strict"] or 0 for t in made.trials)[1]
        assert epochs == sorted(t.epochs_to_target or 0 for t in made.trials)[1]
        assert steps == [e.train_seconds / (1437 // 128) for e in made.epochs if e.epoch > 1]

    def test_takes_what_the_command_line_takes(self, pytester: pytest.Pytester, tests: Tests) -> None:
        result = tests(
            """
from dawnbench import find_recipe

def test_one(dawnbench_run):
    recipe = find_recipe("tiny.py")
    size = ("batch_size=64",)
    dawnbench_run(recipe, trials=2, epochs=3, seed=7, target="25%", settings=size, data="digits")
"""
        )
        result.assert_outcomes(passed=1)
        (made,) = runs_of(pytester)
        assert [trial.seed for trial in made.trials] == [7, 8]
        assert made.record.target == 0.25
        assert (made.record.recipe["epochs"], made.record.recipe["batch_size"]) == (3, 64)

    def test_recipe_files_are_looked_up_from_the_root_folder(self, tests: Tests) -> None:
        elsewhere = f"monkeypatch.chdir(tmp_path)\n    {MEASURE}"
        tests(f"def test_one(dawnbench_run, monkeypatch, tmp_path):\n    {elsewhere}").assert_outcomes(
            passed=1
        )

    def test_an_error_is_its_sentence_below_the_tests_own_line(self, tests: Tests) -> None:
        result = tests('def test_one(dawnbench_run):\n    dawnbench_run("quickstrat")')
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(['>*dawnbench_run("quickstrat")', "E *there is no recipe*quickstart?"])
        assert "find_recipe" not in result.stdout.str()

    @pytest.mark.parametrize(
        ("figure", "sentence"),
        [
            ("seconds()", "*3 of 3 trials have none*target 99.90%*final accuracies*"),
            ("epochs_to_target", "*no median epochs to target: 3 of 3 trials*"),
            ("seconds('dawnbrench')", "*no timing rule 'dawnbrench'; there are dawnbench, airbench*"),
            ("seconds('cold')", "*cold counts from the start of the process*"),
        ],
    )
    def test_a_figure_that_is_missing_fails_the_test_in_a_sentence(
        self, tests: Tests, figure: str, sentence: str
    ) -> None:
        measure = MEASURE.replace("0.5", "0.999").replace('cpu"', 'cpu", epochs=1')
        result = tests(f"def test_one(dawnbench_run):\n    {measure}.{figure}")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([f"E {sentence}"])
        assert "measured.py" not in result.stdout.str()

    def test_a_diverged_trial_leaves_no_mean_accuracy(self, tests: Tests) -> None:
        measure = MEASURE.replace('cpu"', 'cpu", settings=("schedule.rates=[0,1e30,1e30]",)')
        result = tests(f"def test_one(dawnbench_run):\n    assert {measure}.accuracy > 0")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["E *no mean accuracy: 3 of 3 trials*"])

    def test_a_mean_accuracy_leaves_no_trial_out(self, ten_trials: MeasuredRun) -> None:
        assert ten_trials.accuracy > 0.9
        one_diverged = changed(
            ten_trials.series,
            lambda t: replace(t, accuracy=None, status="diverged") if t.trial == 4 else t,
        )
        with pytest.raises(pytest.fail.Exception, match="no mean accuracy: 1 of 10 trials"):
            _ = MeasuredRun(ten_trials.run, one_diverged).accuracy

    @pytest.mark.parametrize(("missed", "left"), [(4, True), (5, False)])
    def test_a_missed_target_counts_as_slower_than_every_time(
        self, ten_trials: MeasuredRun, missed: int, left: bool
    ) -> None:
        series = changed(
            ten_trials.series,
            lambda t: replace(t, seconds={"dawnbench": float(t.trial) if t.trial > missed else None}),
        )
        measured = MeasuredRun(ten_trials.run, series)
        if left:
            assert measured.seconds() == 9.5  # in the middle of 5, 6, 7, 8, 9, 10 and four that are slower
        else:
            with pytest.raises(pytest.fail.Exception, match="5 of 10 trials have none"):
                measured.seconds()


class TestTheBaselineMarker:
    def test_a_run_like_the_baseline_passes(self, tests: Tests, baseline: Baseline) -> None:
        baseline()
        result = tests(marked("'baseline.json'", "max_slowdown='5%'"), "-rA", "--strict-markers")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["regress: holds (*", "*time holds: *", "*accuracy holds: *"])

    def test_a_loss_of_accuracy_fails_with_the_gates_sentences_and_no_traceback(
        self, tests: Tests, baseline: Baseline
    ) -> None:
        baseline(much_better)
        result = tests(marked("'baseline.json'", "metrics=('epochs', 'accuracy')"))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "*epochs holds: *",
                "*accuracy regression: *0.1 points*",
                "*run: *",
                "FAILED*regress: regression*",
            ]
        )
        assert "Traceback" not in result.stdout.str()
        assert "guard.py" not in result.stdout.str()

    def test_the_margin_decides(self, tests: Tests, baseline: Baseline) -> None:
        baseline(much_better)
        terms = ("'baseline.json'", "metrics=['accuracy']")
        tests(marked(*terms, "max_accuracy_drop='20%'")).assert_outcomes(passed=1)
        tests(marked(*terms, "max_accuracy_drop=0.001")).assert_outcomes(failed=1)

    def test_each_run_of_the_test_is_judged(self, tests: Tests, baseline: Baseline) -> None:
        baseline(much_better)
        result = tests(marked("'baseline.json'", "metrics=['accuracy']", test=f"{MEASURE}\n    {MEASURE}"))
        result.assert_outcomes(failed=1)
        named = {line for line in result.stdout.lines if line.strip().startswith("run: ")}
        assert len(named) == 2

    @pytest.mark.parametrize(
        ("measure", "terms", "sentence"),
        [
            (
                MEASURE.replace('cpu"', 'cpu", settings=("optimizer.momentum=0.5",)'),
                (),
                "the recipes differ: optimizer.momentum 0.5 and 0.9; nothing was trained",
            ),
            (MEASURE.replace("0.5", "0.6"), (), "the targets differ: 60 % and 50 %; *"),
            (MEASURE.replace("trials=3", "trials=1"), (), "time too few trials: 1 trial against 10 *"),
            (MEASURE, ("rule='cold'",), "time not comparable: all trials of a run share one start*"),
        ],
    )
    def test_what_cannot_be_judged_fails_before_anything_is_trained(
        self,
        pytester: pytest.Pytester,
        tests: Tests,
        baseline: Baseline,
        measure: str,
        terms: tuple[str, ...],
        sentence: str,
    ) -> None:
        baseline()
        result = tests(marked("'baseline.json'", *terms, test=measure))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([f"dawnbench_baseline: {sentence}"])
        assert [run.trials for run in runs_of(pytester)] == [()]

    def test_other_data_or_another_device_fail_before_anything_is_trained(
        self, pytester: pytest.Pytester, tests: Tests, ten_trials: MeasuredRun
    ) -> None:
        other = replace(
            ten_trials.series,
            device_name="Other",
            data=replace(ten_trials.series.data, fingerprint="00" * 32),
        )
        write_baseline(other, pytester.path / "baseline.json")
        result = tests(marked("'baseline.json'"))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["dawnbench_baseline: the data differ: *; time not comparable: it was measured on a different *"]
        )
        assert [run.trials for run in runs_of(pytester)] == [()]

    def test_a_folder_stands_for_the_file_of_the_recipe_and_device_in_it(
        self, pytester: pytest.Pytester, tests: Tests, baseline: Baseline, ten_trials: MeasuredRun
    ) -> None:
        path = baseline()
        result = tests(marked("'baselines'"))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "*no baseline *baselines*tiny*.json for tiny on *; save one with `dawnbench run tiny.py "
                "--target 0.5 --device cpu --trials 10 --out baseline-runs && dawnbench baseline save "
                "'baseline-runs/[*]' --name main --out baselines`"
            ]
        )
        assert [run.trials for run in runs_of(pytester)] == [()], "found before anything is trained"
        named = baseline_path(pytester.path / "baselines", "tiny", ten_trials.series.device_name)
        named.parent.mkdir(parents=True)
        path.rename(named)
        tests(marked("'baselines'")).assert_outcomes(passed=1)

    @pytest.mark.parametrize("name", ["../../tiny", "tiny/..", "tiny: a|b*", "..", "-rf"])
    def test_no_name_leads_out_of_the_folder_of_baselines(
        self, tmp_path: Path, ten_trials: MeasuredRun, name: str
    ) -> None:
        item = cast(pytest.Item, SimpleNamespace(config=SimpleNamespace(rootpath=tmp_path)))
        odd = replace(ten_trials.series, recipe_name=name, device_name=name)
        with pytest.raises(pytest.fail.Exception) as failure:
            dawnbench_baseline("kept").check_before(item, odd, 10, None)
        (path,) = re.findall(r"no baseline (\S+\.json) for", str(failure.value))
        kept = (tmp_path / "kept").resolve()
        assert Path(path).resolve().parent.parent == kept

    def test_a_baseline_of_answers_is_kept_apart_from_that_of_the_training(
        self, tmp_path: Path, ten_trials: MeasuredRun
    ) -> None:
        item = cast(pytest.Item, SimpleNamespace(config=SimpleNamespace(rootpath=tmp_path)))
        answers = trial_set_of(read_run(inference_run(tmp_path / "run")))
        guard = dawnbench_baseline("kept", metrics=("time", "accuracy"))
        with pytest.raises(pytest.fail.Exception, match=r"davidnet-inference-torch/AMD-EPYC\.json for"):
            guard.check_before(item, answers, 10, None)
        # Should the path of one recipe be that of another, the two are still told apart.
        path = baseline_path(tmp_path / "kept", answers.identity.workload, answers.device_name)
        write_baseline(ten_trials.series, path)
        with pytest.raises(pytest.fail.Exception, match="is an inference run"):
            guard.check_before(item, answers, 10, None)

    def test_the_command_that_saves_a_missing_baseline_works(
        self, pytester: pytest.Pytester, tests: Tests, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = MEASURE.replace("trials=3", "trials=3, epochs=3")
        terms = ("'kept/tiny.json'", "metrics=('accuracy',)", "max_accuracy_drop='90%'")
        result = tests(marked(*terms, test=few))
        result.assert_outcomes(failed=1)
        (command,) = set(re.findall(r"save one with `(.*)`", result.stdout.str()))
        train, save, move = command.split(" && ")
        monkeypatch.chdir(pytester.path)
        for typed in (train, save):
            program, *words = shlex.split(typed)
            assert program == "dawnbench"
            done = command_in(pytester.path)(*words)
            assert done.returncode == 0, done.stderr
        subprocess.run(shlex.split(move), check=True)
        tests(marked(*terms, test=few)).assert_outcomes(passed=1)

    def test_a_recipe_object_is_told_how_to_save_its_baseline(self, tests: Tests) -> None:
        made = MEASURE.replace('"tiny.py"', 'find_recipe("tiny.py")')
        result = tests("from dawnbench import find_recipe\n\n" + marked("'baselines'", test=made))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["*make a run of 10 trials with `dawnbench.run(recipe, out='baseline-runs')` and save it with *"]
        )

    def test_a_test_that_makes_no_run_guards_nothing(self, tests: Tests) -> None:
        result = tests(marked("'baseline.json'", test="pass"))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["dawnbench_baseline: the test made no run *"])

    @pytest.mark.parametrize(
        ("terms", "sentence"),
        [
            ((), "missing 1 required positional argument: 'path'"),
            (("'b.json'", "max_slow=1"), "got an unexpected keyword argument 'max_slow'"),
            (
                ("'b.json'", "metrics=('speed',)"),
                "*'speed'* is not a tuple of some of time, epochs, accuracy, energy",
            ),
            (("'b.json'", "metrics='time'"), "metrics='time' is not a tuple *"),
            (
                ("'b.json'", "max_slowdown='5 percent'"),
                "max_slowdown='5 percent' is not a share*",
            ),
            (("'b.json'", "rule='dawn'"), "there is no timing rule 'dawn'; there are dawnbench, *"),
            (("'b.json'", "max_slowdown=5"), "max_slowdown='5' is not a share *"),
            (("'b.json'", "max_accuracy_drop='nan%'"), "max_accuracy_drop='nan%' is not a share *"),
        ],
    )
    def test_terms_that_cannot_be_meant_fail_before_anything_is_trained(
        self, tests: Tests, terms: tuple[str, ...], sentence: str
    ) -> None:
        result = tests(marked(*terms, test="raise SystemExit('trained')"))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([f"dawnbench_baseline: {sentence}"])

    def test_a_test_that_fails_by_itself_is_not_judged(self, tests: Tests) -> None:
        result = tests(marked("'baseline.json'", test="assert 1 == 2"))
        result.assert_outcomes(failed=1)
        assert "dawnbench_baseline:" not in result.stdout.str()


class TestPytestBenchmark:
    def test_its_json_has_the_ledgers_times_and_its_comparison_works(
        self, pytester: pytest.Pytester, tests: Tests
    ) -> None:
        text = f"def test_one(dawnbench_run, n):\n    {MEASURE}\n    {MEASURE}"
        text = f"@pytest.mark.parametrize('n', [1])\n{text}"
        result = tests(text, "--benchmark-json=out.json", "--benchmark-save=first", benchmark=True)
        result.assert_outcomes(passed=1)
        first, second = runs_of(pytester)
        entries = benchmarks_in(pytester.path / "out.json")
        one = "test_it.py::test_one[1]: tiny"
        assert list(entries) == [
            f"{one}, time to target",
            f"{one}, training step",
            f"{one} 2, time to target",
            f"{one} 2, training step",
        ]
        for label, made in ((one, first), (f"{one} 2", second)):
            to_target, step = entries[f"{label}, time to target"], entries[f"{label}, training step"]
            assert to_target["stats"]["data"] == [trial.seconds["dawnbench"] for trial in made.trials]
            later = [epoch.train_seconds / 11 for epoch in made.epochs if epoch.epoch > 1]
            assert step["stats"]["data"] == pytest.approx(later, rel=1e-12)
            assert (step["stats"]["rounds"], step["stats"]["iterations"]) == (21, 11)
            assert step["extra_info"]["run"] == made.folder.name
            assert step["params"] == {"n": 1}

        result = tests(text, "--benchmark-compare", "--benchmark-compare-fail=mean:30", benchmark=True)
        result.assert_outcomes(passed=1)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["*test_one?1?: tiny, training step (*0001_fi*"])

        (saved,) = (pytester.path / ".benchmarks").rglob("*_first.json")
        content = json.loads(saved.read_text())
        for entry in content["benchmarks"]:
            entry["stats"]["mean"] -= 60  # seconds and no share: 5.0 reads no more than 99%
        saved.write_text(json.dumps(content))
        result = tests(text, "--benchmark-compare", "--benchmark-compare-fail=mean:30", benchmark=True)
        assert result.ret != 0
        assert "tiny, training step" in result.stdout.str() + result.stderr.str()
        result.stderr.fnmatch_lines(["*Performance has regressed*"])

    def test_one_missed_target_leaves_no_time_and_says_so(
        self, tests: Tests, ten_trials: MeasuredRun
    ) -> None:
        best = sorted(trial.best_accuracy or 0 for trial in ten_trials.run.trials[:3])
        just_missed = MEASURE.replace("0.5", str((best[0] + best[1]) / 2))
        result = tests(f"def test_one(dawnbench_run):\n    {just_missed}", benchmark=True)
        result.assert_outcomes(passed=1, warnings=1)
        result.stdout.fnmatch_lines(
            ["*tiny: 1 of 3 trials missed the target, so pytest-benchmark gets no time*"]
        )
        assert "training step" in result.stdout.str()
        assert "time to target'" not in result.stdout.str()

    def test_its_switches_are_obeyed(self, pytester: pytest.Pytester, tests: Tests) -> None:
        text = f"def test_one(dawnbench_run):\n    {MEASURE}\n\ndef test_two():\n    pass"
        skipped = tests(text, "--benchmark-skip", benchmark=True)
        skipped.assert_outcomes(skipped=1, passed=1)
        assert runs_of(pytester) == []
        only = tests(text, "--benchmark-only", benchmark=True)
        only.assert_outcomes(skipped=1, passed=1)
        assert len(runs_of(pytester)) == 1
        disabled = tests(text, "--benchmark-disable", "--benchmark-json=out.json", benchmark=True)
        disabled.assert_outcomes(passed=2)
        assert "training step" not in disabled.stdout.str()
        out = pytester.path / "out.json"
        assert not out.exists() or not out.read_bytes()  # pytest-benchmark before 5.3 opens it at once

    def test_a_version_made_otherwise_is_a_warning(
        self, tests: Tests, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr("pytest_benchmark.stats.Metadata")
        result = tests(f"def test_one(dawnbench_run):\n    {MEASURE}", benchmark=True)
        result.assert_outcomes(passed=1, warnings=1)
        result.stdout.fnmatch_lines(["*cannot add times to this version of pytest-benchmark*Metadata*"])


class TestThePluginItself:
    def test_importing_it_imports_nothing_heavy(self) -> None:
        program = (
            "import sys, pytest; before = set(sys.modules); import dawnbench.integrations.pytest_plugin; "
            "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["dawnbench"]

    def test_it_is_found_by_pytest_and_its_marker_is_declared(self, pytester: pytest.Pytester) -> None:
        result = pytester.runpytest_inprocess("--markers")
        result.stdout.fnmatch_lines(["@pytest.mark.dawnbench_baseline(path, metrics=*"])

    def test_other_tests_are_left_alone(self, tests: Tests) -> None:
        result = tests("def test_one():\n    pass", "--benchmark-only", benchmark=True)
        result.assert_outcomes(skipped=1)
