"""Two to six plans side by side: a pure function of their scenarios and plan documents."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.schemas.comparison import Comparison
from app.services.comparison_money import (
    apart_in_words,
    optima_apart,
    present_values,
    same_money,
)
from app.services.goals import goals
from app.services.words import kroner, listed, number, years_listed
from solver.domain.errors import InputError

FEWEST, MOST = 2, 6
SMALL_MINUTES = 0.05  # less is shown as no change

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """A plan with its scenario, as plain documents, under a name."""

    name: str
    scenario: Document
    plan: Document

    @cached_property
    def years(self) -> frozenset[str]:
        """Those the plan has figures for."""
        return frozenset(self.plan["years"])


def compare(runs: Sequence[Compared], year: int | None = None) -> dict[str, Any]:
    """The comparison of 2 to 6 plans, checked against its own schema.

    Districts are compared in `year`, the last common one when None. Raises InputError when the
    plans are too few or too many or not distinct, one has no plan, they have no year in common, or
    `year` is not one of those.
    """
    years = common_years(runs)
    shown = _shown(years, year)
    districts = _districts(runs, shown)
    document = {
        "runs": [_run(run, years) for run in runs],
        "years": {year: [_year(run.plan["years"][year]) for run in runs] for year in years},
        "optima": [None, *(_optima(runs[0], run) for run in runs[1:])],
        "projects": _projects(runs),
        "district_year": shown,
        "districts": districts,
        "winners": [_winners(districts, index) for index in range(len(runs))],
        "goals": goals([(run.scenario, run.plan) for run in runs], years),
        "text": list(_words(runs, years, districts, shown)),
    }
    Comparison.model_validate(document)
    return document


def common_years(runs: Sequence[Compared]) -> list[str]:
    """The years that every plan has, in order. Raises InputError, as `compare` does."""
    require_two_to_six([run.name for run in runs])
    for run in runs:
        if not run.years:
            raise InputError("no_plan", f"«{run.name}» har ingen plan å sammenligne.")
    years = frozenset.intersection(*(run.years for run in runs))
    if not years:
        raise InputError("no_common_year", "Planene har ingen år felles.")
    return sorted(years)


def _shown(years: Sequence[str], year: int | None) -> str:
    if year is None:
        return years[-1]
    if str(year) not in years:
        detail = f"Året {year} er ikke felles for planene. Velg ett fra {years[0]} til {years[-1]}."
        raise InputError("year_outside", detail)
    return str(year)


def require_two_to_six(names: Sequence[str]) -> None:
    """Raises InputError unless 2 to 6 distinct plans are named; before any is read or solved."""
    if not FEWEST <= len(names) <= MOST:
        detail = f"Sammenlign fra {FEWEST} til {MOST} planer, ikke {len(names)}."
        raise InputError("compare_two_to_six", detail)
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        detail = f"«{twice[0]}» er nevnt mer enn én gang. Nevn {FEWEST} til {MOST} ulike planer."
        raise InputError("compare_two_to_six", detail)


def _run(run: Compared, years: Sequence[str]) -> dict[str, Any]:
    plan = run.plan
    return {
        "name": run.name,
        "title": run.scenario["title"],
        "scenario_hash": plan["provenance"]["scenario_hash"],
        "outcome": plan["outcome"],
        "price_year": run.scenario.get("price_year"),
        "objective_nok": plan["objective_nok"],
        "mip_gap": plan["mip_gap"],
        **present_values(run.scenario, plan, years),
    }


def _optima(first: Compared, run: Compared) -> dict[str, Any] | None:
    found = optima_apart((first.scenario, first.plan), (run.scenario, run.plan))
    if found is None:
        return None
    interval, verdict = found
    bounds = {"low_nok": interval.low, "high_nok": interval.high}
    return {"interval": bounds, "verdict": verdict.value}


_COPIED = (
    *("places_counted", "coverage_ratio", "coverage_target", "fte", "fte_available"),
    *("investment_nok", "capital_nok", "operating_nok", "travel_nok"),
    *("mean_minutes", "max_minutes", "equity"),
)


def _year(figures: Document) -> dict[str, Any]:
    return {
        "need": sum(figures["need"].values()),
        "unmet": sum(figures["unmet"].values()),
        "places": sum(figures["places"].values()),
        **{name: figures[name] for name in _COPIED},
    }


def _projects(runs: Sequence[Compared]) -> dict[str, Any]:
    opened = {k: p for run in reversed(runs) for k, p in run.plan["projects"].items()}
    return {
        k: {
            "title": opened[k]["title"],
            "site": opened[k]["site"],
            "runs": [_opened(run.plan["projects"].get(k)) for run in runs],
        }
        for k in sorted(opened)
    }


def _opened(project: Document | None) -> dict[str, Any] | None:
    if project is None:
        return None
    sizes = [list(series.values())[-1] for series in project["places"].values() if series]
    return {"opens": project["opens"], "closes": project["closes"], "places": sum(sizes)}


def _districts(runs: Sequence[Compared], year: str) -> dict[str, Any]:
    titles = {i: d.get("title") or i for r in reversed(runs) for i, d in _known(r).items()}
    found = {}
    for i in sorted(titles):
        minutes = [run.plan["districts"].get(i, {}).get(year, _NOBODY) for run in runs]
        means = [figures["mean_minutes"] for figures in minutes]
        first = means[0]
        change = [None if m is None or first is None else m - first for m in means]
        found[i] = {"title": titles[i], "minutes": means, "change": change}
    return found


_NOBODY: Document = {"mean_minutes": None}


def _known(run: Compared) -> Mapping[str, Document]:
    known: Mapping[str, Document] = run.scenario["districts"]
    return known


def _winners(districts: Mapping[str, Document], index: int) -> dict[str, list[str]]:
    moved = {
        i: change
        for i, district in districts.items()
        if (change := district["change"][index]) is not None and abs(change) > SMALL_MINUTES
    }
    ordered = sorted(moved, key=lambda i: (moved[i], i))
    gains = [i for i in ordered if moved[i] < 0]
    return {"gains": gains, "losses": [i for i in reversed(ordered) if moved[i] > 0]}


def _words(
    runs: Sequence[Compared],
    years: Sequence[str],
    districts: Mapping[str, Document],
    shown: str,
) -> Iterator[str]:
    first, last = runs[0], years[-1]
    for index, run in enumerate(runs[1:], start=1):
        parts = [*_cost(first, run, years), _places(first, run, last)]
        parts += [*_minutes(first, run, last), *_opening(first, run)]
        winners = _winners(districts, index)
        parts.append(
            f"i {shown} får {len(winners['gains'])} kretser kortere og {len(winners['losses'])} "
            "lengre vei"
        )
        yield f"«{run.name}» mot «{first.name}»: {'; '.join(parts)}."


def _cost(first: Compared, run: Compared, years: Sequence[str]) -> list[str]:
    if not same_money(first.scenario, run.scenario):
        return ["kronene kan ikke sammenlignes: prisår eller kalkulasjonsrente er ulike"]
    ours, theirs = (_run(one, years)["cost_nok"] for one in (run, first))
    told = _more_or_less(ours - theirs, "koster", "mer", "mindre", kroner) or "koster det samme"
    found = optima_apart((first.scenario, first.plan), (run.scenario, run.plan))
    return [f"{told} i {years_listed(map(int, years))}", apart_in_words(found)]


def _places(first: Compared, run: Compared, last: str) -> str:
    ours, theirs = (sum(r.plan["years"][last]["places"].values()) for r in (run, first))
    told = _more_or_less(ours - theirs, "har", "flere plasser", "færre plasser", _whole)
    return f"{told} i {last}" if told else f"har like mange plasser i {last}"


def _minutes(first: Compared, run: Compared, last: str) -> list[str]:
    ours, theirs = (r.plan["years"][last]["mean_minutes"] for r in (run, first))
    if ours is None or theirs is None:
        return []
    if abs(ours - theirs) <= SMALL_MINUTES:
        return [f"har like lang vei i snitt i {last}"]
    longer = "lengre" if ours > theirs else "kortere"
    return [f"har {number(abs(ours - theirs), 1)} minutter {longer} vei i snitt i {last}"]


def _whole(value: float) -> str:
    return number(value, 0)


def _more_or_less(
    more: float, verb: str, above: str, below: str, tell: Callable[[float], str]
) -> str | None:
    if abs(more) < 0.5:  # kroner or places
        return None
    return f"{verb} {tell(abs(more))} {above if more > 0 else below}"


def _opening(first: Compared, run: Compared) -> list[str]:
    ours, theirs = run.plan["projects"], first.plan["projects"]
    new = [ours[k]["title"] for k in sorted(ours.keys() - theirs.keys())]
    gone = [theirs[k]["title"] for k in sorted(theirs.keys() - ours.keys())]
    told = [f"åpner {listed(new)} i tillegg"] if new else []
    return [*told, *([f"åpner ikke {listed(gone)}"] if gone else [])]
