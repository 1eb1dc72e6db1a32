"""Tags: a user's own labels for a run, each a key with a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dawnbench.errors import DawnbenchError

_KEY = re.compile(r"[\w.\-/]+")


def parse_tags(given: Sequence[str]) -> dict[str, str]:
    """Return the tags of several KEY=VALUE; a value may be empty and may hold more equals signs.

    Raises:
        DawnbenchError: one is something else, or a key is given two values.
    """
    tags: dict[str, str] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            raise DawnbenchError(f"the tag {one!r} has no value; write KEY=VALUE, such as branch=main")
        if tags.setdefault(key, value) != value:
            raise DawnbenchError(f"the tag {key} is given as {tags[key]!r} and as {value!r}; give it once")
    return checked_tags(tags)


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags if they can be recorded.

    Raises:
        DawnbenchError: a key has other characters than letters, digits, and _ . - /, or a value is not text.
    """
    for key, value in tags.items():
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            raise DawnbenchError(f"the tag's key {key!r} may have letters, digits, and _ . - / only")
        if not isinstance(value, str):
            raise DawnbenchError(f"the tag {key} is {value!r}; give it as text")
    return dict(tags)


def tags_text(tags: Mapping[str, str]) -> str:
    """Return the tags as `branch=main, driver=580`; empty if there are none."""
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def common_tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the tags that all of several runs have with the same value."""
    return {key: value for key, value in tags[0].items() if all(more.get(key) == value for more in tags)}
