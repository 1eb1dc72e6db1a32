"""A search as a table, as sentences and as a page."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from rich.table import Table
from rich.text import Text

from dawnbench.records.campaign import RECIPES
from dawnbench.records.rules import stops_at_target
from dawnbench.report.text.markdown import fenced, table
from dawnbench.report.units import percent, significant
from dawnbench.safe_text import markdown, markdown_block, one_line, plain
from dawnbench.stats.candidates import Candidate
from dawnbench.stats.search_results import SearchResults

MAX_SHOWN = 10
"""Candidates in a table."""
TRIALS = 20
"""Of each side, to measure the best again."""
FRESH = 1000
"""At least this far from the seeds of the search."""
BEST = "best.py"
"""The best candidate's recipe file, in the campaign's folder."""
BEST_RECIPE = '''"""The best candidate of this folder's search, written by `dawnbench campaign report`."""

from dataclasses import replace
from pathlib import Path

from dawnbench.recipes import find_recipe
from dawnbench.recipes.overrides import adapt

SETTINGS = (
{settings})
base = find_recipe({base})
recipe = replace(adapt(base, SETTINGS), name=f"{{base.name}}-best")
'''
HEADER = ("", "time", "95 %", "accuracy", "trials", "meets", "settings")


def search_table(results: SearchResults) -> Table:
    """Return the best candidates for a terminal of 80 columns."""
    shown = Table(box=None, pad_edge=False)
    for column in HEADER[:-1]:
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column(HEADER[-1], overflow="fold")
    for place, one in enumerate(results.ranked[:MAX_SHOWN], 1):
        settings = "\n".join(plain(f"{name}={value}") for name, value in results.values(one).items())
        shown.add_row(*map(Text, (*_figures(results, place, one), settings)))
    return shown


def search_words(results: SearchResults) -> list[str]:
    """Return a sentence on each thing to know about a search."""
    search, best = results.search, results.best
    seeds = len(search.seeds)
    dropped = results.dropped
    # Unfinished, or dropped on figures that say something else now that there are more.
    others = sum(one.trials < seeds for one in results.candidates) - dropped
    words = [
        f"{len(results.candidates)} of {search.candidates} candidates of {search.recipe} were tried on "
        f"{search.device}, with up to {seeds} seed{'s' * (seeds != 1)} each; {dropped} of them "
        f"{'was' if dropped == 1 else 'were'} dropped early as hopeless"
        + (f", and {others} more {'has' if others == 1 else 'have'} not had every seed" if others else ""),
        f"a candidate must have a mean accuracy of {100 * search.accuracy:.4g} % or more; its time is the "
        f"mean under the {search.rule} rule" + _with_misses(search.rule),
    ]
    if results.without_result:
        words.append(f"{results.without_result} more failed or have no result yet")
    if best is None:
        words.append("no candidate with all of its trials meets the constraint yet")
    else:
        words += _on_the_best(results, best)
    if not results.time_importances and not results.accuracy_importances:
        words.append("too few candidates, or too equal ones, to say which settings matter")
    words += results.warnings
    return [one_line(sentence) for sentence in words]


def _with_misses(rule: str) -> str:
    return ", to which trials that missed the target add what they spent" if stops_at_target(rule) else ""


def _on_the_best(results: SearchResults, best: Candidate) -> list[str]:
    words = []
    if (as_fast := len(results.as_fast)) > 0:
        words.append(
            f"within the noise: {as_fast} other{'s' * (as_fast != 1)} that meet the constraint cannot be told"
            " from the best by their times (Welch's test, 5 %), so which of them leads is chance"
        )
    elif len(results.complete) > 1:
        words.append("the times of the best differ from those of each other candidate (Welch's test, 5 %)")
    spare = best.accuracy_interval
    if spare is not None and spare.low < results.search.accuracy:
        words.append(
            f"the accuracy of the best is {percent(best.accuracy)}, with a 95 % interval from "
            f"{percent(spare.low)}: {len(best.accuracies)} trials do not show that it meets the constraint"
        )
    luck, count = results.luck, len(results.complete)
    if count > 1:
        amount = "" if luck is None else f", by {100 * luck:.1f} % if all {count} were equally fast"
        words.append(
            f"the best of {count} that meet the constraint is best partly by luck, so its time here is too "
            f"good on average{amount}; measure it with new seeds before you quote it"
        )
    return words


def measure_command(results: SearchResults) -> str | None:
    """Return the command that compares the best candidate, in best.py, with the recipe, by new seeds."""
    search = results.search
    if best_recipe(results) is None:
        return None
    folder, seed = Path(results.folder), FRESH + max(search.seeds)
    recipe = str(folder / RECIPES / search.recipe) if search.recipe.endswith(".py") else search.recipe
    words = ["dawnbench", "ab", recipe, str(folder / BEST)]
    words += [f"--trials={TRIALS}", f"--seed={seed}", f"--device={search.device}", f"--rule={search.rule}"]
    return " ".join(shlex.quote(plain(word)) for word in words)


def best_recipe(results: SearchResults) -> str | None:
    """Return the best candidate as a recipe file for the campaign's folder; None if there is none."""
    best, path = results.best, PurePosixPath(results.search.recipe)
    if best is None or path.is_absolute() or ".." in path.parts:
        return None
    own = path.suffix == ".py"
    inside = f"{RECIPES}/{path}"
    base = f"str(Path(__file__).parent / {inside!r})" if own else repr(str(path))
    settings = "".join(f"    {setting!r},\n" for setting in best.settings)
    return BEST_RECIPE.format(base=base, settings=settings)


def search_page(results: SearchResults, figures: Mapping[str, str]) -> str:
    """Return the text of a search's report.md; `figures` are the pictures' paths beside it, by name."""
    words = "\n".join(f"- {markdown_block(sentence)}" for sentence in search_words(results))
    parts = [f"# Search {markdown(results.name)}", words]
    if (command := measure_command(results)) is not None:
        parts.append(fenced(command, "console"))
    if results.candidates:
        parts += ["## Best candidates", table(HEADER, list(_rows(results)))]
        if len(results.candidates) > MAX_SHOWN:
            parts.append(f"{len(results.candidates) - MAX_SHOWN} more are left out.")
    if "importance" in figures:
        parts += [
            "## Which settings matter",
            f"![Importance of each setting]({figures['importance']})",
            "The share of each setting in being among the best quarter of the candidates (PED-ANOVA). It "
            "holds for the ranges that were searched, and is rough with less than some dozens of candidates.",
        ]
    if "history" in figures:
        parts += ["## History", f"![Time and accuracy by candidate]({figures['history']})"]
    return "\n\n".join(parts) + "\n"


def _rows(results: SearchResults) -> list[Sequence[str]]:
    return [
        (
            *_figures(results, place, one),
            "<br>".join(markdown(f"{name}={value}") for name, value in results.values(one).items()),
        )
        for place, one in enumerate(results.ranked[:MAX_SHOWN], 1)
    ]


def _figures(results: SearchResults, place: int, one: Candidate) -> Sequence[str]:
    interval = one.seconds_interval
    return (
        str(place),
        f"{significant(one.seconds)} s" if math.isfinite(one.seconds) else "-",
        "-" if interval is None or not math.isfinite(interval.high) else _span(interval.low, interval.high),
        f"{percent(one.accuracy)}" if not one.diverged else "diverged",
        f"{one.trials}/{len(results.search.seeds)}",
        "yes" if one.meets(results.search) else "no",
    )


def _span(low: float, high: float) -> str:
    return f"{significant(low, 3)}-{significant(high, 3)}"
