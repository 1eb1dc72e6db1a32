from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from dawnbench.records.slimming import Accuracies, Size
from dawnbench.report.text.slimming import slimming_page, slimming_table
from tests.records.slimmings import MODEL, slimming


def cells(page: str, first: str, section: str) -> list[str]:
    """Return the cells of the row of a section that starts with a word."""
    lines = page.split(f"## {section}\n")[1].split("\n## ")[0].splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {first} "))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_the_published_form_is_that_of_the_published_table() -> None:
    page = slimming_page(slimming())
    assert cells(page, "arch", "In the published form") == [
        *("arch", "flops/G", "model size/MB", "slim", "predict pruning ratio", "true pruning ratio"),
        *("Flops after pruning", "Model size after pruning", "top1", "top5"),
    ]
    assert cells(page, r"vgg16\_bn", "In the published form") == [
        *(r"vgg16\_bn", "15.51", "134.68", "1e-4", "20%", "18.75%", "8.36", "130.31", "80.670", "95.160")
    ]


def test_the_honest_form_has_every_accuracy_and_both_counts() -> None:
    page = slimming_page(slimming())
    assert cells(page, "dense", "Results")[:6] == ["dense", "0.00 %", "15.51", "30.90", "134.68", "81.12 %"]
    assert cells(page, "ratio 20 %", "Results") == [
        *("ratio 20 %", "18.75 %", "8.36", "16.70", "130.31", "50.00 %", "80.67 %", "80.00 %"),
        *("70.00 %", "95.16 %", "95.00 %"),
    ]
    assert cells(page, "ratio 20 %", "Speed") == [
        *("ratio 20 %", "64", "200 ms", "100 ms", "0.500 (0.490 to 0.520)", "2.000")
    ]
    assert "trained from scratch for 200 epochs" in page
    assert "20260101T000000Z-a-ratio-0.2-control-abcdef" in page


def test_what_was_not_done_is_a_dash() -> None:
    bare = replace(MODEL, finetuned=None, control=None, speeds=(), before=Accuracies(0.5, None))
    page = slimming_page(slimming(models=(bare,), strength=None, data="digits", notes=("no weights",)))
    assert cells(page, "ratio 20 %", "Results")[5:] == ["50.00 %", "-", "-", "-", "-", "-"]
    assert cells(page, r"vgg16\_bn", "In the published form")[-2:] == ["50.000", "-"]
    assert "no penalty on the batch norms' scales" in page
    assert "- no weights" in page
    assert "## Published" not in page
    assert "## Runs" not in page
    assert "## Speed" not in page


@pytest.mark.parametrize(("strength", "shown"), [(1e-4, "1e-4"), (1.5e-5, "1.5e-5"), (0.25, "2.5e-1")])
def test_the_strength_is_written_as_in_the_published_table(strength: float, shown: str) -> None:
    page = slimming_page(slimming(strength=strength))
    assert cells(page, r"vgg16\_bn", "In the published form")[3] == shown


@pytest.mark.parametrize(
    ("target", "value", "name"),
    [("parameters", 0.5, "parameters 50 %"), ("flops", 2e9, "flops 2e+09"), ("speedup", 1.5, "speedup 1.5")],
)
def test_a_network_is_named_by_its_target(target: str, value: float, name: str) -> None:
    settings = replace(slimming().settings, target=target)
    page = slimming_page(slimming(settings=settings, models=(replace(MODEL, value=value),)))
    assert cells(page, name, "Results")[0] == name


def test_published_rows_are_beside_ones_own_and_copies_are_called_so() -> None:
    assert cells(slimming_page(slimming()), "20% of channels", "Published") == [
        *("20% of channels", "18.75 %", "8.36", "130.31", "80.670", "95.160")
    ]
    page = slimming_page(slimming(architecture="mobilenet_v2"))
    assert cells(page, "40% of channels", "Published")[-2:] == ["copied", "copied"]
    assert cells(page, "5% of channels", "Published")[-2:] == ["75.260", "92.830"]
    assert "They are copies of ResNet-50's rows, so nothing is compared with them." in page
    assert "copies of" not in slimming_page(slimming(architecture="resnet50"))


def test_small_networks_have_digits_left() -> None:
    size = Size(macs=312_978_496, flops=600_000_000, parameters=2_351_972)
    assert cells(slimming_page(slimming(dense=size)), "dense", "Results")[2:5] == ["0.313", "0.600", "2.352"]


def test_a_terminal_of_80_columns_shows_the_main_figures() -> None:
    console = Console(width=80, record=True, file=StringIO())
    both = replace(MODEL, speeds=(replace(MODEL.speeds[0], batch_size=1, latency_ratio=0.9), *MODEL.speeds))
    console.print(slimming_table(slimming(models=(both, replace(MODEL, value=0.4, speeds=())))))
    header, dense, first, second = (line.rstrip() for line in console.export_text().splitlines())
    assert header.endswith("control  latency 1/64")
    assert dense.split() == ["dense", "15.51", "134.68", "81.12", "%"]
    assert first.split() == [
        *("ratio", "20", "%", "18.8", "%", "8.36", "130.31", "50.00", "%", "80.67", "%", "80.00", "%"),
        "0.90/0.50",
    ]
    assert second.endswith("-")
