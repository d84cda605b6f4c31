"""The explorer as people use it: from a search to an audience, on a desk and on a phone, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.page, pytest.mark.slow]

Open = Callable[..., Any]
ARRIVAL = "imdb:tt2543164"
DESK, PHONE = 1280, 390
SUMMARY = "A linguist must learn to speak with silent visitors who see all of time at once."
PLACES = {
    "home": "",
    "title": f"#/title/{ARRIVAL}",
    "compare": f"#/compare/{ARRIVAL}/imdb:tt0069293",
    "draft": "#/draft",
    "map": f"#/map?title={ARRIVAL}",
    "markets": "#/markets?country=ES",
}


def shown(page: Any) -> None:
    """Wait until everything that is asked for has come."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        """() => !document.querySelector(".busy, .blank")
          && ![...document.querySelectorAll("p")].some((each) => each.textContent === "…")"""
    )


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_from_a_search_to_the_audience_of_an_unlaunched_title(visit: Open, width: int) -> None:
    page = visit(width=width)
    page.get_by_label("Search titles").fill("arival")
    page.get_by_role("option", name=re.compile("^Arrival")).click()
    page.get_by_role("heading", name="Arrival", level=1).wait_for()
    assert "Amy Adams" in page.get_by_role("article", name="Arrival").inner_text()

    cards = page.get_by_role("list", name="Comparable titles")
    solaris = cards.get_by_role("listitem").filter(has=page.get_by_role("link", name="Solaris", exact=True)).first
    assert re.search("storyline\\s+alien contact", solaris.inner_text())
    page.get_by_text("Theme", exact=True).click()
    page.get_by_text("Comparable in what they are about.").wait_for()
    assert "view=theme" in page.url
    cards.get_by_role("link", name=re.compile("^Compare with")).first.click()

    page.get_by_role("heading", name="In what ways they are comparable").wait_for()
    page.get_by_role("heading", name="What both have").wait_for()
    page.get_by_text("The same in words").click()
    page.get_by_text(re.compile("^Arrival \\(film, 2016\\) and ")).wait_for()
    third = page.get_by_label("A third title")
    third.fill("Babel")
    third.press("Enter")
    page.get_by_text(re.compile("leans to|stands between")).first.wait_for()

    page.get_by_role("link", name="Show on the map").first.click()
    page.get_by_text("and its comparables are lit").wait_for()
    assert page.locator(".tm-stage").get_attribute("aria-label").startswith("Map of ")

    page.get_by_role("link", name="Describe one").click()
    page.get_by_label("Working title").fill("Silent Visitors")
    page.get_by_label("Summary").fill(SUMMARY)
    tags = page.get_by_label("Tags")
    tags.fill("grief")
    tags.press("Enter")
    page.get_by_role("button", name="Remove grief").wait_for()
    page.get_by_role("heading", name="Comparable titles").wait_for()
    page.get_by_role("link", name="Arrival", exact=True).first.wait_for()
    audience = page.get_by_role("region", name="Audience by country")
    audience.get_by_role("button", name=re.compile("simulated viewers")).first.wait_for()
    assert "Nobody watched" in audience.inner_text()
    page.get_by_role("link", name="Show on the map").click()
    page.get_by_text("Silent Visitors and its comparables are lit").wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


def test_a_title_can_be_found_and_read_by_keyboard_alone(visit: Open) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("21 gr", delay=20)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    active = page.get_by_label("Search titles").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="21 Grams", level=1).wait_for()
    assert page.evaluate("document.activeElement.id") == "main"
    shown(page)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.innerText || document.activeElement.value || '').trim()"))
    assert "Babel" in reached
    assert "Compare" in reached


def test_a_figure_says_its_unit_its_interval_and_which_titles_stand_behind_it(visit: Open) -> None:
    page = visit(PLACES["title"])
    audience = page.get_by_role("region", name="Audience by country").first
    spain = audience.get_by_role("button", name=re.compile("^Spain: [\\d,]+ simulated viewers, between"))
    spain.focus()
    detail = audience.locator(".notice.calm")
    assert re.search("Spain: [\\d,]+ simulated viewers to be expected, between [\\d,]+ and", detail.inner_text())
    assert detail.get_by_role("link").count() >= 3
    audience.locator(".world path.known").first.wait_for(state="attached")  # the outlines come after the figures
    assert audience.locator(".world path.known").count() >= 15
    audience.get_by_text(re.compile("countries as a table")).click()
    assert audience.get_by_role("table", name="Audience by country").get_by_role("row").count() > 15


def test_an_address_that_is_shared_shows_the_same(visit: Open) -> None:
    page = visit(PLACES["title"])
    shown(page)
    page.get_by_text("Filter and steer").click()
    page.get_by_label("Kind").select_option("series")
    page.get_by_text("Theme", exact=True).click()
    page.wait_for_function("location.hash.includes('kind=series') && location.hash.includes('view=theme')")
    shown(page)
    mine = page.get_by_role("list", name="Comparable titles").inner_text()
    assert "series" in mine
    assert "film" not in mine
    other = visit(page.url.partition("/#")[2].join(["#", ""]))
    other.get_by_role("list", name="Comparable titles").get_by_role("link").first.wait_for()
    shown(other)
    assert other.get_by_role("list", name="Comparable titles").inner_text() == mine


def test_a_draft_is_in_its_address_and_nowhere_else(visit: Open) -> None:
    page = visit(PLACES["draft"])
    page.get_by_label("Summary").fill(SUMMARY)
    page.get_by_role("link", name="Arrival", exact=True).first.wait_for()
    other = visit("#" + page.url.partition("#")[2])
    assert other.get_by_label("Summary").input_value() == SUMMARY
    other.get_by_role("link", name="Arrival", exact=True).first.wait_for()
    assert page.evaluate("[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]") == [[], [], ""]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", PLACES)
def test_no_serious_barrier_and_nothing_that_jumps(visit: Open, place: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit(PLACES[place], width=DESK if scheme == "light" else PHONE, scheme=scheme)
    page.get_by_role("heading", level=1).wait_for()
    shown(page)
    assert page.evaluate("window.shift ?? 0") < 0.1
    for button in page.locator("details.later > summary").all():
        button.click()
    shown(page)
    found = axe.Axe().run(page).response["violations"]
    serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    assert serious == []


def test_the_theme_is_switched_and_kept(visit: Open) -> None:
    page = visit()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate(paper)
    assert light != dark
    page.reload()
    assert page.evaluate(paper) == dark


def test_a_name_that_nobody_has_leads_to_those_that_come_near(visit: Open) -> None:
    page = visit("#/title/Arival")
    page.get_by_role("alert").get_by_role("link", name="Arrival").click()
    page.get_by_role("heading", name="Arrival", level=1).wait_for()


def test_what_is_likely_but_not_stated_comes_with_odds(visit: Open) -> None:
    page = visit(PLACES["title"])
    page.get_by_text("Probably also").click()
    page.get_by_text("Not stated anywhere, but likely").wait_for()
    assert re.search("\\d+ %", page.get_by_role("article", name="Arrival").inner_text())


def test_a_service_that_wants_a_key_is_given_one(
    visit: Open, sample_workspace: Path, listen: Callable[..., Any]
) -> None:
    from queries.service import ServiceSettings, create_app

    app = create_app({"sample": sample_workspace}, ServiceSettings(api_keys=("a-key-of-some-length",)))
    with listen(app) as closed:
        page = visit(at=closed)
        page.get_by_role("textbox", name="API key").fill("a-key-of-some-length")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name=re.compile("film|series")).first.wait_for()
        shown(page)


def test_the_scripts_are_small_and_the_first_paint_is_early(visit: Open) -> None:
    folder = Path(__file__).parents[3] / "queries" / "page"
    assert sum(path.stat().st_size for path in folder.rglob("*.js")) < 300_000
    page = visit()
    shown(page)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint < 5_000  # a busy machine's bound; the benchmark's figure is stated elsewhere


def test_one_of_several_catalogues_is_chosen_and_stays_in_the_address(
    visit: Open, sample_workspace: Path, listen: Callable[..., Any]
) -> None:
    from queries.service import create_app

    with listen(create_app({"films": sample_workspace, "more films": sample_workspace})) as both:
        page = visit(PLACES["title"], at=both)
        page.get_by_label("Catalogue").select_option("more films")
        page.wait_for_url("**catalogue=more**")
        page.get_by_role("heading", name="Arrival", level=1).wait_for()
        assert page.get_by_label("Catalogue").input_value() == "more films"
        shown(page)
