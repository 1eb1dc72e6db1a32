"""What holds for every verb that reads figures: quick to start, fit for a terminal, never a traceback."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from dawnbench.cli import main
from dawnbench.cli.group import VERBS
from tests.cli.made_runs import HOSTILE, invoke, made_run, steers, trial, trials
from tests.records.examples import RUN

H200 = "baselines/davidnet/NVIDIA-H200.json"
READING = (
    ("show", "{}"),
    ("compare", "good", "{}"),
    ("compare", "{}", "good", "--across"),
    ("compare", "{}", "published"),
    ("baseline", "save", "{}", "--name", "x", "--out", "kept", "--replace"),
    ("regress", "{}"),
    ("regress", "{}", "--baseline", H200, "--across", "--github-summary"),
    ("regress", "good", "--baseline", "{}"),
    ("runs", "{}"),
    ("runs", "{}", "--json"),
)
"""Commands on whatever stands in the place of the braces."""


@pytest.fixture(autouse=True)
def _with_a_run_and_a_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    made_run(Path("good"))
    assert invoke("baseline", "save", "good", "--name", "release 1")[0] == 0


def verbs() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in VERBS:
        command = main.get_command(click.Context(main), name)
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, below) for below in command.commands]
    return found


def without(modules: str, *commands: str) -> str:
    """Return a program that runs each command in one process and fails if it loads one of the modules."""
    return (
        "import sys; from dawnbench.cli import main\n"
        f"for command in {commands!r}:\n"
        "    try: main(command.split())\n"
        "    except SystemExit: pass\n"
        f"    for module in {modules.split()!r}:\n"
        "        assert module not in sys.modules, f'{command} loads {module}'\n"
    )


def test_help_and_the_list_of_runs_load_no_library_that_takes_a_while() -> None:
    helps = [" ".join((*verb, "--help")) for verb in verbs()]
    program = without("torch scipy pandas numpy rich pydantic", "--help", "--version", *helps)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    program = without("torch scipy pandas numpy pydantic", "runs .", "runs . --json")
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_no_verb_about_figures_loads_torch() -> None:
    program = without("torch pandas scipy.stats", "log good")
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    commands = ("show good", "compare good good published", "regress good", "show nowhere", "ab a")
    saved = "baseline save good --name x --replace"
    program = without("torch pandas", *commands, saved)
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


@pytest.mark.parametrize("verb", [(), *verbs()])
def test_help_fits_80_columns_and_nothing_in_it_is_cut(verb: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*verb, "--help"], terminal_width=80).output
    assert all(len(line) <= 80 for line in shown.splitlines())
    for several in ("OTHERS...", "RUN...", "[ARGS]..."):
        shown = shown.replace(several, "")
    assert "..." not in shown


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give what is printed the width of a terminal."""

    def narrow(width: int) -> None:
        monkeypatch.setattr(
            "dawnbench.report.text.console.open_console", lambda: Console(width=width, color_system=None)
        )

    return narrow


def wide_figures() -> list[Any]:
    """Trials that last for hours and take as much energy as a house, of which two missed the target."""
    return [
        *(trial(i, 98_765.4 + 10 * (i % 3), epochs=120, joules=7_654_321.0 + i) for i in range(1, 31)),
        *(trial(i, 123_456.7, epochs=None, accuracy=0.9, joules=9_876_543.0) for i in (31, 32)),
    ]


@pytest.mark.parametrize(
    ("command", "figures"),
    [
        (("show", "slow"), ("98775", "7793224", "120.00")),
        (("compare", "good", "slow"), ("2.601", "107006", "7547339")),
        (("compare", "slow", "good"), ("2.601", "107006", "0.00002431")),
        (("compare", "slow", "published"), ("404.1", "Kakao Brain")),
        (("regress", "slow"), ("2 of 32 trials", "time regression", "accuracy")),
    ],
)
def test_in_80_columns_no_line_is_longer_and_no_figure_is_cut(
    command: tuple[str, ...], figures: tuple[str, ...], terminal: Callable[[int], None]
) -> None:
    made_run(Path("slow"), wide_figures())
    terminal(80)
    shown = invoke(*command)[1]
    lines = [line for line in shown.splitlines() if not line.startswith("regress: ")]
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in shown
    for figure in figures:
        assert figure in shown


def test_in_a_real_terminal_tables_have_its_width_and_the_closing_line_is_whole(tmp_path: Path) -> None:
    made_run(Path("slow"), wide_figures())
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "dawnbench", "regress", "slow"],
        env={k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "dumb", "NO_COLOR": "1"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    assert process.wait() == 1
    *lines, last = shown.decode().replace("\r\n", "\n").splitlines()
    assert last.startswith("regress: regression (time regression, ")
    assert last.endswith(")")
    assert 60 < max(map(len, lines)) <= 80


def _read(file: int) -> bytes:
    try:
        return os.read(file, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def in_place(command: tuple[str, ...], what: str) -> list[str]:
    return [word.replace("{}", what) for word in command]


GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)),
    "list.json": b"[1, 2, 3]",
    "null.json": b"null",
    "number.json": b"1" * 5000,
    "deep.json": b"[" * 100_000,
    "other.json": b'{"schema_version": 1}',
    "newer.json": b'{"kind": "dawnbench baseline", "schema_version": 99}',
    "bare.json": b'{"kind": "dawnbench baseline", "schema_version": 1}',
    "infinite.json": b'{"kind": "dawnbench baseline", "schema_version": 1e400}',
}
TROUBLE = (*GARBAGE, "folder", "nowhere", "not-a-run", "list-run", "number-run", "no-trials", "newer")


@pytest.fixture
def garbage() -> None:
    for name, content in GARBAGE.items():
        Path(name).write_bytes(content)
    Path("folder").mkdir()
    for name, content in (("not-a-run", "{"), ("list-run", "[]"), ("number-run", "5")):
        Path(name).mkdir()
        Path(name, "run.json").write_text(content)
    for name in ("no-trials", "newer"):
        shutil.copytree("good", name)
    Path("no-trials", "trials.jsonl").unlink()
    run = json.loads(Path("good", "run.json").read_text())
    Path("newer", "run.json").write_text(json.dumps(run | {"schema_version": 99}))


@pytest.mark.usefixtures("garbage")
@pytest.mark.parametrize("what", TROUBLE)
def test_garbage_is_one_sentence_and_status_2(what: str) -> None:
    for command in READING:
        arguments = in_place(command, what)
        code, shown, errors = invoke(*arguments)
        if command[0] == "runs" and what in ("folder", "number-run", "list-run"):
            continue  # an empty list, or one sentence a folder
        assert code == 2, arguments
        if command[0] == "regress":
            assert errors == "", arguments
            assert shown.startswith("regress: not comparable ("), arguments
            assert shown.count("\n") == 1, arguments
        else:
            assert errors.startswith("dawnbench: "), arguments
            assert errors.count("\n") == 1, arguments


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, about figures that no run makes
@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": {"dawnbench": 0.0, "cold": 0.0}},
        {"seconds": {"dawnbench": 1e308, "cold": 1e-320}},
        {"seconds": {}},
        {"seconds": {"[/x]": 1.0, HOSTILE: 2.0, "y" * 300: 3.0}},
        {"epochs": 10**9},
        {"epochs": 10**400},
        {"epochs": -3},
        {"accuracy": 1e308},
        {"accuracy": -0.5},
        {"joules": -1.0},
        {"seconds": {"dawnbench": -2.6, "cold": -1.0}},
        {"joules": 0.0},
        {"joules": 1e300},
        {"throttled": [HOSTILE]},
        {"epochs": None, "status": "failed"},
        {"epochs": None, "status": "diverged"},
    ],
)
def test_odd_figures_are_shown_or_refused(changes: dict[str, Any]) -> None:
    def made(number: int) -> Any:
        others = {name: value for name, value in changes.items() if name != "seconds"}
        one = trial(number, 2.6, **others)
        if "seconds" in changes:
            object.__setattr__(one, "seconds", changes["seconds"])
        return one

    made_run(Path("odd"), [made(i) for i in range(1, 13)])
    for command in READING:
        code, shown, errors = invoke(*in_place(command, "odd"))
        assert code in (0, 1, 2)
        assert errors.count("\n") <= 3  # a sentence for each field that is left out
        if command[0] == "regress":
            assert shown.splitlines()[-1].startswith("regress: ")
            assert (code == 2) == ("regress: not comparable" in shown or "regress: too few" in shown)


@pytest.mark.parametrize("hostile", [HOSTILE, "[/x]", "[bold]", "é訓練" * 100, "{}%s\\"])
def test_a_hostile_name_reaches_no_terminal_raw(hostile: str, terminal: Callable[[int], None]) -> None:
    terminal(80)
    changes = {
        "recipe_name": hostile,
        "device_name": hostile,
        "data": RUN.data.__class__(hostile, "12" * 32, 1, 1, (1, 1, 1), 1),
        "recipe": {hostile: hostile},
        "recipe_digest": hostile,
        "environment": {"gpu": {"driver": hostile}, "cpu": hostile},
    }
    made_run(Path("hostile"), trials(), **changes)
    for command in READING:
        code, shown, _ = invoke(*in_place(command, "hostile"))
        assert code in (0, 1, 2)
        if command[0] in ("show", "compare"):
            assert max(map(cell_len, shown.splitlines()), default=0) <= 80
            assert "…" not in shown or "published" in command


@pytest.mark.parametrize("name", [b"\x1b[31mred", b"\xff\xfe", "ü訓練".encode(), b"two\nlines"])
def test_a_folder_may_be_called_anything(name: bytes) -> None:
    folder = os.fsdecode(name)
    shutil.copytree("good", folder)
    for command in READING:
        code, shown, errors = invoke(*in_place(command, folder))
        assert code == (2 if command == ("regress", "good", "--baseline", "{}") else 0)
        assert not steers(shown + errors)


def test_a_letter_that_the_terminal_lacks_is_a_question_mark() -> None:
    shutil.copytree("good", "Lauf ü")
    for command in READING:
        result = CliRunner(charset="ascii").invoke(main, in_place(command, "Lauf ü"))
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_reader_that_has_seen_enough_ends_it_in_silence() -> None:
    process = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m dawnbench runs . | true"], capture_output=True, check=False
    )
    assert process.stderr == b""
