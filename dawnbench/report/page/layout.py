"""The frame that every page shares, and the markup of its tables and charts."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dawnbench.report.charts import Chart
from dawnbench.report.page.assets import EARLY_SCRIPT, SCRIPTS, STYLES, content_policy, inline
from dawnbench.report.page.tables import Table
from dawnbench.report.units import seconds
from dawnbench.safe_text import html, plain

_CODE = re.compile(r"`([^`]+)`")
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(%|s|J)(?!\w))")


def render_page(
    title: str, body: Markup, *, assets: str | None = None, trail: Sequence[tuple[str, str]] = ()
) -> str:
    """Return an HTML document around a body.

    `assets` is the relative URL, with its final slash, of the folder that holds `shared_assets`; None puts
    them all into the page. `trail` is the breadcrumb trail: titles and relative URLs, outermost first. The
    title is the window's, and the end of the trail; the body has a heading of its own.
    """
    return _render(
        "base.html",
        title=title,
        body=body,
        assets=assets,
        trail=trail,
        policy=content_policy() if assets is None else None,
        early=EARLY_SCRIPT,
        scripts=SCRIPTS,
        styles=STYLES,
    )


def render_table(table: Table) -> Markup:
    """Return a table in a box of its own, in which it scrolls sideways if the page is narrow."""
    return Markup(_render("table.html", table=table))


def render_chart(chart: Chart) -> Markup:
    """Return a chart, visible only to readers with JavaScript."""
    return Markup(_render("chart.html", chart=chart, data=script_json(chart)))


def render_template(name: str, **context: Any) -> Markup:
    """Return a template of this package, filled."""
    return Markup(_render(name, **context))


def picture_url(svg: str) -> str:
    """Return an SVG picture as a data URL; in an image element, none of its scripts run."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode('utf-8')).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters.update(prose=prose, seconds=seconds)
    environment.globals.update(
        inline=inline, render_table=render_table, render_chart=render_chart, picture_url=picture_url
    )
    return environment


def _shown(value: Any) -> Any:
    """Return text without control characters; markup as it is."""
    return plain(value) if type(value) is str else value


def prose(sentence: str) -> Markup:
    """Return a sentence with what stands between backticks as code.

    Elsewhere no number is separated from its unit by a line break.
    """
    parts = _CODE.split(sentence)
    shown = (
        Markup("<code>{}</code>").format(html(part))
        if number % 2
        else Markup(_BEFORE_UNIT.sub("&nbsp;", str(html(part))))
        for number, part in enumerate(parts)
    )
    return Markup("").join(shown)


def _render(template: str, **context: Any) -> str:
    return _environment().get_template(template).render(**context)


_NOT_SENT = {"note", "subject", "key"}
"""Fields that stand in the page's own markup, or are for printed charts alone."""


def script_json(data: Any) -> Markup:
    """Return JSON in which nothing ends a script element or begins another; non-ASCII is escaped as well.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, default=_shallow)
    for special in "<>&":
        text = text.replace(special, f"\\u{ord(special):04x}")
    return Markup(text)


def _shallow(data: Any) -> dict[str, Any]:
    """Return a dataclass's fields as they are; `asdict` would copy every point of every line."""
    names = (field.name for field in fields(data))
    return {name: getattr(data, name) for name in names if name not in _NOT_SENT}
