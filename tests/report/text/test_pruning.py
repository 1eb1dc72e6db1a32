"""A sweep in words."""

from __future__ import annotations

from dataclasses import replace

from dawnbench.records.pruning import DENSE, KIND, PrunedModel, PruningSweep
from dawnbench.report.text.pruning import pruning_page, pruning_sentences

MODELS = (
    PrunedModel(DENSE, 0.0, 6_575_370, 758_523_904, 0.94, None, None, 20.0, None),
    PrunedModel(
        *("pruned_savemodel_99", 0.99, 72_416, 65_395_952, 0.1, 0.5, 0.9),
        *(900.0, "pruned_99.safetensors", ("head.weight",)),
    ),
    PrunedModel("pruned_savemodel_50", 0.5, 3_291_050, 4 * 10**8, 0.9, 0.93, None, 800.0, "p"),
)
SWEEP = PruningSweep(
    kind=KIND,
    schema_version=1,
    dawnbench_version="1",
    recipe_name="davidnet_10",
    recipe_digest="0",
    run="a-run",
    data="cifar10",
    fingerprint="0",
    images=10_000,
    device_name="a CPU",
    precision="fp32",
    protocol="eval",
    scope="global",
    finetune_epochs=5,
    finetune_rate=0.3,
    recalibration_images=2048,
    seed=1,
    prunable_weights=6_568_640,
    dense_flops=758_523_904,
    models=MODELS,
    complete=True,
)


def test_the_page_has_a_row_per_model_in_the_published_columns() -> None:
    page = pruning_page(SWEEP, "figures/accuracy.svg")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if "|" in line]
    assert cells[0][:3] == ["Model Name", "Model Parameter", "Accuracy"]
    assert cells[2][:6] == ["Original Model", "6575370", "94.00 %", "-", "-", "0.00 %"]
    assert cells[3][:6] == ["pruned_savemodel_99", "72416", "10.00 %", "50.00 %", "90.00 %", "99.00 %"]
    assert page.startswith("# davidnet\\_10 pruned by magnitude\n")
    assert page.endswith("![Accuracy by parameters](figures/accuracy.svg)\n")


def test_what_a_reader_must_know_is_said() -> None:
    words = " ".join(pruning_sentences(SWEEP))
    for said in (
        "The smallest of the 6,568,640 weights of all layers together were set to zero",
        "Accuracy on 10,000 images of cifar10 in evaluation mode, fp32 on a CPU.",
        "re-estimated on 2,048 training images.",
        "after 5 epochs under the mask, at a learning rate of up to 0.3, with seed 1.",
        "pruned_savemodel_99 has no weight left in head.weight.",
    ):
        assert said in words
    assert "incomplete" not in words


def test_of_a_bare_sweep_by_layer_only_what_was_done_is_said() -> None:
    bare = replace(SWEEP, scope="layer", finetune_epochs=0, recalibration_images=0, complete=False)
    bare = replace(bare, notes=("50 %: the fine-tuning diverged",))
    words = " ".join(pruning_sentences(bare))
    assert "weights of each layer were set to zero" in words
    assert "Recalibrated" not in words
    assert "Fine-tuned" not in words
    assert words.endswith("50 %: the fine-tuning diverged. The sweep is incomplete.")
