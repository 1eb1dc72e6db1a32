from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dawnbench.cli.configuration import configuration_path
from dawnbench.cli.export import FORMATS
from dawnbench.export.trackers import TRACKERS
from tests.cli.made_runs import HOSTILE, invoke, words
from tests.records.examples import RUN
from tests.records.folders import make_run
from tests.records.full_runs import full_run
from tests.records.inference_runs import inference_run

ADA = ("--author", "Ada", "--author-email", "ada@example.org")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in a folder of its own that holds one run, and with an empty configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    full_run(Path("runs") / "one", trials=3, epochs=4, hertz=5)


def configure(text: str) -> None:
    configuration_path().parent.mkdir(parents=True)
    configuration_path().write_text(text)


def written(*arguments: object) -> list[str]:
    """Return what a call that succeeds prints, which is all that it writes."""
    before = {path for path in Path().rglob("*") if path.is_file()}
    code, out, err = invoke("export", *arguments)
    assert (code, err) == (0, "")
    made = {str(path) for path in Path().rglob("*") if path.is_file() and path not in before}
    assert set(out.splitlines()) == made
    return out.splitlines()


@pytest.mark.parametrize(
    ("kind", "more", "paths"),
    [
        ("dawnbench", ADA, ["ada_davidnet_nvidia-h200_pytorch.json", "ada_davidnet_nvidia-h200_pytorch.tsv"]),
        (
            "mlperf",
            ADA[:2],
            [f"one/{name}" for name in ("result_0.txt", "result_1.txt", "result_2.txt", "cifar10.yaml")],
        ),
        ("csv", (), ["trials.csv", "epochs.csv", "telemetry.csv"]),
        ("parquet", (), ["trials.parquet", "epochs.parquet", "telemetry.parquet"]),
        ("json", (), ["one.json"]),
    ],
)
def test_files_go_into_a_folder_of_their_format(kind: str, more: Sequence[str], paths: list[str]) -> None:
    assert written("runs/one", "--format", kind, *more) == [f"exports/{kind}/{path}" for path in paths]


def test_out_names_another_folder() -> None:
    assert written("runs/one", "--format", "csv", "-o", "a/b") == [
        f"a/b/{t}.csv" for t in ("trials", "epochs", "telemetry")
    ]


def test_tables_take_many_runs() -> None:
    full_run(Path("runs") / "two", trials=2, epochs=1)
    written("runs", "--format", "csv")
    assert len(Path("exports/csv/trials.csv").read_text().splitlines()) == 1 + 3 + 2


def test_json_goes_to_standard_output_or_a_file() -> None:
    code, out, err = invoke("export", "runs/one", "--format", "json", "-o", "-")
    assert (code, err, json.loads(out)["name"]) == (0, "", "one")
    assert written("runs/one", "--format", "json", "-o", "it.json") == ["it.json"]
    assert Path("it.json").read_text() == out


def test_of_several_runs_each_has_its_document() -> None:
    full_run(Path("runs") / "two", trials=1, epochs=1, created="2026-02-04T04:05:06+00:00")
    assert written("runs/*", "--format", "json") == ["exports/json/one.json", "exports/json/two.json"]


def test_one_trial_alone_may_be_asked_for() -> None:
    assert written("runs/one", "--format", "mlperf", *ADA[:2], "--trial", 2)[0].endswith("one/result_1.txt")
    entry, _ = written("runs/one", "--format", "dawnbench", *ADA, "--trial", 3)
    assert json.loads(Path(entry).read_text())["misc"]["trial"] == 3


def test_the_author_may_stand_in_the_configuration_and_options_win() -> None:
    configure(
        '[author]\nname = "Grace"\nemail = "grace@example.org"\ncode_url = "https://example.org/g"\n'
        '[cost]\n"*H200*" = 3.5\n'
    )
    path, _ = written("runs/one", "--format", "dawnbench")
    entry = json.loads(Path(path).read_text())
    assert (entry["author"], entry["authorEmail"]) == ("Grace", "grace@example.org")
    assert (entry["codeURL"], entry["costPerHour"]) == ("https://example.org/g", 3.5)
    more = ("--code-url", "u", "--framework", "PyTorch nightly", "--hardware", "1 H200", "--cost-per-hour", 2)
    path, _ = written("runs/one", "--format", "dawnbench", *ADA, *more)
    entry = json.loads(Path(path).read_text())
    assert (entry["author"], entry["codeURL"], entry["costPerHour"]) == ("Ada", "u", 2)
    assert (entry["framework"], entry["hardware"]) == ("PyTorch nightly", "1 H200")
    assert '"value": "Grace"' in Path(written("runs/one", "--format", "mlperf")[0]).read_text()


def test_an_entry_has_the_price_that_was_recorded_with_the_run() -> None:
    run = Path("runs/one/run.json")
    run.write_text(json.dumps(json.loads(run.read_text()) | {"prices": {"cost_per_hour": 1.5}}))
    path, _ = written("runs/one", "--format", "dawnbench", *ADA)
    assert json.loads(Path(path).read_text())["costPerHour"] == 1.5


def test_an_inference_run_has_an_entry_of_one_file_and_no_mlperf_log() -> None:
    inference_run(Path("runs") / "answers")
    assert written("runs/answers", "--format", "dawnbench", *ADA) == [
        "exports/dawnbench/ada_davidnet_amd-epyc_pytorch.json"
    ]
    code, out, err = invoke("export", "runs/answers", "--format", "mlperf", *ADA[:2])
    assert (code, out) == (2, "")
    assert "runs/answers is an inference run, and these logs are of training" in err


@pytest.mark.parametrize("given", [(), ADA[:2], ADA[2:], ("--author", " ", *ADA[2:])])
def test_an_unknown_author_is_asked_for(given: Sequence[str]) -> None:
    code, out, err = invoke("export", "runs/one", "--format", "dawnbench", *given)
    assert (code, out) == (2, "")
    assert "give --author NAME and --author-email ADDRESS, or set name and email under [author] in" in err
    code, _, err = invoke("export", "runs/one", "--format", "mlperf")
    assert code == 2
    assert "give --author NAME, or set name under [author] in" in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[author]\nnmae = "Ada"\n', 'unknown key in [author] "nmae"; did you mean name?'),
        ("[author]\nname = 3\n", '"name" under [author] is 3; write it in quotes'),
        ('author = "Ada"\n', "author is 'Ada'; write a table, [author] on a line of its own"),
    ],
)
def test_a_wrong_author_in_the_configuration_is_told(text: str, says: str) -> None:
    configure(text)
    code, _, err = invoke("export", "runs/one", "--format", "dawnbench")
    assert (code, says in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("gone", "--format", "csv"), "there is no run called gone in runs"),
        (("gone/*", "--format", "csv"), "gone/* does not exist; name run folders"),
        (
            ("runs/one", "--format", "csv", "-o", "-"),
            "--format csv writes several files; name a folder with -o",
        ),
        (("runs/one", "runs/two", "--format", "json", "-o", "-"), "can hold only one of the 2 runs"),
        (("runs/one", "--format", "mlperf", *ADA[:2], "--trial", 9), "has no trial 9"),
        (
            ("runs/one", "runs/two", "--format", "dawnbench", *ADA),
            "would both become ada_davidnet_nvidia-h200_pytorch",
        ),
        (("runs/one", "again/one", "--format", "json"), "two runs are called one"),
        (("runs/one", "--format", "csv", "--trial", 1), "--trial does not apply to --format csv"),
        (("runs/one", "--format", "mlperf", *ADA), "--author-email does not apply to --format mlperf"),
        (("runs/one", "--format", "json", "-o", "runs/one/run.json/x"), "cannot write runs/one/run.json/x"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(arguments: Sequence[object], says: str) -> None:
    full_run(Path("runs") / "two", trials=3, epochs=4, hertz=0, seed=1)
    full_run(Path("again") / "one", trials=1, epochs=4, hertz=0)
    code, _, err = invoke("export", *arguments)
    assert code == 2
    assert says in words(err)


@pytest.mark.parametrize(("kind", "who"), [("dawnbench", ADA), ("mlperf", ADA[:2])])
def test_a_format_for_cifar10_refuses_other_data_and_writes_nothing(kind: str, who: Sequence[str]) -> None:
    full_run(Path("runs") / "two", trials=1, epochs=1, data=replace(RUN.data, source="digits", classes=9))
    code, out, err = invoke("export", "runs/two", "--format", kind, *who)
    assert (code, out, Path("exports").exists()) == (2, "", False)
    assert err.startswith("dawnbench: runs/two trained on digits, and ")


def test_a_trial_that_broke_off_at_once_is_left_out_with_a_sentence() -> None:
    path = Path("runs/one/trials.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1] |= {"segments": [], "status": "failed", "epochs_to_target": None}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out, err = invoke("export", "runs/one", "--format", "mlperf", *ADA[:2])
    assert (code, "result_1" in out, "result_2" in out) == (0, False, True)
    assert "trial 2 ended before it touched its data" in err


def test_what_of_a_run_cannot_be_read_is_told() -> None:
    path = Path("runs/one/epochs.jsonl")
    path.write_bytes(path.read_bytes()[:-5])
    for kind in ("csv", "json"):
        code, _, err = invoke("export", "runs/one", "--format", kind)
        assert (code, err.count("\n"), "the last line is torn" in err) == (0, 1, True)


def test_a_hostile_name_steers_nothing() -> None:
    make_run(Path("runs") / "bad", recipe_name=HOSTILE, device_name=HOSTILE)
    for kind in ("csv", "json", "mlperf"):
        assert invoke("export", "runs/bad", "--format", kind, *(ADA[:2] if kind == "mlperf" else ()))[0] == 0


def test_a_tracker_says_where_it_put_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from dawnbench.export import trackers

    seen = []

    def replay(run: object, name: str, out: Path | None) -> str:
        seen.append((name, out))
        return f"{name}: there"

    monkeypatch.setattr(trackers, "replay", replay)
    assert invoke("export", "runs/one", "--format", "mlflow")[:2] == (0, "mlflow: there\n")
    assert invoke("export", "runs/one", "--format", "wandb", "-o", "w")[:2] == (0, "wandb: there\n")
    assert seen == [("mlflow", None), ("wandb", Path("w"))]


def test_help_names_every_format() -> None:
    _, out, _ = invoke("export", "--help", terminal_width=80)
    listed = out.split("Formats:\n")[1].splitlines()
    names = [line.split()[0] for line in listed if re.match(" {2,4}[a-z]", line)]
    assert names == ["dawnbench", "mlperf", "csv,", "json", "onnx", "safetensors", TRACKERS[0] + ","]
    assert ", ".join(TRACKERS) in out
    assert set(TRACKERS) < set(FORMATS)
    assert max(map(len, out.splitlines())) <= 80


def test_no_format_needs_torch() -> None:
    calls = [
        ["export", "runs/one", "--format", kind, *more]
        for kind, more in (("json", ()), ("csv", ()), ("dawnbench", ADA), ("mlperf", ADA[:2]))
    ]
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from dawnbench.cli import main\n"
        f"for call in {calls}: main(call, standalone_mode=False)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
