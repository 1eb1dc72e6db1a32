"""What an author concluded from runs: a Markdown file with a section for each recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dawnbench.errors import DawnbenchError
from dawnbench.records.files import DOCUMENT_LIMIT, read_bytes
from dawnbench.records.identity import changed_settings
from dawnbench.records.reader import Run
from dawnbench.safe_text import authored_markdown

SECTION = 2
"""Level of the headings that begin a section."""
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_NOT_IN_TITLE = re.compile(r"\\(?=[!-/:-@\[-`{-~])|`")


@dataclass(frozen=True)
class Notes:
    """An author's notes on recipes."""

    sections: Mapping[str, str]
    """Markdown by heading; never empty."""

    def about(self, run: Run, level: int) -> list[str]:
        """Return the section on what was run, if there is one, for use below a heading of `level`."""
        text = self.sections.get(_title(described(run)))
        return [] if text is None else [_below(text, level)]


def described(run: Run) -> str:
    """Return the heading of the section on a run: its recipe and every setting that was changed in it."""
    return " ".join((run.record.recipe_name, *changed_settings(run.record.recipe)))


def read_notes(path: Path) -> Notes:
    """Return the notes in a file. What is not below a heading of level 2 belongs to no section.

    Raises:
        DawnbenchError: it cannot be read, is not UTF-8, or has two sections with one heading.
    """
    try:
        text = read_bytes(path, DOCUMENT_LIMIT).decode("utf-8-sig")
    except OSError as error:
        raise DawnbenchError(f"cannot read the notes {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DawnbenchError(f"the notes {path} are not a UTF-8 text; save them as UTF-8") from error
    sections: dict[str, list[str]] = {}
    section: list[str] | None = None
    for line, level, title in _scan(authored_markdown(text)):
        if 0 < level <= SECTION:
            section = None
            if level == SECTION:
                if (name := _title(title)) in sections:
                    raise DawnbenchError(f"the notes {path} have two sections headed ## {title}; join them")
                section = sections[name] = []
        elif section is not None and (section or line.strip()):
            section.append(line)
    return Notes({name: "\n".join(lines).rstrip() for name, lines in sections.items() if lines})


def _title(heading: str) -> str:
    """Return a heading without the escapes and backticks that an author or an editor may have added."""
    return " ".join(_NOT_IN_TITLE.sub("", heading).split())


def _below(text: str, level: int) -> str:
    """Return a section's text with its headings moved below one of `level`."""
    deeper = level - SECTION
    return "\n".join(
        "#" * min(deeper, 6 - own) + line.lstrip() if own else line for line, own, _ in _scan(text)
    )


def _scan(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield each line, with its level and title if it is a heading, and 0 otherwise.

    A block of code that does not end is closed, as it would swallow what follows the text.
    """
    fence = ""
    for line in text.split("\n"):
        found = None
        if fence:
            closing = line.strip()
            fence = "" if closing.strip(fence[0]) == "" and len(closing) >= len(fence) else fence
        elif opening := _FENCE.match(line):
            fence = opening[1]
        else:
            found = _HEADING.fullmatch(line)
        yield line, len(found[1]) if found else 0, (found[2] or "") if found else ""
    if fence:
        yield fence, 0, ""
