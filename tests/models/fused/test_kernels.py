from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("triton")

from dawnbench.models.fused.ops import STAGES


@pytest.mark.slow
def test_in_the_interpreter_the_kernels_give_what_the_single_layers_give() -> None:
    checks = Path(__file__).with_name("interpreted.py")
    # Triton reads the variable when it is imported, and other tests need it without.
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", str(checks), "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        env=os.environ | {"TRITON_INTERPRET": "1"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


BLOCKS = {"block_rows": 32, "block_channels": 64}
STAGED = {**BLOCKS, "stages": STAGES}
COMBINED = {"block_parts": 512, "block_channels": 8}
FP32 = {"means", "squares", "mean_out", "variance_out", "mean", "variance", "weight", "bias"} | {
    f"{name}_{kind}" for name in ("bias", "weight") for kind in ("sums", "gradient")
}
TYPES = {
    "x": "*bf16",
    "pooled": "*bf16",
    "gradient": "*bf16",
    "out": "*bf16",
    "picks": "*u8",
    "epsilon": "fp32",
}


@pytest.mark.parametrize(
    ("kernel", "settings"),
    [
        ("pool_and_measure", {"pool": True, **STAGED}),
        ("pool_and_measure", {"pool": False, **STAGED}),
        ("combine_measures", COMBINED),
        ("normalize", {"activation": "gelu", **BLOCKS}),
        ("sum_gradients", {"activation": "silu", **STAGED}),
        ("combine_sums", COMBINED),
        ("input_gradient", {"activation": "gelu", "pool": True, **BLOCKS}),
        ("input_gradient", {"activation": "relu", "pool": False, **BLOCKS}),
    ],
)
def test_the_kernels_compile_for_hopper_with_16_bytes_a_load(
    kernel: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from dawnbench.models.fused import kernels

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    function = getattr(kernels, kernel)
    signature = {
        name: "constexpr" if name in settings else "*fp32" if name in FP32 else TYPES.get(name, "i32")
        for name in function.arg_names
    }
    # As at a launch, where Triton sees that addresses and the number of channels are multiples of 16.
    aligned = {
        (place,): [["tt.divisibility", 16]]
        for place, name in enumerate(function.arg_names)
        if signature[name].startswith("*") or name == "channels"
    }
    source = ASTSource(function, signature, constexprs=settings, attrs=aligned)
    assembly = triton.compile(source, target=GPUTarget("cuda", 90, 32)).asm["ptx"]
    assert "ld.global.v4.b32" in assembly
    if "pool" in settings or kernel == "normalize":
        assert ("st.global.v4.b32" in assembly) == (kernel != "pool_and_measure" or settings["pool"])
