"""A model in a write-up: what was meant to be reached, what was, and what that shows."""

from __future__ import annotations

from collections.abc import Callable

from dawnbench.records.reader import Run
from dawnbench.report.text.log_views import LogView, log_view
from dawnbench.report.text.markdown import table
from dawnbench.report.units import percent, seconds
from dawnbench.report.write_up.analysis import NOTE, findings
from dawnbench.report.write_up.author_words import authors_words, counted, goal, listed
from dawnbench.report.write_up.notes import Notes
from dawnbench.safe_text import markdown, markdown_block
from dawnbench.stats.write_up import Course
from dawnbench.stats.write_up_results import Results, results, typical_trial

Figure = tuple[str, Callable[[Course], float], Callable[[float], str]]
NOTHING = "No epoch was recorded."


def model_section(
    run: Run, rule: str, view: LogView, level: int, suffix: str, notes: Notes | None = None
) -> list[str]:
    """Return the blocks of a model's section, its title being a heading of `level`.

    `suffix` stands behind every heading, so that no two in a document are the same.
    """
    record, found = run.record, results(run)
    below = "#" * (level + 1)
    parts = [f"{'#' * level} {markdown(record.recipe_name) if level == 1 else suffix}"]
    parts += _subtitle(run)
    behind = "" if level == 1 else f" ({suffix})"
    parts += [f"{below} Target{behind}", *(authors_words(run, "target") or [_own_target(run)])]
    parts += [f"{below} Results{behind}"]
    parts += [NOTHING] if found is None else [_table(run, found), _what_counts(run, found)]
    concluded = notes.about(run, level + 1) if notes is not None else []
    parts += [f"{below} Analysis{behind}", *(concluded or authors_words(run, "analysis"))]
    if found is None:
        return [*parts, "Without an epoch there is nothing to analyse."]
    parts.append("\n".join(f"- {sentence}" for sentence in findings(found, record.target)))
    parts += [NOTE] if level == 1 else []
    return [*parts, *_log(run, found, rule, view)]


def _subtitle(run: Run) -> list[str]:
    """Return the recipe's summary, which names its own data, and which other data was trained on."""
    identity, summary = run.record.identity, run.record.recipe.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        return []
    if any(change.startswith("dataset.name=") for change in identity.changed):
        return [
            markdown_block(f"Trained on {identity.data} instead of the recipe's own data. Recipe: {summary}")
        ]
    return [markdown_block(summary)]


def _own_target(run: Run) -> str:
    epochs = run.record.recipe.get("epochs")
    within = f" within {counted(epochs, 'epoch')}" if isinstance(epochs, int) else ""
    return f"At least {goal(run.record.target)} validation accuracy{within}."


def _table(run: Run, found: Results) -> str:
    figures: tuple[Figure, ...] = (
        ("Best train accuracy", lambda one: one.best_train, percent),
        ("Last train accuracy", lambda one: one.last_train, percent),
        ("Best test accuracy", lambda one: one.best_validation, percent),
        ("Last test accuracy", lambda one: one.last_validation, percent),
        (f"Epochs at or above {goal(run.record.target)}", lambda one: one.at_target, _epochs),
        ("Training time an epoch", lambda one: one.epoch_seconds, seconds),
    )
    parameters = f"{run.record.model.parameters:,}"
    several = len(found.courses) > 1
    rows = [["Parameters", parameters, "", ""]]
    for name, read, written in figures:
        over = found.over(read)
        rows.append([name, written(over.mean), written(over.least), written(over.most)])
    if several:
        return table(["Figure", "Mean", "Least", "Most"], rows)
    return table(["Figure", "Value"], [row[:2] for row in rows])


def _epochs(count: float) -> str:
    return f"{count:.4g}"


def _what_counts(run: Run, found: Results) -> str:
    """Return how many trials the figures are of, on what, and which ones are not among them."""
    record = run.record
    epochs = [one.epochs for one in found.courses]
    how_many = counted(max(epochs), "epoch")
    if min(epochs) < max(epochs):
        how_many = f"{min(epochs)} to {how_many}"
    where = markdown(record.identity.where)
    data = (
        f"{markdown(record.data.source)}, {record.data.train_images:,} training and "
        f"{record.data.validation_images:,} test images"
    )
    each = " each" if len(found.courses) > 1 else ""
    sentences = [f"{counted(len(found.courses), 'trial')} of {how_many}{each} on {where}; {data}."]
    if run.pooled_from:
        names = ", ".join(map(markdown, run.pooled_from))
        sentences.append(f"The trials come from {len(run.pooled_from)} runs, in this order: {names}.")
    if not found.whole:
        sentences.append("No trial came to its end, so the figures are of what was trained.")
    for one in found.left_out:
        why = f" ({markdown(one.reason)})" if one.reason else ""
        did = "was broken off" if one.status == "broken off" else f"{_DID.get(one.status, one.status)}{why}"
        sentences.append(f"Trial {one.trial} {did}{' and is left out' if found.whole else ''}.")
    missing = record.trials - len({t.trial for t in run.trials} | {e.trial for e in run.epochs})
    if missing > 0:
        sentences.append(f"{missing} of the {record.trials} trials that were asked for did not begin.")
    return " ".join(sentences)


_DID = {"diverged": "diverged", "interrupted": "was interrupted", "failed": "failed"}


def _log(run: Run, found: Results, rule: str, view: LogView) -> list[str]:
    """Return the log of the median of the trials that count, folded away."""
    number = typical_trial(run, rule)
    if number is None:
        return []
    which = listed([number])
    if len(found.courses) > 1 and any(trial.trial == number for trial in run.trials):
        which += f", the median of {len(found.courses)} by the {rule} rule"
    if view == "epochs":
        which += "; it counts epochs from 0"
    log = log_view(view, run.epochs_of(number), run.record.recipe)
    return [f"<details>\n<summary>Training log of {which}</summary>", log, "</details>"]
