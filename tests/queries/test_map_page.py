"""The map as people use it, in a real browser: offline, by mouse and by keyboard."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from queries.asked import Asked
from queries.maps import TitleMap

pytestmark = [
    pytest.mark.page,
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium"),
]
HOSTILE = '</script><img src=x onerror="window.broken = true">'
SORTS = [("Heist", "Crime", "bank robbery"), ("Ghost", "Horror", "haunted house")]


def nobody(_: object) -> Asked:
    raise AssertionError("the page asks nothing")


def drawn(frame: pd.DataFrame, clusters: pd.DataFrame | None = None) -> TitleMap:
    none = np.zeros((0, 2), dtype=np.float32)
    return TitleMap(
        view="fused",
        kind="title",
        color="genre",
        frame=frame,
        clusters=pd.DataFrame(columns=["cluster", "label", "size"]) if clusters is None else clusters,
        note="<b>A note.</b>",
        release="r",
        metrics={},
        _resolve=nobody,
        _known=lambda: (none, none),
    )


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two islands of sixty titles and one far off whose label is markup."""
    rng = np.random.default_rng(0)
    each = 60
    frame = pd.DataFrame(
        {
            "id": [f"title:{n}" for n in range(2 * each + 1)],
            "label": [f"{SORTS[n // each][0]} {n % each}" for n in range(2 * each)] + [HOSTILE],
            "kind": "film",
            "year": pd.array([1950 + n // 2 for n in range(2 * each)] + [None], dtype="Int64"),
            "x": [*rng.normal(0, 2, each), *rng.normal(30, 2, each), 15.0],
            "y": [*rng.normal(0, 2, each), *rng.normal(10, 2, each), -20.0],
            "cluster": pd.array([n // each for n in range(2 * each)] + [None], dtype="Int64"),
            "cluster_label": [SORTS[n // each][2] for n in range(2 * each)] + [None],
            "genre": [SORTS[n // each][1] for n in range(2 * each)] + [None],
            "country": None,
        }
    ).astype({"cluster_label": "str", "genre": "str", "country": "str"})
    clusters = pd.DataFrame({"cluster": [0, 1], "label": [sort[2] for sort in SORTS], "size": each})
    return drawn(frame, clusters).to_html(tmp_path_factory.mktemp("page") / "map.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    """The page, open; it must ask for nothing but itself and report no error."""
    opened = browser.new_page(viewport={"width": 1100, "height": 760})
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.goto(page_file.as_uri())
    opened.wait_for_selector(".tm-legend button")
    yield opened
    assert asked == [page_file.as_uri()]
    assert errors == []
    opened.close()


def painted(page: Any) -> int:
    """How many pixels of the stage are not of its commonest colour."""
    from io import BytesIO

    from matplotlib.image import imread

    shot = (imread(BytesIO(page.locator(".tm-stage").screenshot()))[:, :, :3] * 255).astype(np.int64)
    colors = shot @ np.array([1, 256, 65536])
    _, counts = np.unique(colors, return_counts=True)
    return int(counts.sum() - counts.max())


def test_points_and_names_of_clusters_are_seen(page: Any) -> None:
    page.wait_for_timeout(200)
    assert painted(page) > 2000
    names = page.locator(".tm-name").all()
    assert sorted(name.inner_text() for name in names) == ["bank robbery", "haunted house"]
    assert all(name.is_visible() for name in names)
    boxes = [name.bounding_box() for name in names]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]  # the heists lie to the left of the ghosts


def test_no_label_is_markup(page: Any) -> None:
    assert page.evaluate("window.broken") is None
    page.get_by_role("combobox", name="Search the map").fill("</script>")
    assert page.locator(".tm-search li").first.inner_text().startswith(HOSTILE)
    assert page.locator("img").count() == 0
    assert page.get_by_text("<b>A note.</b>").count() == 1


def test_search_with_the_keyboard_goes_to_a_title(page: Any) -> None:
    search = page.get_by_role("combobox", name="Search the map")
    search.fill("GHOST 1")
    options = page.locator(".tm-search li").all_inner_texts()
    assert options[0].startswith("Ghost 1")
    assert len(options) == 11
    search.press("ArrowDown")
    search.press("ArrowDown")
    assert page.locator('li[aria-selected="true"]').inner_text().startswith("Ghost 10")
    search.press("Enter")
    assert page.get_by_role("status").inner_text() == "Ghost 10. film · 1985 · Horror · haunted house"
    page.wait_for_function("!document.querySelector('.tm-tip').hidden")
    assert page.locator(".tm-tip strong").inner_text() == "Ghost 10"
    tip, stage = page.locator(".tm-tip").bounding_box(), page.locator(".tm-stage").bounding_box()
    assert abs(tip["x"] + tip["width"] / 2 - stage["x"] - stage["width"] / 2) < 3  # it is in the middle now


def test_the_map_is_used_without_a_mouse(page: Any) -> None:
    stage = page.locator(".tm-stage")
    stage.focus()
    for key in ("+", "ArrowLeft", "ArrowLeft", "-", "ArrowRight", "0"):
        page.keyboard.press(key)
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
        if page.get_by_role("status").inner_text().startswith("Heist"):
            break
    said = page.get_by_role("status").inner_text()
    assert said.startswith("Heist")
    page.evaluate("addEventListener('select', (event) => { window.chosen = event.detail.id; })")
    page.keyboard.press("Enter")
    chosen = page.evaluate("window.chosen")
    assert chosen == f"title:{said.split('.')[0].removeprefix('Heist ')}"


def test_a_point_under_the_mouse_says_what_it_is(page: Any) -> None:
    search = page.get_by_role("combobox", name="Search the map")
    search.fill("Ghost 7")
    search.press("Enter")
    stage = page.locator(".tm-stage").bounding_box()
    x, y = stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2
    page.locator(".tm-stage").press("Escape")
    page.mouse.move(x + 2, y + 2)
    page.wait_for_function("!document.querySelector('.tm-tip').hidden")
    assert page.locator(".tm-tip").inner_text().startswith("Ghost 7")
    page.mouse.down()
    page.mouse.move(x + 200, y + 90, steps=4)
    page.mouse.up()
    page.mouse.move(x + 202, y + 92)
    page.wait_for_function("document.querySelector('.tm-tip strong')?.textContent === 'Ghost 7'")
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    assert page.locator(".tm-tip").inner_text().startswith("Ghost 7")  # what is under the pointer stays there


def test_colours_and_the_legend(page: Any) -> None:
    assert page.locator(".tm-legend button").all_inner_texts() == ["Crime", "Horror"]
    page.wait_for_timeout(200)
    before = painted(page)
    page.get_by_role("button", name="Crime").press("Enter")
    page.wait_for_timeout(200)
    assert page.locator('[aria-pressed="true"]').inner_text() == "Crime"
    page.get_by_label("Colour").select_option("year")
    assert "1951 or before" in page.locator(".tm-legend").inner_text()
    assert page.get_by_label("Colour").locator("option").all_inner_texts() == ["genre", "year", "kind", "cluster"]
    page.wait_for_timeout(200)
    assert painted(page) > 0.8 * before


@pytest.mark.parametrize(("width", "theme"), [(1100, "light"), (1100, "dark"), (390, "light")])
def test_everybody_can_use_it(page: Any, width: int, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 760})
    found = axe.Axe().run(page)
    assert [each["id"] for each in found.response["violations"] if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_fifty_thousand_points_are_drawn(browser: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [str(n) for n in range(50_000)], "label": [f"Film {n}" for n in range(50_000)]})
    x, y = np.random.default_rng(0).normal(size=(2, 50_000))
    empty = dict.fromkeys(["year", "cluster", "cluster_label", "genre", "country"])
    file = drawn(frame.assign(kind="film", x=x, y=y, **empty)).to_html(tmp_path / "many.html")
    opened = browser.new_page(viewport={"width": 900, "height": 700})
    opened.goto(file.as_uri())
    opened.wait_for_selector(".tm-legend button")
    opened.locator(".tm-stage").focus()
    opened.keyboard.press("+")
    opened.wait_for_timeout(300)
    assert painted(opened) > 1000
    opened.close()
