"""What must give way: a toy for every rule, its repair worked out by hand, and its patch tried."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.schemas.merge_patch import merge_patch
from app.services.analyses import answer
from app.services.task import Task
from solver import SolveOptions, solve
from solver.analysis import repair
from solver.domain.result import Outcome, Watcher
from solver.domain.rules import RuleName
from tests.siting import (
    Y1,
    Y2,
    Y3,
    Document,
    care_type,
    district,
    instance_of,
    project,
    scenario,
    site,
)


def town(last: int = Y1, **parts: Any) -> Document:
    """Ten inhabitants; three places at s, room for two more at u; every place takes an FTE.

    A place costs 1 a year, so a place or an FTE is 1 in a repair, and the project a decision of 2.
    """
    return scenario(
        last,
        **{
            "care_types": {"p": care_type(operating_cost_nok=1, fte_per_place={"all": 1})},
            "cores": {"g": {"title": "Nord"}, "h": {}},
            "districts": {"a": district(0, population={"80+": 10}, core="g")},
            "sites": {"s": site(3, core="g"), "u": {"core": "h"}},
            "projects": {"k": extension()},
            "minutes": {"s": {"a": 1}, "u": {"a": 9}},
            **parts,
        },
    )


def extension(**more: Any) -> Document:
    return project("u", 2, least=2, investment_nok=10, ownership="private", **more)


def coverage(ratio: Any) -> Document:
    return {"coverage": {"ratio": ratio, "population": "80+"}}


def physical(*rules: str) -> Document:
    return {rule: {"class": "physical"} for rule in rules}


def repaired(document: Document, alternatives: int = 0, **options: Any) -> Document:
    task = Task(document, "repair", {"alternatives": alternatives})
    return answer(task, SolveOptions(**options), Watcher())


@dataclass(frozen=True)
class Case:
    """The cheapest repair of a toy: what is relaxed (name, year, amount, unit), price, patch."""

    rule: str
    toy: Document
    relaxed: list[tuple[int | None, float, str]]
    price: float
    patch: Document
    text: str


NEEDS_SIX = {"a": district(6, population={"80+": 10}, core="g")}
NEEDS_FOUR = {"a": district(4, population={"80+": 10}, core="g")}
FIVE = coverage(0.5)
FIRM = physical("coverage")

CASES = [
    Case(
        "need_met",
        town(districts=NEEDS_SIX),
        [(Y1, 1, "places")],
        100,
        {"objective": {"unmet_place_year_nok": 1}},
        "1 plass udekket behov i 2026",
    ),
    Case(
        "exclusions",
        town(
            projects={"k": extension(excludes=["l"]), "l": extension()},
            targets=coverage(0.7),
        ),
        [(None, 1, "links")],
        2,
        {"projects": {"k": {"excludes": []}}},
        "«ved u» og «ved u» bygges begge, enda de utelukker hverandre",
    ),
    Case(
        "requirements",
        town(
            projects={"k": extension(requires=["l"]), "l": extension()},
            targets=FIVE,
            policies={"forbidden_projects": ["l"]},
        ),
        [(None, 1, "links")],
        2,
        {"projects": {"k": {"requires": []}}},
        "«ved u» åpner uten at «ved u», som det bygger på, er åpnet",
    ),
    Case(
        "opening_years",
        town(projects={"k": extension(opens={"earliest": Y3})}, targets=FIVE),
        [(None, 2, "years")],
        4,
        {"projects": {"k": {"opens": {"earliest": Y1}}}},
        "«ved u» åpner 2 år tidligere enn mulig (2026 i stedet for 2028)",
    ),
    Case(
        "opening_years",
        town(
            Y2, projects={"k": extension(opens={"latest": Y1 - 1})}, targets=coverage({"2027": 0.5})
        ),
        [(None, 1, "years")],
        2,
        {"projects": {"k": {"opens": {"latest": Y1}}}},
        "«ved u» åpner 1 år senere enn tillatt (2026 i stedet for 2025)",
    ),
    Case(
        "required_projects",
        town(
            policies={"required_projects": ["k"], "max_projects": 0}, rules=physical("max_projects")
        ),
        [(None, 1, "projects")],
        20,
        {"policies": {"required_projects": []}},
        "«ved u», som er påkrevd, bygges ikke",
    ),
    Case(
        "forbidden_projects",
        town(targets=FIVE, policies={"forbidden_projects": ["k"]}, rules=FIRM),
        [(None, 1, "projects")],
        20,
        {"policies": {"forbidden_projects": []}},
        "«ved u», som er forbudt, tillates",
    ),
    Case(
        "allowed_ownership",
        town(targets=FIVE, policies={"allowed_ownership": ["municipal"]}, rules=FIRM),
        [(None, 1, "ownerships")],
        20,
        {"policies": {"allowed_ownership": ["municipal", "private"]}},
        "eierformen privat tillates",
    ),
    Case(
        "coverage",
        town(targets=coverage(0.6)),
        [(Y1, 1, "places")],
        10,
        {"targets": {"coverage": {"ratio": {"2026": 0.5}}}},
        "1 plass under dekningsmålet i 2026 (5 av 6)",
    ),
    Case(
        "core_coverage",
        town(targets={"core_coverage": {"ratio": 0.35, "population": "80+"}}),
        [(Y1, 1, "places")],
        10,
        {"targets": {"core_coverage": {"ratio": {"g": {"2026": 0.3}, "h": 0.35}}}},
        "1 plass under dekningsmålet i Nord i 2026 (3 av 4)",
    ),
    Case(
        "staff",
        town(targets=FIVE, staffing={"available_fte": {"all": 3.5}}),
        [(Y1, 1.5, "fte")],
        1.5,
        {"staffing": {"available_fte": {"all": {"2026": 5}}}},
        "1,5 årsverk færre enn planen trenger i 2026 (3,5 av 5)",
    ),
    Case(
        "investment_year",
        town(targets=FIVE, budget={"investment_nok": 9}),
        [(Y1, 1, "nok")],
        10,
        {"budget": {"investment_nok": {"2026": 10}}},
        "1 kr over investeringsrammen i 2026 (9 kr i scenariet)",
    ),
    Case(
        "investment_total",
        town(targets=FIVE, budget={"investment_total_nok": 9}),
        [(None, 1, "nok")],
        10,
        {"budget": {"investment_total_nok": 10}},
        "1 kr over den samlede investeringsrammen (9 kr i scenariet)",
    ),
    Case(
        "operating",
        town(targets=FIVE, budget={"operating_nok": 4}),
        [(Y1, 1, "nok")],
        10,
        {"budget": {"operating_nok": {"2026": 5}}},
        "1 kr over driftsrammen i 2026 (4 kr i scenariet)",
    ),
    Case(
        "keep_places",
        town(
            projects={"k": project("s", 2, removes={"p": 3}, care_types=["q"])},
            care_types={"p": care_type(operating_cost_nok=1), "q": care_type()},
            policies={"required_projects": ["k"], "keep_places": ["p"]},
            rules=physical("required_projects"),
        ),
        [(Y1, 3, "places")],
        30,
        {"policies": {"keep_places": []}},
        "3 plasser færre enn i dag av typen «plass» i 2026 (0 av 3)",
    ),
    Case(
        "max_projects",
        town(targets=FIVE, policies={"max_projects": 0}, rules=FIRM),
        [(None, 1, "projects")],
        20,
        {"policies": {"max_projects": 1}},
        "1 mer enn de 0 som er tillatt",
    ),
    Case(
        "min_cores",
        town(
            policies={"min_cores_with_places": 2, "forbidden_projects": ["k"]},
            rules=physical("forbidden_projects"),
        ),
        [(None, 1, "cores")],
        20,
        {"policies": {"min_cores_with_places": 1}},
        "1 færre enn de 2 politikken krever",
    ),
    Case(
        "within",
        town(districts=NEEDS_FOUR, targets={"within": {"minutes": 5, "share": 0.9}}),
        [(Y1, 0.6, "places")],
        6,
        {"targets": {"within": {"share": {"2026": 0.75}}}},
        "0,6 plasser for mange utenfor reisetidsmålet i 2026 (75,0 % innenfor, målet er 90,0 %)",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_cheapest_repair_of_a_toy(case: Case) -> None:
    assert solve(instance_of(case.toy)).outcome is Outcome.INFEASIBLE
    found = repaired(case.toy)
    assert (found["outcome"], found["complete"]) == ("optimal", True)
    (repair,) = found["repairs"]
    assert {one["name"] for one in repair["relaxations"]} == {case.rule}
    shown = [(one["year"], one["amount"], one["unit"]) for one in repair["relaxations"]]
    assert shown == [(year, pytest.approx(amount), unit) for year, amount, unit in case.relaxed]
    assert repair["price"] == pytest.approx(case.price)
    assert repair["proven"]
    assert repair["minimal"]
    assert [one["text"] for one in repair["relaxations"]] == [case.text]
    assert repair["patch"] == case.patch
    patched = instance_of(merge_patch(case.toy, repair["patch"]))
    assert solve(patched).outcome is Outcome.OPTIMAL
    assert found["conflict"]["rules"]


def test_every_rule_has_a_toy() -> None:
    assert {case.rule for case in CASES} == {rule.value for rule in RuleName}


def test_a_feasible_scenario_needs_no_repair() -> None:
    found = repaired(town(targets=FIVE))
    assert found["outcome"] == "optimal"
    assert found["repairs"] == []
    assert found["conflict"] is None
    assert found["text"] == ["Scenariet lar seg gjennomføre som det står; ingenting må gi etter."]


def test_other_years_keep_their_values() -> None:
    toy = town(Y3, targets=coverage({"2027": 0.5}), staffing={"available_fte": {"all": 3.5}})
    (repair,) = repaired(toy)["repairs"]
    assert repair["patch"] == {
        "staffing": {"available_fte": {"all": {"2026": 3.5, "2027": 5, "2028": 5}}}
    }
    assert repair["text"] == ["Årsverk: 1,5 årsverk færre enn planen trenger i 2027–2028."]


def test_a_value_is_restated_after_a_relaxed_year() -> None:
    toy = town(
        Y3,
        projects={"k": extension(available_years=1)},
        targets={
            "coverage": {"ratio": {"2026": 0.3, "2027": 0.5, "2028": 0.3}, "population": "80+"}
        },
        staffing={"available_fte": {"all": {"2026": 3}}},
    )
    (repair,) = repaired(toy)["repairs"]
    assert repair["patch"] == {"staffing": {"available_fte": {"all": {"2027": 5, "2028": 3}}}}


def test_a_target_that_is_reached_later_is_said_so() -> None:
    toy = town(
        Y3,
        projects={"k": extension(opens={"earliest": Y3})},
        targets=coverage({"2026": 0.5}),
        rules=physical("opening_years"),
    )
    (repair,) = repaired(toy)["repairs"]
    assert repair["patch"] == {
        "targets": {"coverage": {"ratio": {"2026": 0.3, "2027": 0.3, "2028": 0.5}}}
    }
    assert repair["text"] == [
        "Dekningsmålet på 50 % nås først i 2028 i stedet for 2026. Mest mangler i 2026: 2 plasser."
    ]


def test_alternatives_relax_other_rules() -> None:
    toy = town(targets=FIVE, staffing={"available_fte": {"all": 3.5}})
    found = repaired(toy, alternatives=3)
    shown = [
        ({one["name"] for one in repair["relaxations"]}, repair["price"], repair["minimal"])
        for repair in found["repairs"]
    ]
    assert shown == [({"staff"}, 1.5, True), ({"coverage"}, 20, True)]
    assert found["complete"]
    assert found["conflict"] == {
        "irreducible": True,
        "rules": [
            {"code": "C8", "text": "dekningsgraden"},
            {"code": "C10", "text": "tilgjengelige årsverk"},
        ],
    }


def test_the_cheapest_may_relax_more_rules_than_it_must() -> None:
    """One year early and a place short for a year: 15 + 10, less than two years early or 3 short"""
    toy = town(
        Y3,
        projects={"k": extension(opens={"earliest": Y3})},
        targets=coverage({"2026": 0.4, "2027": 0.5}),
        rules={"opening_years": {"price_nok_per_unit": 15}},
    )
    found = repaired(toy, alternatives=5)
    shown = [
        (sorted({one["name"] for one in repair["relaxations"]}), repair["price"], repair["minimal"])
        for repair in found["repairs"]
    ]
    assert shown == [
        (["coverage", "opening_years"], 25, False),
        (["coverage"], 30, True),
        (["opening_years"], 30, True),
    ]


def test_classes_and_prices_of_the_scenario_choose_the_repair() -> None:
    def cheapest(rules: Document) -> tuple[str, str, float]:
        toy = town(targets=FIVE, staffing={"available_fte": {"all": 3.5}}, rules=rules)
        (repair,) = repaired(toy)["repairs"]
        relaxed = repair["relaxations"][0]
        return relaxed["name"], relaxed["class"], repair["price"]

    assert cheapest({}) == ("staff", "assumption", 1.5)
    assert cheapest({"staff": {"class": "policy"}}) == ("staff", "policy", 15)
    assert cheapest({"staff": {"class": "law"}}) == ("coverage", "policy", 20)
    assert cheapest(physical("staff")) == ("coverage", "policy", 20)
    assert cheapest({"staff": {"price_nok_per_unit": 20}}) == ("coverage", "policy", 20)
    assert cheapest({"coverage": {"class": "assumption", "price_nok_per_unit": 0.5}}) == (
        "coverage",
        "assumption",
        1,
    )


def test_when_nothing_may_give_way_there_is_no_repair() -> None:
    toy = town(targets=coverage(0.6), rules=FIRM)
    found = repaired(toy)
    assert found["outcome"] == "infeasible"
    assert found["repairs"] == []
    assert [rule["code"] for rule in found["conflict"]["rules"]] == ["C8"]


def test_the_rules_change_no_plan() -> None:
    plain, priced = town(targets=FIVE), town(targets=FIVE, rules=physical("staff"))
    assert instance_of(plain).targets == instance_of(priced).targets
    assert solve(instance_of(plain)).objective_nok == solve(instance_of(priced)).objective_nok


def test_a_place_that_can_be_taken_away_only_later_is_not_taken_early() -> None:
    """k removes a place that stands from 2027: opening it in 2026 would be no valid scenario."""
    toy = town(
        Y2,
        sites={"s": site(3, core="g"), "u": site({"2026": 0, "2027": 1}, core="h")},
        projects={
            "k": project("u", 3, least=3, opens={"earliest": Y2}, removes={"p": 1}),
        },
        targets=coverage(0.5),
    )
    (repair,) = repaired(toy)["repairs"]
    assert [(one["name"], one["year"]) for one in repair["relaxations"]] == [("coverage", Y1)]


def test_a_search_that_is_dismissed_at_once_has_nothing() -> None:
    toy = town(targets=FIVE, staffing={"available_fte": {"all": 3.5}})
    task = Task(toy, "repair", {"alternatives": 3})
    found = answer(task, SolveOptions(), Watcher(should_stop=lambda: True))
    assert found["outcome"] == "dismissed"
    assert not found["complete"]
    assert (found["repairs"], found["conflict"]) == ([], None)
    assert found["text"] == ["Kjøringen ble avbrutt før noe som kan lempes, var funnet."]


def test_a_search_that_is_dismissed_later_has_what_was_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[bool] = []

    def first_then_stop(*_: object) -> None:
        stopped.append(True)

    monkeypatch.setattr(repair, "_conflict", first_then_stop)
    toy = town(targets=FIVE, staffing={"available_fte": {"all": 3.5}})
    task = Task(toy, "repair", {"alternatives": 3})
    found = answer(task, SolveOptions(), Watcher(should_stop=lambda: bool(stopped)))
    assert (found["outcome"], found["complete"]) == ("dismissed", False)
    (first,) = found["repairs"]
    assert (first["price"], first["proven"], first["minimal"]) == (1.5, True, False)
    assert found["text"][-2:] == [
        "Hvilke regler som ikke kan holde sammen, er ikke undersøkt.",
        "Det ble ikke tid til å lete etter alle de andre lempingene som var ønsket.",
    ]


def test_a_conflict_that_would_not_fit_in_memory_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repair, "estimate_mb", lambda *_: 1e9)
    found = repaired(town(targets=coverage(0.6)))
    assert (found["outcome"], found["conflict"]) == ("optimal", None)
    assert len(found["repairs"]) == 1
