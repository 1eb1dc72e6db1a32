"""A real browser for tests of pages: headless Chromium, offline, and with an ear on its console.

A package that wants it imports the fixtures in its conftest.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

Visit = Callable[..., "Page"]


# Of a module and not of the session: while it lives, this thread has a running event loop, which tests of
# other things may not bear.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium")
    with playwright_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a file from the disk; in the end, nothing may have been complained of or asked for elsewhere."""
    contexts, complaints = [], []

    def no_network(route: Route) -> None:
        url = route.request.url
        if url.startswith(("file:", "data:")):
            route.continue_()
        else:
            complaints.append(f"asked for {url}")
            route.abort()

    def open_file(
        path: Path, *, width: int = 1280, height: int = 900, dark: bool = False, scripts: bool = True
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(60_000)  # where much else goes on
        context.route("**/*", no_network)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert complaints == []


def violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    # Without its reading of the styles anew, which a browser does not let a page from a disk do.
    found: list[dict[str, Any]] = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
