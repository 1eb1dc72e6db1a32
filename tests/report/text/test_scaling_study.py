from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from dawnbench.report.text.scaling_study import (
    law_sentence,
    scaling_page,
    scaling_table,
    scaling_words,
)
from dawnbench.stats.scaling_laws import study_axis
from tests.report.scale_study import one_seed, point, study


def test_the_table_fits_into_80_columns() -> None:
    wide = study(point(131_072, 1234.5, width=0.125, peak_memory_bytes=10**11, predicted_memory_bytes=10**11))
    console = Console(width=80, color_system=None)
    with console.capture() as printed:
        console.print(scaling_table(wide))
    lines = printed.get().splitlines()
    assert len(lines) == 2
    assert " ".join(lines[1].split()) == "131072 0.125 2 1234 s 41 100.00 GB 100.00 GB 91.23 %, 0.71"


def test_a_law_is_told_in_words() -> None:
    along = study_axis("width", [point(512, 2.0**n, width=2.0**n) for n in (0, 1, 2)])
    assert law_sentence(along) == (
        "an epoch takes 2 times as long at twice the width (exponent 1.00, 1.00 to 1.00, R² 1.000)"
    )


def test_two_points_have_no_interval_and_one_has_no_law() -> None:
    two = study_axis("batch", [point(256, 4.0), point(512, 2.0)])
    assert law_sentence(two) == (
        "an epoch takes 0.5 times as long at twice the batch size "
        "(exponent -1.00, two points, so no interval)"
    )
    assert law_sentence(study_axis("batch", [point(256, 4.0)])) == (
        "no law from 1 point; give two values or more"
    )


def test_threads_are_told_by_their_serial_share() -> None:
    half = study_axis("threads", [point(512, 4.0, threads=1), point(512, 3.0, threads=2)])
    assert law_sentence(half) == (
        "50 % of an epoch is serial (Amdahl), so any number of threads makes it at most 2.0 times as fast"
    )
    none = study_axis("threads", [point(512, 4.0, threads=1), point(512, 2.0, threads=2)])
    assert "as many times as fast as threads" in law_sentence(none)


def test_the_worst_prediction_is_told() -> None:
    assert "memory: the prediction was at most 5.0 % off the measured peak" in scaling_words(study())
    unknown = scaling_words(study(point(512, 1.0)))
    assert any("does not report" in sentence for sentence in unknown)


def test_a_sampled_peak_is_said_to_be_one() -> None:
    sampled = scaling_words(replace(study(), samples_peak=True))
    assert any("is sampled on a CPU and can miss a short one" in sentence for sentence in sampled)
    assert not any("sampled" in sentence for sentence in scaling_words(study()))


def test_equal_predictions_at_different_batches_are_explained() -> None:
    memory = [
        {"peak_memory_bytes": p, "predicted_memory_bytes": q} for p, q in ((79, 90), (99, 90), (156, 146))
    ]
    points = [point(64 * 2**n, 4.0, **{k: v * 10**6 for k, v in m.items()}) for n, m in enumerate(memory)]
    (sentence,) = (s for s in scaling_words(study(*points)) if "the same" in s)
    assert sentence.startswith(
        "memory: the prediction is the same at batch 64 and 128, because what does not"
    )
    assert not any("the same" in sentence for sentence in scaling_words(study()))


def test_the_accuracy_of_single_seeds_is_not_shown() -> None:
    single = study(one_seed(256, 4.0), one_seed(512, 2.0))
    assert "accuracy" not in scaling_page(single, "a.svg").split("| batch")[1]
    why = "accuracy: not shown, since one seed per point cannot tell a trend from luck; --trials 3 shows it"
    assert why in scaling_words(single)
    mixed = scaling_page(study(point(256, 4.0), one_seed(512, 2.0)), "a.svg")
    assert "91.23 %, 0.71" in mixed
    assert "91.23 %, 1 seed" in mixed


def test_a_point_that_failed_says_why_and_steers_no_terminal() -> None:
    failed = study(point(512, 1.0), point(10**6, None, trouble="needs \x1b[31m900 GB", accuracy=None))
    sentences = scaling_words(failed)
    assert "batch 1000000, width 1, threads 2: needs ?[31m900 GB" in sentences


def test_the_page_has_the_laws_the_table_and_the_picture() -> None:
    page = scaling_page(study(name="my|net"), "scaling.svg")
    assert page.startswith("# Scaling of my\\|net on AMD EPYC\n")
    assert "- batch: an epoch takes 0.5 times as long at twice the batch size" in page
    assert len([line for line in page.splitlines() if line.startswith("| ")]) == 2 + 4
    assert "](scaling.svg)" in page
