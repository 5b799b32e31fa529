"""Two plans of a town side by side, with every figure worked out by hand."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from app.comparison_table import print_comparison
from app.services.checking import check_scenario
from app.services.comparison import Compared, compare
from app.services.solving import solve_scenario
from geodata.differences import differences
from solver.domain.errors import InputError
from solver.domain.result import SolveOptions
from tests.siting import Y1, Document, district, project, scenario, site


def town(**policies: Any) -> Document:
    """Four in need at a, in the centre, and four at b, in a bydelssenter; four places stand at s.

    k (20 NOK, private) builds at u in b's core, l (5 NOK, municipal) at s in the centre.
    """
    return scenario(
        cores={"g": {"title": "Sentrum", "main": True}, "h": {"title": "Vingar"}},
        districts={"a": district(4, core="g", title="A"), "b": district(4, core="h", title="B")},
        sites={"s": site(4, core="g"), "u": {"core": "h", "location": [10.4, 61.1]}},
        minutes={"s": {"a": 1, "b": 12}, "u": {"a": 12, "b": 2}},
        projects={
            "k": project("u", 4, 4, investment_nok=20, ownership="private", title="K"),
            "l": project("s", 4, 4, investment_nok=5, title="L"),
        },
        policies={"min_cores_with_places": 1, **policies},
    )


def planned(name: str, document: Document) -> Compared:
    checked = check_scenario(document)
    return Compared(name, checked.plain(), solve_scenario(checked, SolveOptions(mip_gap=0)))


def judged(run: Compared) -> dict[str, Document]:
    """{goal: how far the plan answers to it}."""
    goals = compare([run, replace(run, name="igjen")])["goals"]
    return {one["goal"]: one["runs"][0] for one in goals}


@pytest.fixture(scope="module")
def comparison() -> Document:
    near = planned("nær", town(required_projects=["k"], forbidden_projects=["l"]))
    cheap = planned(
        "rimelig", town(forbidden_projects=["k"], allowed_ownership=["municipal", "non_profit"])
    )
    return compare([near, cheap])


def test_money_places_and_minutes(comparison: Document) -> None:
    near, cheap = comparison["runs"]
    assert (near["name"], near["cost_nok"], near["travel_nok"]) == ("nær", 20, 4 * 1 + 4 * 2)
    assert (cheap["name"], cheap["cost_nok"], cheap["travel_nok"]) == ("rimelig", 5, 4 + 4 * 12)
    year = comparison["years"][str(Y1)]
    assert [one["places"] for one in year] == [8, 8]
    assert [one["mean_minutes"] for one in year] == [1.5, 6.5]


def test_projects_and_who_loses(comparison: Document) -> None:
    opened = {"opens": Y1, "closes": None, "places": 4}
    assert comparison["projects"]["k"]["runs"] == [opened, None]
    assert comparison["projects"]["l"]["runs"] == [None, opened]
    assert comparison["districts"]["b"]["minutes"] == [2, 12]
    assert comparison["districts"]["b"]["change"] == [0, 10]
    assert comparison["districts"]["a"]["change"] == [0, 0]
    assert comparison["winners"] == [
        {"gains": [], "losses": []},
        {"gains": [], "losses": ["b"]},
    ]


@pytest.mark.parametrize(
    ("goal", "rule", "values", "met"),
    [
        ("Flerkjernestruktur: nye plasser i hovedsenteret", None, [0, 1], [None, None]),
        ("Flerkjernestruktur: nye plasser i bydelssentra", None, [1, 0], [None, None]),
        ("Flerkjernestruktur: dekningsgrad i kjernene", "C9", [None, None], [None, None]),
        ("Flerkjernestruktur: kjerner med plasser", "C15", [2, 1], [True, True]),
        ("Utbygging i tilknytning til eksisterende lokasjoner", None, [0, 1], [None, None]),
        ("Dekningsgrad", "C8", [None, None], [None, None]),
        ("Bemanning", "C10", [None, None], [None, None]),
        ("Eierskap", "C7", [0, 1], [None, True]),
        ("Avstand", "C16", [1.5, 6.5], [None, None]),
        ("10-minuttersbyen", None, [1, 0.5], [None, None]),
        ("Hjemmenær omsorg", None, [1, 0.5], [None, None]),
    ],
)
def test_goals(
    comparison: Document, goal: str, rule: str | None, values: list[Any], met: list[Any]
) -> None:
    found = next(one for one in comparison["goals"] if one["goal"] == goal)
    assert found["rule"] == rule
    assert [one["value"] for one in found["runs"]] == values
    assert [one["met"] for one in found["runs"]] == met


def test_words(comparison: Document) -> None:
    assert comparison["text"] == [
        f"«rimelig» mot «nær»: koster 15 kr mindre i {Y1}; samlet nåverdi, reiser medregnet, er "
        f"bevist minst 25 kr høyere; har like mange plasser i {Y1}; "
        f"har 5,0 minutter lengre vei i snitt i {Y1}; åpner L i tillegg; "
        f"åpner ikke K; i {Y1} får 0 kretser kortere og 1 lengre vei."
    ]


@pytest.mark.parametrize(
    ("bound", "verdict", "said"),
    [
        (57.0, "dearer", "bevist minst 25 kr høyere"),
        (33.0, "dearer", "bevist minst 1 kr høyere"),
        (31.0, "undecided", "er ikke avgjort"),
        (None, "undecided", "er ikke avgjort"),
    ],
)
def test_a_difference_within_the_gaps_is_undecided(
    bound: float | None, verdict: str, said: str
) -> None:
    """In all, journeys included, k's plan comes to 20 + 12 and l's to 5 + 52."""
    near = planned("nær", town(required_projects=["k"], forbidden_projects=["l"]))
    cheap = planned("rimelig", town(forbidden_projects=["k"]))
    cheap = replace(cheap, plan={**cheap.plan, "dual_bound_nok": bound})
    found = compare([near, cheap])
    assert found["optima"][0] is None
    assert found["optima"][1]["verdict"] == verdict
    assert said in found["text"][0]


def later_too(**changes: Any) -> Document:
    """The town over two years at a rate of a quarter: each place of k costs again the next year."""
    document = town(required_projects=["k"], forbidden_projects=["l"])
    document["years"] = {"first": Y1, "last": Y1 + 1}
    document["objective"] |= {"discount_rate": 0.25}
    return document | changes


def test_money_is_of_the_years_in_common() -> None:
    """Over both years k costs 25 + 0.8 * 25 = 45; beside a plan of one year only 25 counts."""
    both, one = planned("to år", later_too()), later_too()
    one["years"] = {"first": Y1, "last": Y1}
    found = compare([both, planned("ett år", one)])
    assert [run["cost_nok"] for run in found["runs"]] == pytest.approx([25, 25])
    assert [run["travel_nok"] for run in found["runs"]] == [12, 12]
    assert [run["investment_nok"] for run in found["runs"]] == [20, 20]
    assert f"koster det samme i {Y1}" in found["text"][0]
    assert found["optima"] == [None, None]
    assert "lar seg ikke si" in found["text"][0]
    alone = compare([both, replace(both, name="igjen")])
    assert alone["runs"][0]["cost_nok"] == pytest.approx(45)
    assert alone["optima"][1]["verdict"] == "equal"


@pytest.mark.parametrize(
    "changes", [{"price_year": 1998}, {"objective": {"discount_rate": 0.1}}], ids=str
)
def test_kroner_of_another_year_or_rate_are_not_compared(changes: Document) -> None:
    now = planned("nå", later_too(price_year=2026))
    other = later_too(price_year=2026)
    other["objective"] = {**other["objective"], **changes.get("objective", {})}
    other["price_year"] = changes.get("price_year", 2026)
    found = compare([now, planned("annet", other)])
    assert "kronene kan ikke sammenlignes" in found["text"][0]
    assert "koster" not in found["text"][0]
    assert found["optima"] == [None, None]


def test_districts_of_the_year_asked_for() -> None:
    """k may only open in the second year: b travels 12 minutes before that, from places at s."""
    document = later_too()
    document["sites"]["s"] = site(8, core="g")
    document["projects"]["k"]["opens"] = {"earliest": Y1 + 1}
    run = planned("k", document)
    again = replace(run, name="igjen")
    assert compare([run, again])["districts"]["b"]["minutes"] == [2, 2]
    found = compare([run, again], Y1)
    assert found["district_year"] == str(Y1)
    assert found["districts"]["b"]["minutes"] == [12, 12]
    layer = differences([document, document], found)
    b = next(one for one in layer["features"] if one["id"] == "districts/b")
    assert (b["properties"]["year"], b["properties"]["minutes_1"]) == (Y1, 12)
    with pytest.raises(InputError, match="year_outside"):
        compare([run, again], 1900)


def test_a_temporary_project_is_told_to_close() -> None:
    document = later_too()
    document["sites"]["s"] = {"core": "g", "places": {"p": {str(Y1): 4, str(Y1 + 1): 8}}}
    document["projects"]["k"] |= {"available_years": 1, "opens": {"latest": Y1}}
    run = planned("k", document)
    found = compare([run, replace(run, name="igjen")])
    assert found["projects"]["k"]["runs"][0] == {"opens": Y1, "closes": Y1 + 1, "places": 4}


def test_staff_coverage_and_nearness_are_judged_by_their_rules() -> None:
    document = town(required_projects=["k"])
    document["districts"]["a"]["population"] = {"80+": 100}
    document["care_types"]["p"]["fte_per_place"] = {"all": 1}
    document |= {
        "targets": {
            "coverage": {"ratio": 0.1, "population": "80+"},
            "within": {"minutes": 5, "share": 0.5},
        },
        "staffing": {"available_fte": {"all": 20}},
    }
    run = planned("k", document)
    goals = judged(run)
    assert (goals["Dekningsgrad"]["met"], goals["Dekningsgrad"]["value"]) == (True, 0.12)
    assert goals["Dekningsgrad"]["text"] == f"12,0 % i {Y1}, målet nås første gang i {Y1}"
    assert (goals["Bemanning"]["met"], goals["Bemanning"]["value"]) == (True, 0.6)
    assert goals["Avstand"]["met"] is True


def test_coverage_in_cores_is_judged_where_it_is_least() -> None:
    """g has 4 places of ceil(0.05 * 60) = 3, h has 4 of ceil(0.1 * 31) = 4."""
    document = town(required_projects=["k"], forbidden_projects=["l"])
    document["districts"]["a"]["population"] = {"80+": 60}
    document["districts"]["b"]["population"] = {"80+": 31}
    document["targets"] = {"core_coverage": {"ratio": {"g": 0.05, "h": 0.1}, "population": "80+"}}
    run = planned("k", document)
    goal = "Flerkjernestruktur: dekningsgrad i kjernene"
    text = f"Vingar har 4 av 4 plasser i {Y1}, som er minst"
    assert judged(run)[goal] == {"value": 1, "text": text, "met": True}
    without = {**document, "targets": None, "policies": {"forbidden_projects": ["k"]}}
    asked = replace(planned("l", without), scenario=document)
    assert (judged(asked)[goal]["value"], judged(asked)[goal]["met"]) == (0, False)


def test_what_is_asked_of_the_last_year_is_not_judged_before_it() -> None:
    """A plan of two years beside one of the first of them: k opens in that, l in the second."""
    document = town(required_projects=["k", "l"])
    document["years"] = {"first": Y1, "last": Y1 + 1}
    document["projects"]["k"]["opens"] = {"latest": Y1}
    document["projects"]["l"]["opens"] = {"earliest": Y1 + 1}
    longer, shorter = planned("lang", document), planned("kort", town())
    goals = {one["goal"]: one["runs"] for one in compare([longer, shorter])["goals"]}
    met = [one["met"] for one in goals["Flerkjernestruktur: kjerner med plasser"]]
    assert met == [None, True]
    assert goals["Eierskap"][0]["text"] == "4 private nye plasser"


def test_what_cannot_be_compared() -> None:
    run = planned("k", town())
    document = town()
    document["years"] = {"first": Y1 + 1, "last": Y1 + 1}
    later = planned("senere", document)
    none = Compared("ingen", run.scenario, {**run.plan, "years": {}})
    for runs, code in (
        ([run], "compare_two_to_six"),
        ([replace(run, name=str(n)) for n in range(7)], "compare_two_to_six"),
        ([run, run], "compare_two_to_six"),
        ([run, none], "no_plan"),
        ([run, later], "no_common_year"),
    ):
        with pytest.raises(InputError) as error:
            compare(runs)
        assert error.value.code == code


def test_differences_on_the_map(comparison: Document) -> None:
    layer = differences([town(), town()], comparison)
    found = {feature["id"]: feature for feature in layer["features"]}
    assert set(found) == {"districts/a", "districts/b", "projects/k", "projects/l"}
    b = found["districts/b"]["properties"]
    assert (b["minutes_1"], b["minutes_2"], b["change_2"]) == (2, 12, 10)
    k = found["projects/k"]
    assert k["geometry"]["coordinates"] == [10.4, 61.1]
    assert (k["properties"]["opens_1"], k["properties"]["opens_2"]) == (Y1, None)


def test_names_are_no_markup_in_the_table() -> None:
    name = "[/b][red]"
    document = town(required_projects=["k"])
    document["projects"]["k"]["title"] = name
    run = planned(name, document)
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    print_comparison(console, compare([run, replace(run, name="igjen")]))
    assert printed.getvalue().count(name) >= 3
