"""What the pages of a site share: the frame, a few kinds of markup, and values as cells of a table.

All text that is put in is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from markupsafe import Markup

from dawnbench.records.rules import is_per_image
from dawnbench.report.page import Cell, Column, Table, prose, render_page, render_table, shared_assets
from dawnbench.report.site.site_folder import ASSETS, run_page
from dawnbench.report.units import percent, significant, time_unit
from dawnbench.safe_text import html
from dawnbench.stats.cost import MILLION, dollars
from dawnbench.stats.entries import Entry, RuleTime
from dawnbench.stats.spending import Spending

SHORT_VERDICTS = {"no difference shown": "no difference", "cannot tell with so few trials": "too few trials"}
SPENDING = ("#Energy [J]", "#Cost")
IMAGE_SPENDING = ("#Energy [mJ]", "#Cost per million images")
"""Of inference runs."""
_FOLDER = Path(__file__).parent / "assets"
_SCRIPT, _STYLE = "site.js", "site.css"


def site_page(
    title: str, body: Iterable[Markup], *, up: str = "../", trail: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the HTML document of a page; `up` is the relative URL of the site's top folder."""
    style = Markup('<link rel="stylesheet" href="{}{}{}">\n').format(up, ASSETS, _STYLE)
    script = Markup('<script src="{}{}{}" defer></script>\n').format(up, ASSETS, _SCRIPT)
    return render_page(title, Markup("").join([style, *body, script]), assets=f"{up}{ASSETS}", trail=trail)


def site_assets() -> dict[str, str]:
    """Return the files that the pages load, by their paths within the site."""
    own = {name: (_FOLDER / name).read_bytes() for name in (_SCRIPT, _STYLE)}
    return {f"{ASSETS}{name}": content.decode() for name, content in (shared_assets() | own).items()}


def link(text: str, url: str) -> Markup:
    """Return a link to a relative URL."""
    return Markup('<a href="{}">{}</a>').format(url, html(text))


def paragraph(content: str | Markup, kind: str = "") -> Markup:
    """Return a paragraph, with a class if one is given."""
    start = Markup('<p class="{}">').format(kind) if kind else Markup("<p>")
    return Markup("{}{}</p>\n").format(start, _escaped(content))


def bullets(items: Iterable[str | Markup]) -> Markup:
    """Return a bulleted list; nothing if there are no items."""
    inside = Markup("").join(Markup("<li>{}</li>\n").format(_escaped(item)) for item in items)
    return Markup("<ul>\n{}</ul>\n").format(inside) if inside else inside


def hero(eyebrow: str, title: str, *content: Markup) -> Markup:
    """Return the head of a page."""
    return Markup('<header class="hero">\n<p class="eyebrow">{}</p>\n<h1>{}</h1>\n{}</header>\n').format(
        html(eyebrow), html(title), Markup("").join(content)
    )


def headline(sentence: str) -> Markup:
    """Return the main statement of a page."""
    return Markup('<blockquote class="headline"><p>{}</p></blockquote>\n').format(prose(sentence))


def tiles(values: Iterable[tuple[str, str, str]]) -> Markup:
    """Return values in large type, each with a label before it and a note after it."""
    one = Markup("<div><dt>{}</dt><dd><strong>{}</strong><span>{}</span></dd></div>\n")
    inside = Markup("").join(one.format(*map(html, texts)) for texts in values)
    return Markup('<dl class="tiles">\n{}</dl>\n').format(inside)


def section(identity: str, title: str, *content: Markup, kind: str = "") -> Markup:
    """Return a section of a page with a heading; nothing if it has no content."""
    inside = Markup("").join(content)
    whole = Markup('<section class="{}" aria-labelledby="{}">\n<h2 id="{}">{}</h2>\n{}</section>\n')
    return whole.format(kind, identity, identity, html(title), inside) if inside else inside


def table(
    caption: str, columns: Iterable[str], rows: Sequence[Sequence[Cell]], *, folds: bool = False
) -> Markup:
    """Return a table that can be sorted, or nothing if it has no rows.

    The title of a numeric column starts with a #. If it `folds`, a narrow screen shows two columns.
    """
    titles = [Column(title.removeprefix("#"), numeric=title.startswith("#")) for title in columns]
    return render_table(Table(caption, titles, rows, sortable=True, folds=folds)) if rows else Markup("")


def change(ratio: float) -> str:
    """Return a ratio as a change: +5.2 %."""
    return f"{100 * (ratio - 1):+.1f} %"


def minute(created: str) -> str:
    """Return the date and the minute of an ISO time."""
    return created[:16].replace("T", " ")


def count(number: int, singular: str) -> str:
    """Return a number of things: 1 run, 2 runs."""
    return f"{number:,} {singular if number == 1 else singular + 's'}"


def verdict_cell(word: str, ratio: float | None, link: str) -> Cell:
    """Return the verdict of a comparison with its ratio."""
    short = SHORT_VERDICTS.get(word, word)
    return Cell(short if ratio is None else f"{short}, {change(ratio)}", link=link)


def run_link(run: Entry, up: str = "") -> Cell:
    """Return when a run started, with a link to its page; `up` is the relative URL of the top folder."""
    return Cell(minute(run.created), link=f"{up}{run_page(run.name)}")


def time_cell(seconds: float | None, rule: str = "") -> Cell:
    """Return a time that sorts as a number, in the unit for times under a rule."""
    return Cell("-") if seconds is None else Cell(time_unit(rule).number(seconds), seconds)


def interval_cell(time: RuleTime) -> Cell:
    """Return an expected time with its 95 % interval, in the unit for times under its rule."""
    if time.expected is None or time.low is None:
        return time_cell(time.expected, time.rule)
    unit = time_unit(time.rule)
    bounds = f"{unit.number(time.low)} to {'∞' if time.high is None else unit.number(time.high)}"
    return Cell(unit.number(time.expected), time.expected, note=f"({bounds})")


def spending_columns(spent: Iterable[Spending]) -> list[str]:
    """Return the titles of the columns of energy and cost, without those in which nothing is known."""
    known = list(spent)
    titles = IMAGE_SPENDING if any(is_per_image(one.rule) for one in known) else SPENDING
    energy = any(one.joules is not None for one in known)
    return [*[titles[0]] * energy, *[titles[1]] * any(one.dollars is not None for one in known)]


def spending_cells(spent: Spending, columns: Sequence[str]) -> list[Cell]:
    """Return the energy and the cost under these titles."""
    cost = None if spent.dollars is None else MILLION * spent.dollars
    cells = {
        SPENDING[0]: time_cell(spent.joules),
        SPENDING[1]: Cell(dollars(spent.dollars), spent.dollars),
        IMAGE_SPENDING[0]: Cell(
            "-" if spent.joules is None else significant(1000 * spent.joules), spent.joules
        ),
        IMAGE_SPENDING[1]: Cell(dollars(cost), cost),
    }
    return [cells[column] for column in columns]


def spending_notes(spent: Iterable[Spending], columns: Sequence[str]) -> list[str]:
    """Return what energy and cost cover and why some are dashes, a sentence each; nothing without columns."""
    if not columns:
        return []
    known = list(spent)
    said = [
        "Energy is that of one image."
        if any(is_per_image(one.rule) for one in known)
        else "Energy and cost cover what the time covers."
    ]
    for what, titles, unknown in (
        ("energy", (SPENDING[0], IMAGE_SPENDING[0]), (one.no_joules for one in known)),
        ("cost", (SPENDING[1], IMAGE_SPENDING[1]), (one.no_dollars for one in known)),
    ):
        shown = any(title in columns for title in titles)
        reasons = sorted({reason for reason in unknown if reason}) if shown else []
        said += [f"A dash for {what}: {'; or '.join(reasons)}."] if reasons else []
    return said


def run_cells(run: Entry) -> tuple[Cell, Cell, Cell]:
    """Return how many trials reached the target, the mean accuracy, and whether it meets the target."""
    share = run.reached / run.trials if run.trials else None
    return (
        Cell(f"{run.reached} of {run.trials}", share),
        Cell("none ended" if run.accuracy is None else percent(run.accuracy), run.accuracy),
        Cell(_claim(run)),
    )


def _claim(run: Entry) -> str:
    if run.identity.kind == "inference" and run.trials:
        return "at the target" if run.reached == run.trials else "below the target"
    return "none ended" if run.claim is None else run.claim.standing


def _escaped(content: str | Markup) -> Markup:
    return content if isinstance(content, Markup) else prose(content)
