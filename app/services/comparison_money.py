"""What plans cost beside each other: over the years they share, and only in the same kroner."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.services.words import kroner
from solver.analysis.difference import Bounds, Verdict, apart

Document = Mapping[str, Any]
Interval = tuple[Bounds, Verdict]


def present_values(scenario: Document, plan: Document, years: Sequence[str]) -> dict[str, float]:
    """Cost, journeys and investment over some years, in NOK.

    Cost and journeys are present values in the first of the years, at the scenario's own rate;
    investment is the undiscounted sum, net of grants.
    """
    rate = scenario["objective"].get("discount_rate") or 0.0
    cost = travel = investment = 0.0
    for year in years:
        figures = plan["years"][year]
        factor = (1 + rate) ** (int(years[0]) - int(year))
        cost += factor * (figures["capital_nok"] + figures["operating_nok"] + figures["unmet_nok"])
        travel += factor * figures["travel_nok"]
        investment += figures["investment_nok"]
    return {"cost_nok": cost, "travel_nok": travel, "investment_nok": investment}


def same_money(first: Document, second: Document) -> bool:
    """Whether two scenarios count in kroner of the same year, at the same rate."""
    rates = [one["objective"].get("discount_rate") or 0.0 for one in (first, second)]
    return first.get("price_year") == second.get("price_year") and rates[0] == rates[1]


def optima_apart(
    first: tuple[Document, Document], second: tuple[Document, Document]
) -> Interval | None:
    """Where the second best plan's whole present value less the first's lies, and what that says.

    Each is a scenario and its plan. None where the two are not of the same years, or do not add up
    their costs in the same way.
    """
    (one, plan), (other, its) = first, second
    alike = one["objective"] == other["objective"] and same_money(one, other)
    if not alike or plan["years"].keys() != its["years"].keys():
        return None
    return apart(_bounds(plan), _bounds(its))


def apart_in_words(found: Interval | None) -> str:
    """Whether the difference is more than the gaps, in Norwegian."""
    if found is None:
        return "om forskjellen er større enn avvikene, lar seg ikke si når grunnlaget er ulikt"
    interval, verdict = found
    if verdict is Verdict.EQUAL:
        return "samlet nåverdi, reiser medregnet, er bevist den samme"
    if verdict is Verdict.UNDECIDED:
        return "hvilken som er rimeligst alt i alt, er ikke avgjort: avvikene er større"
    word = "høyere" if verdict is Verdict.DEARER else "lavere"
    least = min(abs(nok) for nok in (interval.low, interval.high) if nok is not None)
    return f"samlet nåverdi, reiser medregnet, er bevist minst {kroner(least)} {word}"


def _bounds(plan: Document) -> Bounds:
    return Bounds(plan["dual_bound_nok"], plan["objective_nok"])
