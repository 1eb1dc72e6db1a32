"""A list of runs for people: plain text, so that ten thousand rows appear at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dawnbench.records.listed import Listed
from dawnbench.records.rules import stops_at_target
from dawnbench.records.tags import tags_text
from dawnbench.report.units import percent, seconds
from dawnbench.safe_text import plain

GAP = "  "
MIN_FOR_DEVICE = 6
"""Columns that a device's name gets even if that makes the line too long."""
MIN_FOR_TEXTS = 12
"""The same for the changes to a recipe, and for the tags."""
VENDORS = ("NVIDIA GeForce ", "NVIDIA ", "AMD ", "Intel(R) ", "Intel ")
"""Left out if a name would have to be cut: what follows says more."""


def listing(runs: Sequence[Listed], rule: str, of: int, width: int | None) -> str:
    """Return one line per run under a header, and below what the runs share, without a final newline.

    The trials column shows how many of the trials done reached the target, and the number requested if that
    differs; the time is their median under `rule`. Target and device get a column only if the runs differ in
    them. `of` is how many runs there are, listed or not; `width` is the terminal's width, None for any.
    """
    if not runs:
        return f"none of {_count(of)} matches" if of else "no run here; `dawnbench run` makes one"
    columns = [["run", *(plain(run.name) for run in runs)]]
    if len(targets := {run.identity.target for run in runs}) > 1:
        columns.append(["target", *(_target(run.identity.target) for run in runs)])
    columns.append(["trials", *(_trials(run) for run in runs)])
    columns.append(["time", *(_time(run, rule) for run in runs)])
    columns.append(["accuracy", *(percent(run.accuracy) for run in runs)])
    lines = _aligned(columns)
    if len(devices := {plain(run.identity.device_name) for run in runs}) > 1:
        space = None if width is None else max(width - cell_len(lines[0] + GAP), MIN_FOR_DEVICE)
        names = ["device", *(fitted(plain(run.identity.device_name), space) for run in runs)]
        lines = [line + GAP + name for line, name in zip(lines, names, strict=True)]

    for header, texts in (
        ("changed", [plain(run.identity.changes) for run in runs]),
        ("tags", [plain(tags_text(run.tags)) for run in runs]),
    ):
        if any(texts):
            longest = max(map(cell_len, lines))
            space = None if width is None else max(width - longest - len(GAP), MIN_FOR_TEXTS)
            cells = [header, *(_cut(text, space) for text in texts)]
            lines = [
                (line + " " * (longest - cell_len(line)) + GAP + cell).rstrip()
                for line, cell in zip(lines, cells, strict=True)
            ]

    facts = [_count(len(runs)) if len(runs) == of else f"{len(runs)} of {_count(of)}"]
    facts += [f"{n} {status}" for status, n in Counter(_unfinished(runs)).items()]
    facts += [f"target {_target(target)}" for target in targets if len(targets) == 1]
    facts += [f"on {device}" for device in devices if len(devices) == 1]
    return "\n".join([*lines, "", ", ".join(facts), f"time: median under the {rule} rule"])


def coloured(text: str, runs: Sequence[Listed]) -> Text:
    """Return what `listing` wrote about these runs, for a terminal.

    Green: every trial reached the target. Yellow: one missed it, or the run did not finish. Red: it failed.
    """
    lines = text.split("\n")
    styles = ["bold", *map(_style, runs)] if runs else [""]
    styles += ["dim"] * (len(lines) - len(styles))
    return Text("\n").join(map(Text, lines, styles))


def _style(run: Listed) -> str:
    if run.status in ("failed", "died"):
        return "red"
    return "green" if run.status == "finished" and run.reached == run.done > 0 else "yellow"


def fitted(name: str, width: int | None) -> str:
    """Fit a device's name into this many terminal columns, without its vendor or truncated if necessary."""
    if width is None or cell_len(name) <= width:
        return name
    for vendor in VENDORS:
        name = name.removeprefix(vendor)
    return _cut(name, width)


def _cut(text: str, width: int | None) -> str:
    if width is None or cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _aligned(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows with the first column aligned left and the others right."""
    padded = []
    for i, cells in enumerate(columns):
        lengths = [cell_len(cell) for cell in cells]
        most = max(lengths)
        pads = [" " * (most - length) for length in lengths]
        pairs = zip(cells, pads, strict=True)
        padded.append([pad + cell if i else cell + pad for cell, pad in pairs])
    return [GAP.join(row) for row in zip(*padded, strict=True)]


def _trials(run: Listed) -> str:
    share = f"{run.reached}/{run.done}"
    return share if run.done == run.asked else f"{share} of {run.asked}"


def _time(run: Listed, rule: str) -> str:
    # Without a trial there is no time at all, and the status says more than a dash.
    time = seconds(run.median_seconds.get(rule)) if run.done else plain(run.status)
    if time != "-":
        return time
    return "missed" if stops_at_target(rule) and not run.reached else "untimed"


def _target(target: float) -> str:
    return f"{100 * target:g} %"


def _unfinished(runs: Sequence[Listed]) -> list[str]:
    return [plain(run.status) for run in runs if run.status != "finished"]


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs} runs"
