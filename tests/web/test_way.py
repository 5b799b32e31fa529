"""A planner's whole way, by keyboard alone."""

import re

from playwright.sync_api import expect

from .browsing import Planner, figure
from .conftest import Service


def test_open_play_change_run_and_compare(someone: Planner, service: Service) -> None:
    page = someone.page
    someone.open(f"#/plan?run={service.run}")

    # play the years, by the slider and by themselves
    year = page.get_by_role("slider", name="År")
    someone.press_on(year, "ArrowRight")
    expect(page.get_by_role("heading", name="Nøkkeltall 2019")).to_be_visible()
    expect(year).to_be_focused()
    someone.tab_to(someone.button("Spill av"), backwards=True)
    someone.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Nøkkeltall 202"))).to_be_visible()
    expect(someone.button("Stopp")).to_be_focused()
    someone.press("Space")

    # open a project from the list, and go back to the list
    project = page.get_by_role("region", name="Lister").get_by_role("button").first
    title = project.inner_text()
    someone.press_on(project)
    chosen = page.get_by_role("region", name="Valgt i kartet")
    expect(chosen).to_be_focused()
    expect(chosen.get_by_role("heading", name=title)).to_be_visible()
    expect(chosen.get_by_text("Regn ut hva det motsatte ville koste")).to_be_visible()
    someone.press("Escape")
    expect(project).to_be_focused()

    # change its size in a new scenario, save and run
    someone.tab_to(someone.link("Endre i et nytt scenario"), backwards=True)
    someone.press("Enter")
    expect(page.get_by_role("heading", name="Nytt scenario")).to_be_focused()
    someone.settled()
    someone.write(page.get_by_label("Tittel"), "Større helsehus")
    someone.press_on(page.locator("summary", has_text=title))
    fold = page.locator("details.project", has=page.locator("summary", has_text=title))
    someone.write(fold.get_by_label("Flest"), "61")
    someone.press_on(someone.button("Lagre og regn ut"))

    # watch it finish
    expect(page.get_by_role("heading", name="Plan: Større helsehus")).to_be_focused()
    run = page.get_by_role("region", name="Valgt kjøring")
    expect(page.get_by_role("status").first).to_contain_text("Kjøringen er over: ferdig.")
    expect(figure(run, "Status")).to_have_text("Ferdig")
    expect(figure(run, "Avstand til det best mulige")).to_have_text(re.compile(r"^0(,\d+)? %$"))
    someone.press_on(someone.link("Vis planen"))
    expect(page.get_by_role("heading", name="Plan", exact=True)).to_be_focused()
    someone.settled()
    selected = page.get_by_label("Scenario").evaluate("s => s.selectedOptions[0].text")
    assert selected == "Større helsehus"

    # compare it with another
    someone.press_on(someone.link("Sammenlign med en annen plan"))
    expect(page.get_by_role("heading", name="Sammenlign")).to_be_focused()
    someone.settled()
    other = page.get_by_label("mot")
    someone.tab_to(other)
    someone.press("M")
    expect(page).to_have_url(re.compile(f"&run={service.other_run}"))
    someone.settled()
    expect(other).to_be_focused()
    assert other.input_value() == service.other_run
    figures = page.get_by_role("table", name="Nøkkeltall i 2028")
    for title in ("Større helsehus", "Mer hjemme"):
        expect(figures.get_by_role("columnheader", name=title)).to_be_visible()
    assert service.other_run not in page.locator("main").inner_text()  # planners know titles
