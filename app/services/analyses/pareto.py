"""Kind `pareto`: the front as a document and in words."""

from collections.abc import Sequence
from typing import Any

from app.schemas.answers.pareto import Front as FrontDocument
from app.schemas.parameters import ParetoParameters
from app.schemas.scenario import Scenario
from app.services.answer_document import make_answer
from app.services.instances import make_instance
from app.services.plan_document import make_plan
from app.services.words import kroner, number, percent
from solver.analysis.pareto import NARROW, Front, FrontPoint, expected_solves, find_front
from solver.analysis.points import What, answer_points
from solver.analysis.session import Session
from solver.domain.crew import Json
from solver.domain.result import Outcome, SolveOptions, Watcher
from solver.engine.tradeoff import Measure

UNITS = {
    Measure.TRAVEL: lambda value: f"reiser for {kroner(value)}",
    Measure.FTE: lambda value: f"{number(value, 0)} årsverk over hele perioden",
    Measure.WORST_OFF: lambda value: f"{number(value, 1)} minutter for kretsen som har det verst",
}
NOTHING = {
    Outcome.INFEASIBLE: "Ingen plan oppfyller alle kravene i scenariet. Bruk «flerkjerne explain» "
    "for å se hva som må gi etter.",
    Outcome.NO_PLAN: "Ingen plan ble funnet innen tidsgrensen. Gi lengre tid.",
    Outcome.DISMISSED: "Kjøringen ble avbrutt før det fantes en plan.",
}


def answer(
    scenario: Scenario, parameters: ParetoParameters, options: SolveOptions, watcher: Watcher
) -> dict[str, Any]:
    """The front of a scenario: cost against what the parameters say."""
    instance = make_instance(scenario)
    measure = Measure(parameters.against)
    session = Session(options, watcher, expected_solves(parameters.points))
    front = find_front(instance, measure, parameters.points, session)
    points = [
        {
            **_point(point, make_plan(scenario, instance, point.result)),
            "worst_off_minutes": point.other if measure is Measure.WORST_OFF else None,
            "knee": index == front.knee,
        }
        for index, point in enumerate(front.points)
    ]
    return make_answer(
        FrontDocument,
        {"against": measure.value, "complete": front.complete, "points": points},
        text=_words(front, measure, parameters.points, options),
        outcome=front.outcome,
        session=session,
        scenario=scenario,
        instance=instance,
    )


def answer_parts(
    scenario: Scenario,
    parameters: ParetoParameters,
    whats: Sequence[What],
    options: SolveOptions,
    watcher: Watcher,
) -> list[Json | None]:
    """The answers to points of a front that another process works on; None where there is none."""
    session = Session(options, watcher, parts=len(whats))
    return answer_points(whats, make_instance(scenario), Measure(parameters.against), session)


def _point(point: FrontPoint, plan: dict[str, Any]) -> dict[str, Any]:
    totals = plan["totals"]
    return {
        "cost_nok": totals["capital_nok"] + totals["operating_nok"] + totals["unmet_nok"],
        "travel_nok": totals["travel_nok"],
        "fte_years": sum(sum(year["fte"].values()) for year in plan["years"].values()),
        "gap": point.gap,
        "plan": plan,
    }


def _words(front: Front, measure: Measure, asked: int, options: SolveOptions) -> list[str]:
    if not front.points:
        return [NOTHING[front.outcome]]
    lines = [_range(front, measure)]
    if front.knee is not None:
        knee = front.points[front.knee]
        lines.append(
            f"Kneet ligger ved {kroner(knee.cost)} og {UNITS[measure](knee.other)}: "
            "forbi det koster hver forbedring klart mer enn før."
        )
    if front.complete:
        lines.append("Andre planer å velge mellom finnes ikke: alt imellom er prøvd og bevist.")
    elif len(front.points) < asked:
        lines.append(f"Det ble funnet {len(front.points)} av {asked} planer det ble bedt om.")
    if not front.reaches_far:
        lines.append(
            f"Planer enda lenger ut er det ikke lett etter. Be om et avvik på {percent(NARROW, 1)} "
            "eller mindre for å få dem med; det tar lengre tid."
        )
    lines.append(_proof(front, options))
    return lines


def _range(front: Front, measure: Measure) -> str:
    first, last = front.points[0], front.points[-1]
    cheapest = f"Den rimeligste planen koster {kroner(first.cost)} (nåverdi) og gir "
    if len(front.points) == 1:
        return f"{cheapest}{UNITS[measure](first.other)}. Ingen plan gjør det bedre for mer penger."
    return (
        f"{cheapest}{UNITS[measure](first.other)}. I den andre enden er en plan med "
        f"{UNITS[measure](last.other)}, som koster {kroner(last.cost - first.cost)} mer."
    )


def _proof(front: Front, options: SolveOptions) -> str:
    gaps = [point.gap for point in front.points]
    if front.outcome is Outcome.OPTIMAL:
        return (
            f"Alle {len(gaps)} planene er bevist: ingen plan som er like god ellers, er mer enn "
            f"{percent(options.mip_gap, 2)} rimeligere."
        )
    known = [gap for gap in gaps if gap is not None]
    proven = sum(gap <= options.mip_gap for gap in known)
    worst = f", og det største kjente avviket er {percent(max(known), 2)}" if known else ""
    return (
        f"{proven} av {len(gaps)} planer er bevist innenfor {percent(options.mip_gap, 2)}{worst}. "
        "For de andre kan det finnes rimeligere planer som er like gode ellers."
    )
