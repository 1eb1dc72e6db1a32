"""A campaign's progress for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from dawnbench.records.campaign import AttemptRecord, RequestState, RunRequest
from dawnbench.report.units import percent, seconds
from dawnbench.safe_text import one_line, plain
from dawnbench.stats.campaign_progress import Cell, Progress

MAX_LISTED = 5
"""Requests that are named; the others are only counted."""
ORDER: tuple[RequestState, ...] = ("running", "waiting", "died", "failed", "interrupted", "diverged")
"""Of the states beside the results, the most urgent first."""


def campaign_headline(progress: Progress) -> str:
    """Return one sentence on how far a campaign has come."""
    states = [f"{progress.states[state]} {state}" for state in ORDER if progress.states.get(state)]
    tried = progress.attempts - progress.done - progress.states.get("running", 0)
    again = [f"{tried} of {progress.attempts} attempts without a result"] if tried > 0 else []
    done = f"{progress.done} of {progress.asked} trials have a result"
    facts = ", ".join([done, *states, *again])
    return plain(f"{progress.name} ({progress.executor}), {progress.status}: {facts}")


def campaign_table(progress: Progress) -> Table:
    """Return one row per recipe with its settings; what all share has no column.

    `cell` is part of the names of a row's run folders.
    """
    shown = Table(box=None, pad_edge=False)
    devices = len({cell.device for cell in progress.cells}) > 1
    same = _shared(progress)
    settings = any(set(cell.settings) - same for cell in progress.cells)
    shown.add_column("cell", no_wrap=True)
    shown.add_column("recipe", overflow="fold")
    if settings:
        shown.add_column("settings", overflow="fold")
    if devices:
        shown.add_column("device")
    for column in ("trials", "reached", "time", "accuracy"):
        shown.add_column(column, justify="right", no_wrap=True)
    for cell in progress.cells:
        words = [cell.id, plain(cell.recipe)]
        words += ["\n".join(plain(one) for one in cell.settings if one not in same)] if settings else []
        words += [plain(cell.device)] if devices else []
        shown.add_row(*map(Text, (*words, *_figures(cell))))
    return shown


def _figures(cell: Cell) -> Sequence[str]:
    reached = f"{cell.reached}" if cell.done else "-"
    return f"{cell.done}/{cell.asked}", reached, seconds(cell.seconds), percent(cell.accuracy)


def campaign_words(progress: Progress) -> Iterator[str]:
    """Yield a sentence on each thing to know besides the figures."""
    same = _shared(progress)
    if same:
        yield plain(f"all with {', '.join(sorted(same))}")
    for request, attempt in progress.running[:MAX_LISTED]:
        yield plain(f"running: {request}, attempt {attempt.attempt}, since {attempt.started[:19]} UTC")
    yield from _more(len(progress.running), "running")
    for request, attempt in progress.without_result[:MAX_LISTED]:
        yield without_result(request, attempt)
    yield from _more(len(progress.without_result), "without a result")
    for mark, count in progress.marks.items():
        yield f"beware of {count} of {progress.done} times: {one_line(mark)}"
    for warning in progress.warnings:
        yield one_line(warning)
    if progress.status != "running" and progress.done < progress.asked:
        yield "the same command with --resume runs what has no result"


def without_result(request: RunRequest, attempt: AttemptRecord) -> str:
    """Return a sentence on an attempt that gave no result."""
    outcome, why = attempt.outcome, attempt.reason or "no reason is known"
    if outcome == "running":
        outcome, why = "died", "the campaign ended before this attempt did"
    return one_line(f"{outcome}: {request}, attempt {attempt.attempt}: {why}")


def attempt_line(number: int, of: int, request: RunRequest, attempt: AttemptRecord, again: bool) -> str:
    """Return what to print at the end of an attempt; `number` requests of `of` have a result by then."""
    place = "" if attempt.device is None else f" [{attempt.device}]"
    words = f"{number} of {of}: {request}{place}: {attempt.outcome}"
    if attempt.outcome not in ("finished", "interrupted"):
        words += f" ({attempt.reason})"
    return one_line(f"{words}; it is tried again" if again else words)


def _shared(progress: Progress) -> frozenset[str]:
    """Return the settings that all cells have."""
    sets = [frozenset(cell.settings) for cell in progress.cells]
    return frozenset.intersection(*sets) if sets else frozenset()


def _more(count: int, what: str) -> Iterator[str]:
    if count > MAX_LISTED:
        yield f"{count - MAX_LISTED} more {what}"
