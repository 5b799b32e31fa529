"""The form: faults at their fields, and what it stores."""

import httpx
from playwright.sync_api import Locator, expect

from .browsing import Planner
from .conftest import TOWN, Service

PROJECT = "Helsehus, fase 3"


def project(someone: Planner) -> Locator:
    """Its fields, unfolded."""
    fold = someone.page.locator("details.project").first
    someone.press_on(fold.locator("summary"))
    return fold


def save(someone: Planner) -> None:
    someone.press_on(someone.button("Lagre"))


def test_a_fault_that_the_service_finds_stands_at_its_field(someone: Planner) -> None:
    someone.watched.allow("422")
    someone.open(f"#/scenario?fra={TOWN}")
    fields = project(someone)
    someone.write(fields.get_by_label("Færrest"), "500")
    save(someone)
    summary = someone.page.get_by_role("group", name="Feil i skjemaet")
    expect(summary).to_be_focused()
    marked = someone.page.locator("[aria-invalid=true]").first
    said = marked.evaluate(
        "e => document.getElementById(e.getAttribute('aria-describedby')).innerText"
    )
    assert "500" in said
    someone.press_on(summary.get_by_role("button").first)
    expect(marked).to_be_focused()

    someone.write(marked, "")
    save(someone)
    expect(someone.page.get_by_text("Dette scenariet er ikke regnet ut ennå.")).to_be_visible()


def test_what_cannot_be_read_is_not_sent(someone: Planner) -> None:
    someone.open(f"#/scenario?fra={TOWN}")
    money = someone.page.locator("details.part", has=someone.page.get_by_text("Økonomi"))
    someone.press_on(money.locator("summary"))
    someone.write(money.get_by_label("Høyeste investering i alt"), "mye")
    someone.press_on(money.locator("summary"))  # folded again
    someone.write(someone.page.get_by_label("Tittel"), "")
    staff = someone.page.get_by_role("group", name="Tilgjengelige årsverk")
    for _ in range(2):
        someone.press_on(staff.get_by_role("button", name="Legg til år"))
        someone.write(staff.get_by_label("Fra år").last, "2020")
    save(someone)
    summary = someone.page.get_by_role("group", name="Feil i skjemaet")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("button")).to_have_text(
        [
            "Tittel: Fyll ut feltet.",
            "Tilgjengelige årsverk (årsverk): 2020 står to ganger.",
            "Høyeste investering i alt (mill. kr): Skriv et tall.",
        ]
    )
    someone.press_on(summary.get_by_role("button").nth(2))
    expect(money.get_by_label("Høyeste investering i alt")).to_be_focused()
    someone.tab_to(staff.get_by_role("button", name="Fjern raden").last, backwards=True)
    someone.press("Enter")
    expect(staff.get_by_role("button", name="Legg til år")).to_be_focused()


def test_what_is_set_is_stored_with_where_it_is_from(someone: Planner, service: Service) -> None:
    someone.open(f"#/scenario?fra={TOWN}")
    someone.write(someone.page.get_by_label("Tittel"), "Kortere vei")
    limit = someone.page.get_by_label("Lengste tillatte reisetid")
    someone.write(limit, "25,5")
    someone.press_on(someone.page.locator("summary", has_text="Retningslinjer"))
    someone.press_on(someone.page.get_by_role("checkbox", name="Privat", exact=True), "Space")
    fields = project(someone)
    someone.tab_to(fields.get_by_label("I planen"))
    someone.press("ArrowDown")
    someone.write(fields.get_by_label("Investering, fast"), "123,5")
    save(someone)
    expect(someone.page.get_by_text("Dette scenariet er ikke regnet ut ennå.")).to_be_visible()
    stored = httpx.get(f"{service.address}/v1/scenarios").json()["items"][0]
    document = httpx.get(f"{service.address}/v1/scenarios/{stored['id']}").json()["document"]
    assert document["title"] == "Kortere vei"
    assert document["travel"]["limit_minutes"] == 25.5
    assert "private" not in document["policies"]["allowed_ownership"]
    (required,) = document["policies"]["required_projects"]
    assert document["projects"][required]["investment_nok"] == 123_500_000
    source = document["sources"][f"/projects/{required}/investment_nok"]
    assert source["status"] == "assumption"
    assert source["note"].startswith("Satt i skjemaet på kartsiden. Var ")
    unchanged = httpx.get(f"{service.address}/v1/scenarios/{TOWN}").json()["document"]
    assert document["districts"] == unchanged["districts"]


def test_a_scenario_without_a_target_can_be_given_one(someone: Planner, service: Service) -> None:
    changes = {"title": "Uten mål", "targets": None}
    made = httpx.post(
        f"{service.address}/v1/scenarios", json={"based_on": TOWN, "changes": changes}
    ).json()
    someone.open(f"#/scenario?fra={made['id']}")
    someone.write(someone.page.get_by_label("Tittel"), "Med mål")
    coverage = someone.page.get_by_role("group", name="Dekningsgrad")
    someone.press_on(coverage.get_by_role("button", name="Legg til år"))
    someone.write(coverage.get_by_label("Fra år"), "2020")
    someone.write(coverage.get_by_label("%"), "12,5")
    save(someone)
    expect(someone.page.get_by_text("Dette scenariet er ikke regnet ut ennå.")).to_be_visible()
    listed = httpx.get(f"{service.address}/v1/scenarios").json()["items"]
    (stored,) = (one["id"] for one in listed if one["title"] == "Med mål")
    document = httpx.get(f"{service.address}/v1/scenarios/{stored}").json()["document"]
    assert document["targets"] == {"coverage": {"ratio": {"2020": 0.125}, "population": "80+"}}
