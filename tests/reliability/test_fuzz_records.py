"""Some hundreds of damaged records; tens of thousands are tried by hand."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.records.large_runs import RUN
from tests.reliability.fuzz_records import COMMANDS, fuzz, mutated


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
