"""The few kinds of markup that a site's pages are made of; whatever is put in is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from dawnbench.safe_text import html


def link(value: str, url: str) -> Markup:
    """Return a text that leads to a relative URL."""
    return Markup('<a href="{}">{}</a>').format(url, html(value))


def paragraph(content: str | Markup, kind: str = "") -> Markup:
    """Return a paragraph, of a class if one is given."""
    inside = content if isinstance(content, Markup) else html(content)
    return (
        Markup('<p class="{}">{}</p>\n').format(kind, inside)
        if kind
        else Markup("<p>{}</p>\n").format(inside)
    )


def bullets(items: Iterable[str | Markup]) -> Markup:
    """Return a list of points."""
    inside = (item if isinstance(item, Markup) else html(item) for item in items)
    return Markup("<ul>\n{}</ul>\n").format(
        Markup("").join(Markup("<li>{}</li>\n").format(i) for i in inside)
    )


def hero(eyebrow: str, title: str, *content: Markup) -> Markup:
    """Return the head of a page."""
    return Markup('<header class="hero">\n<p class="eyebrow">{}</p>\n<h1>{}</h1>\n{}</header>\n').format(
        html(eyebrow), html(title), Markup("").join(content)
    )


def headline(sentence: str) -> Markup:
    """Return the sentence that a page is about."""
    return Markup('<blockquote class="headline"><p>{}</p></blockquote>\n').format(html(sentence))


def tiles(figures: Iterable[tuple[str, str, str]]) -> Markup:
    """Return large figures: a label, the figure and a note each."""
    one = Markup("<div><dt>{}</dt><dd><strong>{}</strong><span>{}</span></dd></div>\n")
    inside = (one.format(html(label), html(figure), html(note)) for label, figure, note in figures)
    return Markup('<dl class="tiles">\n{}</dl>\n').format(Markup("").join(inside))


def section(identity: str, title: str, *content: Markup, kind: str = "") -> Markup:
    """Return a part of a page under a heading of its own."""
    start = Markup('<section class="{}" aria-labelledby="{}">\n<h2 id="{}">{}</h2>\n{}</section>\n')
    return start.format(kind, identity, identity, html(title), Markup("").join(content))
