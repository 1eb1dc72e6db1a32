from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from rich.cells import cell_len

from dawnbench.report.text.judgement import judgement_report
from dawnbench.stats.regression.judgement import Judgement
from tests.cli.made_runs import HOSTILE, steers, words
from tests.export.judgements import ACCURACY, ENERGY, EPOCHS, JUDGEMENT, TIME, UNCOMPARABLE, judgements
from tests.report.figures import rendered


def test_a_line_a_gate_between_what_was_judged_and_what_else_to_know() -> None:
    lines = rendered(judgement_report(JUDGEMENT), 120).splitlines()
    assert lines[0] == ("20260203T040506Z-davidnet-abc123 against before, timed by the dawnbench rule")
    assert [line.rstrip() for line in lines[1:5]] == [
        f"time regression        {TIME.sentence}",
        f"epochs too fast        {EPOCHS.sentence}",
        f"accuracy holds         {ACCURACY.sentence}",
        f"energy not comparable  {ENERGY.sentence}",
    ]
    assert lines[5:] == ["! the driver differs: 575 and 580"]


def test_what_cannot_be_compared_has_its_first_reason_in_the_closing_line_only() -> None:
    both = replace(UNCOMPARABLE, notes=(*UNCOMPARABLE.notes, "the targets differ: 94 % and 90 %"))
    assert rendered(judgement_report(both)).splitlines() == [
        "run against before, timed by the dawnbench rule",
        "! the targets differ: 94 % and 90 %",
    ]
    assert both.line == "regress: not comparable (the data differs: cifar10 and cifar100)"


def test_a_long_sentence_goes_on_beside_its_gate() -> None:
    gates = (replace(TIME, sentence="word " * 40), ACCURACY)
    lines = rendered(judgement_report(replace(JUDGEMENT, gates=gates, notes=()))).splitlines()
    assert len(lines) > 5
    assert lines[2].startswith(" " * len("time regression  ") + "word")
    assert max(map(len, lines)) <= 80


def test_names_and_sentences_cannot_steer_the_terminal() -> None:
    gates = (replace(TIME, sentence=HOSTILE),)
    hostile = replace(JUDGEMENT, run=HOSTILE, baseline="[/x]", gates=gates, notes=(HOSTILE, "[bold]"))
    text = rendered(judgement_report(hostile))
    assert not steers(text)
    assert "[/x]" in text
    assert "! [bold]" in text


@settings(deadline=None)
@given(judgement=judgements())
def test_any_judgement_is_shown_whole(judgement: Judgement) -> None:
    text = rendered(judgement_report(judgement))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not steers(text)
    for gate in judgement.gates:
        assert f"{gate.metric} {gate.outcome}" in words(text)
