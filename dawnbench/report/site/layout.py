"""The frame of a site's own pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from markupsafe import Markup

from dawnbench.report.page import render_page, shared_assets
from dawnbench.report.site.names import ASSETS

_FOLDER = Path(__file__).parent / "assets"
SCRIPT, STYLE = "site.js", "site.css"


def site_page(
    title: str, body: Iterable[Markup], *, up: str = "../", trail: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the HTML document of a page of the site; `up` is the relative URL of the site's first folder."""
    style = Markup('<link rel="stylesheet" href="{}{}{}">\n').format(up, ASSETS, STYLE)
    script = Markup('<script src="{}{}{}" defer></script>\n').format(up, ASSETS, SCRIPT)
    return render_page(title, Markup("").join([style, *body, script]), assets=f"{up}{ASSETS}", trail=trail)


def assets() -> dict[str, str]:
    """Return each file that the pages load, by its path within the site."""
    own = {name: (_FOLDER / name).read_bytes() for name in (SCRIPT, STYLE)}
    return {f"{ASSETS}{name}": content.decode("utf-8") for name, content in (shared_assets() | own).items()}
