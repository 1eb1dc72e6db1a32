from __future__ import annotations

from dataclasses import replace

import pytest

from dawnbench.records.schema import StoppingRecord
from dawnbench.report.text.stopping import stopping_sentence, trials_in_all
from dawnbench.stats.sequential import AutoTrials
from dawnbench.stats.stopping import begin_stopping
from tests.records.examples import RUN

VERDICT = begin_stopping(AutoTrials(max_trials=60), "ab")
CLAIM = begin_stopping(AutoTrials(), "run")
INTERVAL = begin_stopping(AutoTrials(until=0.01), "run")


@pytest.mark.parametrize(
    ("stopping", "said"),
    [
        (
            replace(VERDICT, ended="settled", reason="B is faster than A"),
            "Stopped by --trials auto (at most 60 pairs): B is faster than A. A level of 0.01 "
            "is spent evenly over the looks, one after each pair from the 11th (Lan and DeMets 1983), and "
            "the interval holds at all of them; the p-values are those of a single look.",
        ),
        (
            CLAIM,
            "--trials auto (at most 40 trials) had not stopped. A level of 0.045 on each side is spent "
            "evenly over the looks, one after each trial from the 8th (Lan and DeMets 1983).",
        ),
        (
            replace(INTERVAL, ended="max trials", reason="it is wide"),
            "Stopped by --trials auto (at most 40 trials): it is wide. The mean is sampled to "
            "a fixed width, from the 10th trial on (Chow and Robbins 1965).",
        ),
    ],
)
def test_the_sentence_says_why_it_stopped_and_by_which_method(stopping: StoppingRecord, said: str) -> None:
    assert stopping_sentence(stopping) == said


def test_the_number_of_trials_is_an_upper_bound_until_it_stopped() -> None:
    assert trials_in_all(replace(RUN, trials=3)) == "/3"
    assert trials_in_all(replace(RUN, trials=40, stopping=CLAIM)) == " of at most 40"
    assert trials_in_all(replace(RUN, trials=8, stopping=replace(CLAIM, ended="settled"))) == "/8"
