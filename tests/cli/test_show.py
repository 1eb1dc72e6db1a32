from __future__ import annotations

import re

from tests.cli.made_runs import invoke


def memory(*settings: str) -> float:
    """Return the gigabytes that `show` names."""
    code, shown, _ = invoke("show", "quickstart", *(part for s in settings for part in ("--set", s)))
    assert code == 0
    found = re.search(
        r"A trial takes ([\d.]+) (MB|GB) of memory on \w+ at its peak, data set included.", shown
    )
    assert found is not None, shown
    return float(found[1]) * {"MB": 1e-3, "GB": 1.0}[found[2]]


def test_show_tells_the_memory_of_a_trial() -> None:
    small, large = memory("batch_size=512"), memory("batch_size=1024")
    assert 1.5 < large / small < 2
