"""The map, and the page without one."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Playwright, Route, expect

from tests.county import county_scenario

from .browsing import ARGUMENTS, CHROMIUM, WITHOUT_WEBGL, Planner, planner
from .conftest import Service

TRANSPARENT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def site_buttons(someone: Planner) -> Locator:
    """Those on the map."""
    return someone.page.locator("button.site")


def test_a_site_is_a_button_on_the_map(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.run}")
    site = site_buttons(someone).first
    someone.press_on(site)
    expect(site).to_have_attribute("aria-pressed", "true")
    chosen = someone.page.get_by_role("region", name="Valgt i kartet")
    expect(chosen).to_be_focused()
    name = (site.get_attribute("aria-label") or "").partition(":")[0]
    expect(chosen.get_by_role("heading", name=name)).to_be_visible()


def test_kartverket_is_asked_only_when_the_box_is_ticked(
    someone: Planner, service: Service
) -> None:
    asked = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(
            body=TRANSPARENT,
            content_type="image/png",
            headers={"Access-Control-Allow-Origin": "*"},
        )

    someone.page.route("https://cache.kartverket.no/**", answer)
    someone.open(f"#/plan?run={service.run}")
    expect(site_buttons(someone).first).to_be_visible()
    assert not asked
    someone.watched.allow(r"^request: https://cache\.kartverket\.no/v1/wmts/")
    with someone.page.expect_response("https://cache.kartverket.no/**"):
        someone.press_on(someone.page.get_by_label("Bakgrunnskart fra Kartverket"), "Space")
    expect(someone.page.get_by_text("© Kartverket")).to_be_visible()


@pytest.fixture
def without_webgl(playwright: Playwright, service: Service) -> Iterator[Planner]:
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*ARGUMENTS, *WITHOUT_WEBGL]
    )
    with planner(browser, service.address) as found:
        yield found
    browser.close()


def test_without_webgl_only_the_map_is_missing(without_webgl: Planner, service: Service) -> None:
    someone = without_webgl
    someone.open(f"#/plan?run={service.run}")
    expect(someone.page.get_by_text("WebGL mangler")).to_be_visible()
    lists = someone.page.get_by_role("region", name="Lister")
    someone.press_on(lists.get_by_role("button").first)
    expect(someone.page.get_by_role("region", name="Valgt i kartet")).to_be_focused()


def test_a_county_is_drawn_and_listed_in_part(someone: Planner, service: Service) -> None:
    run = service.post("/v1/runs", {"scenario": county_scenario(320)})
    someone.open(f"#/plan?run={run['id']}")
    expect(site_buttons(someone)).to_have_count(1)
    districts = someone.page.locator("summary", has_text="Kretser")
    someone.press_on(districts)
    table = someone.page.get_by_role("table", name="Kretser i 2026, størst behov først")
    expect(table).to_contain_text("(de 300 første av 320)")
    expect(table.get_by_role("row")).to_have_count(301)
    someone.press_on(table.get_by_role("button").nth(2))
    expect(someone.page.get_by_role("region", name="Valgt i kartet")).to_be_focused()
