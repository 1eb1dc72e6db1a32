"""A list of runs for people: plain text, so that ten thousand rows appear at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import fill

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dawnbench.records.listed import Listed
from dawnbench.records.rules import is_per_image, rule_for, stops_at_target
from dawnbench.records.tags import tags_text
from dawnbench.report.units import percent, time_unit
from dawnbench.safe_text import plain

GAP = "  "
INDENT = "    "
"""Before the facts about a run that do not fit into its line."""
VENDORS = ("NVIDIA GeForce ", "NVIDIA ", "AMD ", "Intel(R) ", "Intel ")
"""Left out if a name would have to be cut: what follows says more."""
_SEVERAL = re.compile(r"\d+ x ")


def listing(runs: Sequence[Listed], rule: str | None, of: int, width: int | None) -> str:
    """Return one line per run under a header, and below what the runs share, without a final newline.

    The trials column shows how many of the trials done reached the target, and the number requested if that
    differs; the time is their mean under `rule`, None for that of each run's kind. Target, kind, device,
    precision with threads, changed settings and tags get a column only if the runs differ in them. What does
    not fit into a terminal is in a second line below each run. `of` is how many runs there are, listed or
    not; `width` is the terminal's width, None for any.
    """
    if not runs:
        return f"none of {_count(of)} matches" if of else "no run here; `dawnbench run` makes one"
    columns = [["run", *(plain(run.name) for run in runs)]]
    if len(targets := {run.identity.target for run in runs}) > 1:
        columns.append(["target", *(_target(run.identity.target) for run in runs)])
    columns.append(["trials", *(_trials(run) for run in runs)])
    columns.append(["time", *(_time(run, rule) for run in runs)])
    columns.append(["accuracy", *(percent(run.accuracy) for run in runs)])
    inference = any(run.identity.kind == "inference" for run in runs)
    further = {
        "kind": [plain(_kind(run)) if inference else "" for run in runs],
        "device": [plain(run.identity.hardware) for run in runs],
        "precision": [plain(run.identity.conditions) for run in runs],
        "changed": [plain(run.identity.changes) for run in runs],
        "tags": [plain(tags_text(run.tags)) for run in runs],
    }
    differing = {header: cells for header, cells in further.items() if len(set(cells)) > 1}
    lines = _with_further(_aligned(columns), differing, width)

    facts = [_count(len(runs)) if len(runs) == of else f"{len(runs)} of {_count(of)}"]
    facts += [f"{n} {status}" for status, n in Counter(_unfinished(runs)).items()]
    facts += [f"target {_target(target)}" for target in targets if len(targets) == 1]
    same = {header: cells[0] for header, cells in further.items() if header not in differing and cells[0]}
    facts += [f"on {text}" if header == "device" else text for header, text in same.items()]
    rules = dict.fromkeys(rule_for(run.identity.kind, rule) for run in runs)
    below = [", ".join(facts), f"time: {_times_shown(list(rules))}"]
    return "\n".join([*lines, "", *(line if width is None else fill(line, width) for line in below)])


def coloured(text: str, runs: Sequence[Listed]) -> Text:
    """Return what `listing` wrote about these runs, for a terminal.

    Green: every trial reached the target. Yellow: one missed it, or the run did not finish. Red: it failed.
    """
    lines = text.split("\n")
    styles = ["bold"] if runs else [""]
    for run in runs:
        styles.append(_style(run))
        styles += [_style(run)] if lines[len(styles)].startswith(INDENT) else []
    styles += ["dim"] * (len(lines) - len(styles))
    return Text("\n").join(map(Text, lines, styles))


def _style(run: Listed) -> str:
    if run.status in ("failed", "died"):
        return "red"
    return "green" if run.status == "finished" and run.reached == run.done > 0 else "yellow"


def fitted(name: str, width: int | None) -> str:
    """Fit a device's name into this many terminal columns, without its vendor or truncated if necessary."""
    return name if width is None or cell_len(name) <= width else _cut(_model(name), width)


def _model(device: str) -> str:
    several, times, name = device.rpartition(" x ") if _SEVERAL.match(device) else ("", "", device)
    for vendor in VENDORS:
        name = name.removeprefix(vendor)
    return several + times + name


def _cut(text: str, width: int | None) -> str:
    if width is None or cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _with_further(lines: list[str], further: Mapping[str, Sequence[str]], width: int | None) -> list[str]:
    """Return the header and the rows with more columns on the right, by header, or with them below each row.

    Vendors are left out if the columns fit only without them.
    """
    for columns in (further, {header: [_model(cell) for cell in cells] for header, cells in further.items()}):
        rows = lines
        for header, cells in columns.items():
            longest = max(map(cell_len, rows))
            rows = [
                (row + " " * (longest - cell_len(row)) + GAP + cell).rstrip()
                for row, cell in zip(rows, [header, *cells], strict=True)
            ]
        if width is None or max(map(cell_len, rows)) <= width:
            return rows
    found = [lines[0]]
    for line, *cells in zip(lines[1:], *further.values(), strict=True):
        found.append(line)
        found += [_cut(INDENT + ", ".join(filter(None, cells)), width)] if any(cells) else []
    return found


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


def _time(run: Listed, asked: str | None) -> str:
    rule = rule_for(run.identity.kind, asked)
    # Without a trial there is no time at all, and the status says more than a dash.
    time = time_unit(rule).shown(run.mean_seconds.get(rule)) if run.done else plain(run.status)
    if time != "-":
        return time
    if run.identity.kind == "inference":
        return "untimed"
    return "missed" if stops_at_target(rule) and not run.reached else "untimed"


def _times_shown(rules: Sequence[str]) -> str:
    """Return what the column of times holds."""
    both = len(rules) > 1
    return ", ".join(
        f"mean latency of an image{' (inference)' * both}"
        if is_per_image(rule)
        else f"mean under the {rule} rule{' (training)' * both}"
        for rule in rules
    )


def _kind(run: Listed) -> str:
    return f"inference {run.identity.inference}" if run.identity.inference else "training"


def _target(target: float) -> str:
    return f"{100 * target:g} %"


def _unfinished(runs: Sequence[Listed]) -> list[str]:
    return [plain(run.status) for run in runs if run.status != "finished"]


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs} runs"
