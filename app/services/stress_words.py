"""What a stressed plan meets, in Norwegian: nothing that the document does not say."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.schemas.scenario import Scenario
from app.services.futures import PlannedFuture
from app.services.words import listed, millions, number, percent
from solver.analysis.stress import Stress
from solver.domain.result import Outcome

Document = Mapping[str, Any]
Planned = Mapping[str, PlannedFuture]

UNITS = {"places": "plasser", "fte": "årsverk", "nok": "kr", "years": "år", "count": ""}
MOST_LINES = 20  # of rules that break, in the text; the document has them all


def stress_text(
    found: Stress, document: Document, planned: Planned, scenario: Scenario
) -> Iterator[str]:
    """The lines of the answer, from what was found and its document."""
    if found.plan is None:
        yield _without_trials(found)
        return
    words = _Words(found, document, planned, scenario)
    yield from words.breaks()
    yield from words.best()
    if found.skipped:
        yield f"{len(found.skipped)} framtider ble ikke rukket: {', '.join(found.skipped)}."
    if not any(one.family == "life_years" for one in planned.values()):
        yield (
            "Hvor mye av de ekstra leveårene som gir behov, er ikke prøvd: det er ikke oppgitt "
            "hvor mange innbyggere som kommer av lengre liv («constant_mortality_totals»)."
        )


def _without_trials(found: Stress) -> str:
    if found.base is not None and found.base.outcome is Outcome.INFEASIBLE:
        return (
            "Ingen plan oppfyller alle kravene i scenariet, så det er ingen plan å prøve; bruk "
            "«flerkjerne explain» for å se hva som må gi etter."
        )
    return "Tiden tok slutt, eller kjøringen ble avbrutt, før noen framtid var prøvd."


class _Words:
    """Of one answer."""

    def __init__(
        self, found: Stress, document: Document, planned: Planned, scenario: Scenario
    ) -> None:
        self._found, self._document = found, document
        self._planned, self._scenario = planned, scenario

    def breaks(self) -> Iterator[str]:
        """What the plan that is stressed meets."""
        futures = self._document["futures"]
        concerning = [name for name, one in futures.items() if one["concerns_plan"]]
        broken = [name for name in concerning if futures[name]["breaks"]]
        yield (
            f"Planen er prøvd i {len(futures)} framtider, hvorav {len(concerning)} angår den. "
            f"I {len(broken)} av dem brytes minst ett krav."
        )
        if self._document["breaks_as_planned"]:
            yield "Den bryter krav også når alt går som planlagt; se «breaks_as_planned»."
        summaries = self._document["breaks"]
        yield from (f"  • {self._summary(one)}" for one in summaries[:MOST_LINES])
        if len(summaries) > MOST_LINES:
            yield f"  … og {len(summaries) - MOST_LINES} til; svaret har alle."
        dearest = max(concerning, key=lambda name: futures[name]["cost_nok"], default=None)
        if dearest is not None:
            extra = millions(futures[dearest]["extra_cost_nok"])
            yield f"Dyrest blir {self._planned[dearest].title}: {extra} mer enn planlagt."

    def best(self) -> Iterator[str]:
        """Which plans stand best over the futures."""
        found, plans = self._found, self._document["plans"]
        if not plans:
            yield "Det ble ikke tid til å sammenlikne planen med andre."
            return
        if found.cheapest is None:
            yield (
                "Ingen av planene som er sammenliknet, holder alle kravene i scenariet og lar seg "
                "gjennomføre i alle framtidene."
            )
            return
        yield from self._expected(plans)
        yield from self._regret(plans)
        if len(plans) < found.candidates:
            yield (
                f"{found.candidates} planer ble funnet; det ble tid til å prøve {len(plans)} av "
                "dem i alle framtidene."
            )

    def _expected(self, plans: Any) -> Iterator[str]:
        best, planned = self._document["expected"], plans[0]["expected_cost_nok"]
        if best is None:
            yield from self._only_compared("ventet kostnad")
            return
        bound, gap = millions(best["lower_bound_nok"]), percent(best["gap"], 2)
        this = f" (denne {millions(planned)})" if best["plan"] else ""
        yield (
            f"Ventet kostnad er lavest for {_which(best)}: {millions(best['value_nok'])}{this}. "
            f"Ingen plan som kan vedtas i dag, har lavere enn {bound} (avstand {gap}"
            f"{_unless_proven(best)})."
        )
        yield from self._otherwise(best)

    def _regret(self, plans: Any) -> Iterator[str]:
        best, planned = self._document["regret"], plans[0]
        if best is None:
            yield from self._only_compared("anger")
            return
        most = best["most_nok"]
        limit = "" if most is None else f", høyst {millions(most)}"
        this = f" (denne {millions(planned['largest_regret_nok'])})" if best["plan"] else ""
        worst = f"; verst ved {self._title(plans[best['plan']])}" if best["value_nok"] > 0 else ""
        yield (
            "Anger er det en plan koster mer enn den beste planen for framtiden som kom. Den er i "
            f"verste fall minst for {_which(best)}: {millions(best['value_nok'])}{limit}{this}"
            f"{worst}. Ingen plan som kan vedtas i dag, har mindre enn "
            f"{millions(best['lower_bound_nok'])}{_unless_proven(best)}."
        )
        if best["plan"] and best["plan"] == (self._document["expected"] or {}).get("plan"):
            yield "Det er den samme planen som har lavest ventet kostnad."
        else:
            yield from self._otherwise(best)

    def _only_compared(self, what: str) -> Iterator[str]:
        """Without the program over all futures."""
        if self._found.too_large is not None:
            yield f"Planen med minst {what} er ikke søkt: {self._found.too_large}"
        else:
            yield f"Det ble ikke tid til å finne planen med minst {what}."

    def _otherwise(self, best: Document) -> Iterator[str]:
        """What it decides otherwise than the plan that is stressed."""
        changes = [self._change(one) for one in best["otherwise"]]
        if changes:
            yield f"  • Den {listed(changes)}."

    def _change(self, one: Document) -> str:
        name, before, after = self._named(one["project"]), one["planned_opens"], one["opens"]
        if after is None:
            return f"åpner ikke {name} (planlagt i {before})"
        if before is None:
            return f"åpner {name} i {after} (ikke i planen)"
        if before != after:
            return f"åpner {name} i {after} (planlagt i {before})"
        if one["planned_places"] != one["places"]:
            return f"har {one['places']} plasser i {name} (planlagt {one['planned_places']})"
        return f"har plassene i {name} i andre år eller av andre slag"

    def _title(self, plan: Document) -> str:
        return self._planned[plan["largest_regret_in"]].title

    def _summary(self, one: Document) -> str:
        where = "".join(f" {self._named(part)}" for part in one["where"])
        when = "" if one["year"] is None else f" i {one['year']}"
        amount = (
            millions(one["worst_amount"])
            if one["unit"] == "nok"
            else f"{number(one['worst_amount'], 1)} {UNITS[one['unit']]}".rstrip()
        )
        return (
            f"{one['claim']} ({one['code']}){where}{when}: brytes i {one['futures']} av "
            f"{one['of_futures']}, verst med {amount} ({self._planned[one['worst_in']].title})"
        )

    def _named(self, part: str) -> str:
        project = (self._scenario.projects or {}).get(part)
        return f"«{project.title}»" if project is not None else f"«{part}»"


def _which(best: Document) -> str:
    return "en annen plan" if best["plan"] else "denne planen"


def _unless_proven(best: Document) -> str:
    return "" if best["proven"] else "; mer ble ikke vist innen tiden"
