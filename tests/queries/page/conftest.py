"""The page of a service over the sample catalogue, in Debian's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]

#: How much of what is seen moves without anybody having done anything (Cumulative Layout Shift).
SHIFT = """new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift = (window.shift ?? 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });"""

Open = Callable[..., Any]


@pytest.fixture(scope="module")  # a thread can have one Playwright at a time, and other modules have their own
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Open]:
    """Open the page at an address, as in `visit("#/map", width=390)`. It may log no error and load nothing else."""
    opened: list[Any] = []
    wrong: list[str] = []

    def visiting(where: str = "", *, width: int = 1280, scheme: str = "light", at: str = address) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(SHIFT)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("request", lambda asked: asked.url.startswith((at, "data:")) or wrong.append(f"asked for {asked.url}"))
        page.goto(f"{at}/{where}")
        opened.append(context)
        return page

    yield visiting
    for context in opened:
        context.close()
    assert [line for line in wrong if "status of 4" not in line] == []  # what a test asks for in vain
