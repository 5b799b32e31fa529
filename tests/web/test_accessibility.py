"""WCAG 2.1 AA by axe-core, in every view and state, on wide and on narrow screens."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from .browsing import Planner, planner
from .conftest import TOWN, Service
from .test_map import site_buttons

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}
NARROW = {"width": 360, "height": 740}
ZOOMED = {"width": 320, "height": 256}
"""1280 by 1024 at 400 %."""
SIZES = {"wide": None, "narrow": NARROW}


@pytest.fixture(params=SIZES)
def visitor(
    request: pytest.FixtureRequest, browser: Browser, service: Service
) -> Iterator[Planner]:
    with planner(browser, service.address, SIZES[request.param]) as found:
        yield found


def examine(someone: Planner) -> None:
    """No violation."""
    found = Axe().run(someone.page, options=RULES).response["violations"]
    assert not found, "\n".join(map(told, found))


def told(violation: dict[str, Any]) -> str:
    places = [
        f"  {node['html'][:200]}\n    {node['failureSummary']}" for node in violation["nodes"][:5]
    ]
    return "\n".join([f"{violation['id']}: {violation['help']}", *places])


def unfold(someone: Planner) -> None:
    """All that can be."""
    someone.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


@pytest.mark.parametrize("chosen", ["", "&project=helsehus-f3", "&site=gartnerhagen", "&district="])
def test_plan(visitor: Planner, service: Service, chosen: str) -> None:
    if chosen == "&district=":
        chosen += districts(service)[0]
    visitor.open(f"#/plan?run={service.run}{chosen}")
    expect(site_buttons(visitor).first).to_be_visible()
    unfold(visitor)
    examine(visitor)


def districts(service: Service) -> list[str]:
    return list(service.get(f"/v1/scenarios/{TOWN}")["document"]["districts"])


def test_scenario_that_is_not_solved(visitor: Planner, service: Service) -> None:
    made = service.post("/v1/scenarios", {"based_on": TOWN, "changes": {"title": "Venter"}})
    visitor.open(f"#/plan?scenario={made['id']}")
    examine(visitor)


def test_form(visitor: Planner) -> None:
    visitor.watched.allow("422")
    visitor.open(f"#/scenario?fra={TOWN}")
    unfold(visitor)
    visitor.page.get_by_role("button", name="Legg til år").first.press("Enter")
    examine(visitor)
    visitor.page.get_by_label("Færrest (plasser)").first.fill("500")
    visitor.page.get_by_role("button", name="Lagre", exact=True).press("Enter")
    expect(visitor.page.get_by_role("group", name="Feil i skjemaet")).to_be_focused()
    examine(visitor)


def test_runs(visitor: Planner, service: Service) -> None:
    body = {"scenario": "lillehammer", "options": {"mip_gap": 0}}
    run = service.start(body)
    visitor.open(f"#/kjoringer?run={run}")
    expect(visitor.page.get_by_role("img")).to_be_visible()
    unfold(visitor)
    examine(visitor)
    visitor.button("Avbryt kjøringen").press("Enter")
    expect(visitor.page.locator("#messages")).to_contain_text("Kjøringen er over: avbrutt.")
    examine(visitor)


def test_compare(visitor: Planner, service: Service) -> None:
    visitor.open(f"#/sammenlign?run={service.run}&run={service.other_run}")
    expect(site_buttons(visitor).first).to_be_visible()
    unfold(visitor)
    examine(visitor)


def test_login(visitor: Planner) -> None:
    visitor.watched.allow("401")
    refusal = {"status": 401, "body": "{}", "content_type": "application/problem+json"}
    visitor.page.route("**/v1/**", lambda route: route.fulfill(**refusal))
    visitor.page.goto(visitor.address)
    for _ in range(2):
        expect(visitor.page.get_by_role("dialog", name="Logg inn")).to_be_visible()
        examine(visitor)
        visitor.page.keyboard.type("flk_x")
        visitor.press("Enter")


VIEWS = ["plan?run={0.run}", "scenario", "kjoringer?run={0.run}", "sammenlign?run={0.run}"]


@pytest.mark.parametrize("view", VIEWS)
def test_at_400_per_cent_nothing_is_beside_the_screen(
    browser: Browser, service: Service, view: str
) -> None:
    with planner(browser, service.address, ZOOMED) as someone:
        someone.open(f"#/{view.format(service)}")
        unfold(someone)
        width = someone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= ZOOMED["width"], beyond(someone)


def beyond(someone: Planner) -> Any:
    """What reaches beyond the right edge."""
    return someone.page.evaluate(
        """() => [...document.querySelectorAll('main *')]
            .filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest('table'))
            .map((e) => e.outerHTML.slice(0, 120)).slice(0, 8)"""
    )


def test_a_chart_and_a_map_say_what_they_show(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.run}&year=2028")
    for chart in someone.page.locator("figure.chart").all():
        name = chart.get_by_role("img").get_attribute("aria-label") or ""
        assert name.startswith(chart.locator("figcaption").inner_text())
        assert chart.locator("table tbody tr").count() == 11
    frame = someone.page.get_by_role("group", name="Kart over planen")
    expect(frame).to_have_accessible_description(re.compile("^Plasser i 2028: Lillehammer helse"))


def test_the_year_takes_no_focus_from_a_list(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.run}")
    unfold(someone)
    someone.button("Spill av").press("Enter")
    lists = someone.page.get_by_role("region", name="Lister")
    district = lists.get_by_role("button").last
    name = district.inner_text()
    district.focus()
    expect(someone.page.get_by_role("heading", name=re.compile("Nøkkeltall 202"))).to_be_visible()
    assert someone.page.evaluate("document.activeElement.innerText") == name
    expect(lists.locator("details[open]")).to_have_count(3)


def test_a_key_stroke_leads_past_the_menu(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.run}")
    address = someone.page.url
    someone.press("Tab")
    skip = someone.page.get_by_role("link", name="Hopp til innholdet")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    someone.press("Enter")
    expect(someone.page.get_by_role("main")).to_be_focused()
    assert someone.page.url == address


def test_whoever_wants_less_motion_gets_none(browser: Browser, service: Service) -> None:
    with planner(browser, service.address, reduced_motion="reduce") as someone:
        someone.open(f"#/plan?run={service.run}")
        expect(site_buttons(someone).first).to_be_visible()
        moving = "document.getAnimations().length"
        someone.button("Zoom inn").press("Enter")
        assert someone.page.evaluate(moving) == 0


def test_on_paper_there_are_figures_and_no_buttons(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.run}&year=2028")
    told = someone.page.get_by_text("Lillehammer 2018–2028, figur 8. Regnet ut ")
    expect(told).to_be_hidden()
    expect(site_buttons(someone).first).to_be_visible()
    someone.page.emulate_media(media="print")
    expect(told).to_be_visible()
    expect(someone.page.get_by_role("heading", name="Nøkkeltall 2028")).to_be_visible()
    for gone in (someone.button("Spill av"), someone.page.get_by_role("navigation")):
        expect(gone).to_be_hidden()
    assert someone.page.pdf().startswith(b"%PDF")
