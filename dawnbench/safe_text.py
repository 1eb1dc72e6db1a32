"""Text from anywhere made safe for where it is shown: one function per kind of document.

A recipe, a device or a folder may be called anything, and run folders come from strangers. What would steer a
terminal, change the order of letters or begin markup is replaced or escaped; ordinary text stays as it is.
This file imports little, since every document and every line of the command goes through it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_HALF_PAIRS = re.compile("[\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|]|&(?=#?\w+;)")
# What could begin a heading, a list, a rule or a block of code.
_BEFORE_MARKDOWN_BLOCK = re.compile(r"^(\d+(?=[.)](?: |$))|(?=[#+=~-]))")
# Controls of a terminal, and of the order of letters.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# By https://owasp.org/www-community/attacks/CSV_Injection, with the full-width forms that it names.
_FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def encodable(text: str) -> str:
    r"""Return the text as UTF-8 can hold it.

    A byte of a file's name that is not UTF-8 becomes `\xff`, any other half of a surrogate pair `\ud800`.
    """
    return text if text.isascii() else _HALF_PAIRS.sub(_escaped, text)


def json_text(text: str) -> str:
    """Return JSON whose strings are as UTF-8 can hold them; see `encodable`."""
    return text if text.isascii() else _HALF_PAIRS.sub(lambda found: "\\" + _escaped(found), text)


def plain(text: str) -> str:
    """Return the text as a terminal, a page or a picture may show it, on one line.

    Whatever would not show as it is, such as a control character, is a question mark; bytes that are not
    UTF-8 are escaped.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in encodable(text))


def plain_lines(text: str) -> str:
    """Return the text as `plain` does, with its line breaks kept."""
    return "\n".join(map(plain, text.split("\n")))


def one_line(text: str) -> str:
    """Return a sentence as `plain` does, with a space for each stretch of white space."""
    return plain(" ".join(text.split()))


def markdown(text: str) -> str:
    """Return the text for a place within a line or a cell, with nothing in it that is markup."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text))


def markdown_block(text: str) -> str:
    """Return the text for the start of a paragraph or a list's item, where it can begin a heading as well."""
    return _BEFORE_MARKDOWN_BLOCK.sub(r"\1\\", markdown(text))


def authored_markdown(text: str) -> str:
    r"""Return Markdown whose author may use markup, with `\n` as its line breaks.

    Only what would steer a terminal or change the order of letters is a question mark.
    """
    return _STEERING.sub("?", re.sub("\r\n?", "\n", text))


def html(text: str) -> Markup:
    """Return the text for an HTML element or a quoted attribute."""
    from markupsafe import escape

    return escape(plain(text))


def figure_text(text: str) -> str:
    r"""Return the text for a label of matplotlib, which takes what stands between dollars for a formula."""
    return plain(text).replace("$", r"\$")


def csv_cell(text: str) -> str:
    """Return the text for a cell of a CSV file: none that a spreadsheet runs, and nothing that steers.

    A cell that begins as a formula does gets a single quote before it, as OWASP advises. Quoting is left to
    the writer of the file.
    """
    shown = encodable(text)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() or c in "\t\r\n" else "?" for c in shown)
    return f"'{shown}" if shown.startswith(_FORMULAS) else shown


def slug(name: str) -> str:
    """Return a recipe's or device's name as part of a file's name."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "unnamed"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
