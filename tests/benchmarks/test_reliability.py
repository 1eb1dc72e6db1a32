"""Some hundreds of damaged records (tens of thousands are tried by hand), and the cost of a command."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from benchmarks.processes import measure
from benchmarks.reliability.fuzz_records import COMMANDS, fuzz, mutated
from benchmarks.runs import RUN, write_run
from dawnbench.records.reader import read_run
from dawnbench.records.samples import read_samples


def test_damaged_records_end_in_an_answer_or_in_a_sentence(tmp_path: Path) -> None:
    found = fuzz(seed=20_261_127, records=350, place=tmp_path)
    assert found.crashes == {}
    assert {verb for verb, _ in found.exits} == {words.split()[0] for words in COMMANDS}
    # Most damaged folders can still be read: one bad value does not hide a run.
    answered = sum(count for (_verb, status), count in found.exits.items() if status == 0)
    assert answered > 0.8 * found.exits.total()


def test_every_mutation_changes_the_record() -> None:
    texts = {json.dumps(mutated(RUN, Random(seed))) for seed in range(50)}
    assert len(texts) > 40


def test_made_folders_are_whole_runs_and_a_command_on_them_is_measured_in_a_process(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", trials=3, epochs=4, trial_seconds=2.0, hertz=20.0)
    run, samples = read_run(folder), read_samples(folder)
    assert (len(run.trials), len(run.epochs), run.warnings) == (3, 12, ())
    assert samples is not None
    assert len(samples) == pytest.approx(3 * 41, abs=4)
    cost = measure(["log", str(folder)], tmp_path)
    assert cost.status == 0
    assert 0 < cost.processor_seconds < 30
    assert 10 < cost.megabytes < 300
    assert "## Trial 1" in (folder / "log.md").read_text()
