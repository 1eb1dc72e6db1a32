"""What `--trials auto` did, in words."""

from __future__ import annotations

from dawnbench.records.schema import RunRecord, StoppingRecord

METHODS = {
    "verdict": "A level of {alpha:g} is spent evenly over the looks, one after each pair from the {first}th "
    "(Lan and DeMets 1983), and the interval holds at all of them; the p-values are those of a single look",
    "claim": "A level of {alpha:g} on each side is spent evenly over the looks, one after each trial from "
    "the {first}th (Lan and DeMets 1983)",
    "interval": "The mean is sampled to a fixed width, from the {first}th trial on (Chow and Robbins 1965)",
}


def trials_in_all(record: RunRecord) -> str:
    """Return what follows a trial's number: "/3", or " of at most 40" as long as the total is unknown."""
    if record.stopping is not None and record.stopping.ended is None:
        return f" of at most {record.stopping.max_trials}"
    return f"/{record.trials}"


def stopping_sentence(stopping: StoppingRecord) -> str:
    """Return why a run with `--trials auto` stopped, and by which method."""
    unit = "pairs" if stopping.question == "verdict" else "trials"
    auto = f"--trials auto (at most {stopping.max_trials} {unit})"
    why = f"{auto} had not stopped" if stopping.reason is None else f"Stopped by {auto}: {stopping.reason}"
    return f"{why}. {METHODS[stopping.question].format(alpha=stopping.alpha, first=stopping.first_look)}."
