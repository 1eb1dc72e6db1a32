"""Some hundreds of damaged records; tens of thousands are tried by hand."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from benchmarks.reliability.fuzz_records import fuzz
from benchmarks.reliability.mutations import mutated
from benchmarks.runs import RUN


def test_damaged_records_end_in_an_answer_or_in_a_sentence(tmp_path: Path) -> None:
    found = fuzz(seed=20_261_127, records=350, place=tmp_path)
    assert found.crashes == {}
    verbs = {verb for verb, _status in found.exits}
    assert verbs == {
        "show",
        "runs",
        "log",
        "watch",
        "report",
        "compare",
        "regress",
        "baseline",
        "site",
        "export",
    }
    # Most damaged folders can still be read: one bad value does not hide a run.
    answered = sum(count for (_verb, status), count in found.exits.items() if status == 0)
    assert answered > 0.8 * found.exits.total()


def test_every_mutation_changes_the_record() -> None:
    texts = {json.dumps(mutated(RUN, Random(seed))) for seed in range(50)}
    assert len(texts) > 40
