"""Part (a): the tests marked `gpu`."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.gpu.child import PartError, run_python

TAIL = 15


def run_suite(limit: float) -> list[str]:
    """Run tests/gpu and return pytest's last words.

    Raises:
        PartError: pytest is missing, or not done within the limit.
    """
    if find_spec("pytest") is None:
        raise PartError("skipped: pytest is not installed here; `pip install pytest` to run the tests")
    done = run_python(["-m", "pytest", "tests/gpu", "-m", "gpu", "-q", "-p", "no:cacheprovider"], limit)
    said = done.stdout.strip().splitlines()[-TAIL:]
    return [
        f"`python -m pytest tests/gpu -m gpu` ended with status {done.returncode}:",
        "",
        "```text",
        *said,
        "```",
    ]
