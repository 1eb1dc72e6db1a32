"""What the files of a site are called: plain ASCII, whatever a run folder or a recipe is called."""

from __future__ import annotations

import hashlib
import re

from dawnbench.records.identity import RunIdentity

INDEX = "index.html"
ASSETS = "assets/"
HOME = "Training times"
"""What the way back calls the first page."""
LONGEST = 80
"""Letters of a name: several file systems end at 255 bytes for all of it."""


def run_page(name: str) -> str:
    """Return the path of a run's page within the site."""
    return f"runs/{safe(name)}.html"


def series_page(key: RunIdentity) -> str:
    """Return the path of the page with the history of a series."""
    words = f"{_ascii(key.device_name)[:LONGEST]}-{_ascii(key.recipe_digest)[:8]}"
    return f"series/{words}-{_hash(repr(key.deciding))}.html"


def comparison_page(stem: str, kind: str) -> str:
    """Return the path of a comparison's page; `stem` is the run's or the series' name."""
    return f"comparisons/{safe(stem)}-against-{kind}.html"


def safe(name: str) -> str:
    """Return a file's name for any text; two texts have two names."""
    plain = _ascii(name)[:LONGEST]
    return plain if plain == name else f"{plain}-{_hash(name)}"


def _ascii(name: str) -> str:
    # No dots, so that nothing is hidden, leads upwards or looks like another kind of file.
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") or "unnamed"


def _hash(text: str) -> str:
    # Half a surrogate pair, which a folder's name may hold, has no bytes of its own.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
