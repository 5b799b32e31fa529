"""Runs: as they go, stopped, with nothing to show, and asked why."""

import re
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Locator, expect

from tests.robustness.server import free_port, serving

from .browsing import Planner, figure, planner
from .conftest import TOWN, Service, start

LONG = {"scenario": "lillehammer", "options": {"mip_gap": 0}}
"""Goes on for minutes."""


def status(someone: Planner) -> Locator:
    return figure(someone.page.get_by_role("region", name="Valgt kjøring"), "Status")


def test_a_long_run_is_watched_and_stopped(someone: Planner, service: Service) -> None:
    run = service.start(LONG)
    someone.open(f"#/kjoringer?run={run}")
    someone.tab_to(someone.button("Avbryt kjøringen"))
    best = figure(someone.page.get_by_role("region", name="Valgt kjøring"), "Beste plan så langt")
    expect(best).to_contain_text("mill. kr")
    chart = someone.page.get_by_role("img", name=re.compile("Beste plan og nedre grense mot tid"))
    expect(chart).to_be_visible()
    expect(someone.button("Avbryt kjøringen")).to_be_focused()
    someone.press("Enter")
    expect(status(someone)).to_have_text("Avbrutt")
    expect(someone.button("Avbryt kjøringen")).to_have_count(0)
    assert someone.page.evaluate("document.activeElement !== document.body")
    assert httpx.get(f"{service.address}/v1/runs/{run}").json()["status"] == "dismissed"


def test_when_nothing_holds_the_page_finds_what_must_give_way(someone: Planner) -> None:
    someone.open(f"#/scenario?fra={TOWN}")
    staff = someone.page.get_by_role("group", name="Tilgjengelige årsverk")
    someone.press_on(staff.get_by_role("button", name="Legg til år"))
    someone.write(staff.get_by_label("årsverk"), "100")
    someone.press_on(someone.button("Lagre og regn ut"))
    expect(status(someone)).to_have_text("Ferdig")
    someone.press_on(someone.button("Hva må gi etter?"))
    heading = someone.page.get_by_role("heading", name=re.compile("^Hva må gi etter: Lillehammer"))
    expect(heading).to_be_focused()
    expect(someone.page.locator(".next")).to_contain_text("årsverk")


def test_why_a_project_does_not_open(someone: Planner, service: Service) -> None:
    someone.open(f"#/plan?run={service.other_run}&project=helsehus-ops")
    chosen = someone.page.get_by_role("region", name="Valgt i kartet")
    someone.press_on(someone.button("Regn ut hva det motsatte ville koste"))
    expect(chosen.get_by_role("link", name="Se kjøringen")).to_be_visible()
    answer = chosen.locator(".why").inner_text()
    assert "må åpne: koster" in answer

    # another year leaves the answer alone, and it is found again
    someone.press_on(someone.page.get_by_role("slider", name="År"), "ArrowRight")
    assert chosen.locator(".why").inner_text() == answer
    someone.page.reload()
    expect(chosen.locator(".why")).to_have_text(answer, use_inner_text=True)


def test_a_service_that_goes_away_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as server, planner(browser, server.address) as someone:
        someone.watched.allow("Failed to load resource")
        run = start(server.address, {**LONG, "options": {"mip_gap": 0, "time_limit_s": 8}})
        someone.open(f"#/kjoringer?run={run}")
        expect(status(someone)).to_have_text("Regner")
        server.process.terminate()
        said = someone.page.locator("#messages")
        expect(said).to_contain_text("Tjenesten svarer ikke. Prøv igjen om litt.")
        with serving(tmp_path, port):
            expect(said).to_contain_text("Kjøringen er over: ferdig.")
            expect(status(someone)).to_have_text("Ferdig")


def test_a_scenario_without_a_plan_tells_what_became_of_it(
    someone: Planner, service: Service
) -> None:
    changes = {"title": "For få", "staffing": {"available_fte": {"all": {"2018": 100}}}}
    made = service.post("/v1/scenarios", {"based_on": TOWN, "changes": changes})
    service.post("/v1/runs", {"scenario": made["id"]})
    someone.open(f"#/plan?scenario={made['id']}")
    expect(someone.page.get_by_text("ingen plan oppfyller alle krav")).to_be_visible()
    someone.press_on(someone.link("Se kjøringen"))
    expect(someone.page.get_by_role("heading", name="Plan: For få")).to_be_focused()
