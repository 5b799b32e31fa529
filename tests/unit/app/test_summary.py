"""What the terminal says of equity."""

import io

from rich.console import Console

from app.services.checking import check_scenario
from app.services.plan_document import make_plan
from app.summary import print_summary
from solver import SolveOptions, solve
from tests.siting import Document, district, instance_of, project, scenario, site

TOWN = scenario(
    districts={"a": district(3), "b": district(1, title="Fjerndal")},
    sites={"s": site(4)},
    minutes={"s": {"a": 10, "b": 30}},
    objective={"weights": {"worst_off": 1}},
)


def summary(document: Document) -> str:
    instance = instance_of(document)
    plan = make_plan(check_scenario(document), instance, solve(instance, SolveOptions()))
    printed = io.StringIO()
    print_summary(Console(file=printed, width=400), document, plan)
    return printed.getvalue()


def test_equity_of_the_last_year():
    """Gini: 3 · 1 · 20 ÷ (4 · 60). Kolm–Pollak: κ = 60 ÷ 1200, 20 · ln((3 e^0.5 + e^1.5) ÷ 4)."""
    assert (
        "Nærhet i 2026: 75 % av plassene er innen 10 minutter; lengst reise har Fjerndal "
        "(30,0 min i snitt). Gini 0,25, likeverdig reisetid etter Kolm og Pollak 17,1 min."
    ) in summary(TOWN)


def test_what_the_weights_add_is_told_where_they_are():
    assert "vektet ulikhet 0,0 mill. kr" in summary(TOWN)
    assert "vektet ulikhet" not in summary(TOWN | {"objective": {"discount_rate": 0}})


def test_nothing_where_nobody_is_served():
    nobody = {"districts": {"a": district(0), "b": district(0)}}
    assert "Nærhet" not in summary(TOWN | nobody)


def test_names_are_no_markup():
    """Square brackets in a name are neither colours nor an error of the console."""
    name = "[/b][red]=1+1"
    document = TOWN | {
        "title": name,
        "sites": {"s": site(0, title=name)},
        "projects": {"p": project("s", 4, 4, title=name)},
    }
    assert summary(document).count(name) >= 2
