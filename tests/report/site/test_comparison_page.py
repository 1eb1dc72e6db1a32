from __future__ import annotations

import re
from pathlib import Path

from dawnbench.report.site.comparison_page import ratio_bars
from dawnbench.stats.comparison.compare import compare
from tests.cli.made_runs import make_trial_set, trials


def places(folder: Path, mean: float, **changes: object) -> dict[str, float]:
    """Return where each ratio's dot stands, in percent from the left."""
    reference = make_trial_set(folder / "reference", trials(2.0, 5))
    other = make_trial_set(folder / "other", trials(mean, 5, **changes))  # type: ignore[arg-type]
    found = {}
    for row in str(ratio_bars(compare(reference, other))).split('<div class="ratio">')[1:]:
        name, place = re.search(r"<span>(\w+)", row), re.search(r'<b style="left:([\d.]+)%">', row)
        assert name is not None
        assert place is not None
        found[name[1]] = float(place[1])
    return found


def test_a_slower_run_stands_to_the_right_of_the_middle_and_a_faster_one_to_the_left(tmp_path: Path) -> None:
    slower, faster = places(tmp_path / "slower", 2.5), places(tmp_path / "faster", 1.5)
    assert slower.pop("energy") == faster.pop("energy") == 50
    assert all(50 < place <= 100 for place in slower.values())
    assert all(0 <= place < 50 for place in faster.values())


def test_equal_runs_stand_in_the_middle(tmp_path: Path) -> None:
    assert set(places(tmp_path, 2.0).values()) == {50}


def test_where_nobody_reached_the_target_only_whole_trials_are_drawn(tmp_path: Path) -> None:
    assert places(tmp_path, 2.5, missed=5).keys() == {"airbench", "strict"}
