"""A repair in Norwegian: each relaxation by itself, and rule by rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from app.schemas.scenario import Scenario
from app.services.words import kroner, listed, percent, short, years_listed
from solver.domain.instance import SitingInstance
from solver.domain.repair import Relaxation, Repair
from solver.domain.rules import RULES, RuleName, Unit

OWNERSHIPS = {
    "municipal": "kommunal",
    "non_profit": "ideell",
    "private": "privat",
    "public_private": "offentlig–privat samarbeid",
}


class RepairWords:
    """Words for the repairs of one scenario."""

    def __init__(self, scenario: Scenario, instance: SitingInstance) -> None:
        self._scenario = scenario
        self._instance = instance

    def of(self, relaxation: Relaxation) -> str:
        """One relaxation, readable by itself."""
        if relaxation.rule in _YEARLY:
            what, against = self._what(relaxation), self._against(relaxation)
            year = f" i {relaxation.year}" if relaxation.year is not None else ""
            return f"{_amount(relaxation)} {what}{year}{against}"
        return _SINGLE[relaxation.rule](self, relaxation)

    def by_rule(self, repair: Repair) -> list[str]:
        """The whole repair, one sentence for each rule and what it is about."""
        lines = []
        for rule, group in groupby(repair.relaxations, key=lambda relaxation: relaxation.rule):
            if rule in _YEARLY:
                for _, same in groupby(group, key=lambda relaxation: relaxation.about):
                    lines.append(self._over_the_years(rule, list(same)))
            else:
                heading, told = RULES[rule].title, listed([self.of(one) for one in group])
                lines.append(f"{heading}: {told}.")
        return lines

    def _over_the_years(self, rule: RuleName, same: Sequence[Relaxation]) -> str:
        """«Årsverk: 12 årsverk færre enn planen trenger i 2031–2032 og 4 i 2033.»"""
        if rule is RuleName.COVERAGE:
            later = self._reached_later(same)
            if later:
                return later
        parts = list(_by_amount(same))
        first = f"{parts[0][0]} {self._what(same[0])}{parts[0][1]}"
        more = [f"{amount}{years}" for amount, years in parts[1:]]
        most = max(same, key=lambda relaxation: relaxation.amount)
        peak = f" Mest i {most.year}: {_amount(most)}." if len(parts) > 2 else ""
        return f"{RULES[rule].title}: {listed([first, *more])}.{peak}"

    def _reached_later(self, same: Sequence[Relaxation]) -> str | None:
        """A target that holds from a later year on is said so."""
        target = self._instance.targets.coverage
        assert target is not None
        asked = {
            t: ratio
            for t, ratio in zip(self._instance.years, target.ratio, strict=True)
            if ratio is not None
        }
        years, short_of = list(asked), [relaxation.year for relaxation in same]
        if short_of != years[: len(short_of)]:
            return None
        most = max(same, key=lambda relaxation: relaxation.amount)
        under = f"Mest mangler i {most.year}: {short(float(most.amount), 1)} plasser."
        if len(short_of) == len(years):
            return f"Dekningsmålet nås ikke i noe år fra {years[0]} til {years[-1]}. {under}"
        reached = years[len(short_of)]
        ratio = percent(float(asked[reached]), 1).replace(",0 %", " %")
        return f"Dekningsmålet på {ratio} nås først i {reached} i stedet for {years[0]}. {under}"

    def _what(self, relaxation: Relaxation) -> str:
        words = _YEARLY[relaxation.rule]
        if relaxation.amount == 1:
            words = words.replace("plasser", "plass", 1)
        return f"{words}{self._subject(relaxation)}"

    def _subject(self, relaxation: Relaxation) -> str:
        if relaxation.rule is RuleName.CORE_COVERAGE:
            return f" i {self._core(relaxation.about[0])}"
        if relaxation.rule is RuleName.KEEP_PLACES:
            title = self._scenario.care_types[relaxation.about[0]].title
            return f" av typen «{title}»"
        if relaxation.rule is RuleName.STAFF and len(self._instance.limits.available_fte) > 1:
            return f" i gruppen «{relaxation.about[0]}»"
        return ""

    def _against(self, relaxation: Relaxation) -> str:
        if relaxation.asked is None or relaxation.given is None:
            return ""
        if relaxation.rule is RuleName.WITHIN:
            near, goal = float(relaxation.given), float(relaxation.asked)
            return f" ({percent(near, 1)} innenfor, målet er {percent(goal, 1)})"
        if RULES[relaxation.rule].unit is Unit.NOK:
            return f" ({kroner(float(relaxation.asked))} i scenariet)"
        given, asked = (short(float(value), 2) for value in (relaxation.given, relaxation.asked))
        if RULES[relaxation.rule].unit is Unit.FTE:
            return f" ({asked} av {given})"
        return f" ({given} av {asked})"

    def _project(self, project: str) -> str:
        assert self._scenario.projects is not None
        return f"«{self._scenario.projects[project].title}»"

    def _core(self, core: str) -> str:
        cores = self._scenario.cores or {}
        return cores[core].title or core

    def exclusion(self, relaxation: Relaxation) -> str:
        """Both of two projects."""
        one, other = map(self._project, relaxation.about)
        return f"{one} og {other} bygges begge, enda de utelukker hverandre"

    def requirement(self, relaxation: Relaxation) -> str:
        """One without the other."""
        one, base = map(self._project, relaxation.about)
        return f"{one} åpner uten at {base}, som det bygger på, er åpnet"

    def opening(self, relaxation: Relaxation) -> str:
        """Earlier or later."""
        assert relaxation.asked is not None
        assert relaxation.given is not None
        early = relaxation.given < relaxation.asked
        when = "tidligere enn mulig" if early else "senere enn tillatt"
        return (
            f"{self._project(relaxation.about[0])} åpner {int(relaxation.amount)} år {when} "
            f"({int(relaxation.given)} i stedet for {int(relaxation.asked)})"
        )

    def not_required(self, relaxation: Relaxation) -> str:
        """Left out."""
        return f"{self._project(relaxation.about[0])}, som er påkrevd, bygges ikke"

    def allowed(self, relaxation: Relaxation) -> str:
        """Let in."""
        return f"{self._project(relaxation.about[0])}, som er forbudt, tillates"

    def ownership(self, relaxation: Relaxation) -> str:
        """Let in."""
        return f"eierformen {OWNERSHIPS[relaxation.about[0]]} tillates"

    def projects(self, relaxation: Relaxation) -> str:
        """So many more."""
        assert relaxation.asked is not None
        amount, asked = int(relaxation.amount), int(relaxation.asked)
        return f"{amount} {'flere' if amount > 1 else 'mer'} enn de {asked} som er tillatt"

    def cores(self, relaxation: Relaxation) -> str:
        """So many fewer."""
        assert relaxation.asked is not None
        return f"{int(relaxation.amount)} færre enn de {int(relaxation.asked)} politikken krever"


# What an amount is, before the year.
_YEARLY: Mapping[RuleName, str] = {
    RuleName.NEED_MET: "plasser udekket behov",
    RuleName.COVERAGE: "plasser under dekningsmålet",
    RuleName.CORE_COVERAGE: "plasser under dekningsmålet",
    RuleName.STAFF: "årsverk færre enn planen trenger",
    RuleName.INVESTMENT_YEAR: "over investeringsrammen",
    RuleName.INVESTMENT_TOTAL: "over den samlede investeringsrammen",
    RuleName.OPERATING: "over driftsrammen",
    RuleName.KEEP_PLACES: "plasser færre enn i dag",
    RuleName.WITHIN: "plasser for mange utenfor reisetidsmålet",
}

_SINGLE: Mapping[RuleName, Callable[[RepairWords, Relaxation], str]] = {
    RuleName.EXCLUSIONS: RepairWords.exclusion,
    RuleName.REQUIREMENTS: RepairWords.requirement,
    RuleName.OPENING_YEARS: RepairWords.opening,
    RuleName.REQUIRED_PROJECTS: RepairWords.not_required,
    RuleName.FORBIDDEN_PROJECTS: RepairWords.allowed,
    RuleName.ALLOWED_OWNERSHIP: RepairWords.ownership,
    RuleName.MAX_PROJECTS: RepairWords.projects,
    RuleName.MIN_CORES: RepairWords.cores,
}


def _amount(relaxation: Relaxation) -> str:
    amount = float(relaxation.amount)
    return kroner(amount) if RULES[relaxation.rule].unit is Unit.NOK else short(amount, 2)


def _by_amount(same: Sequence[Relaxation]) -> Iterator[tuple[str, str]]:
    """(amount, « i 2031 og 2032»), years that follow each other with the same amount together."""
    for amount, group in groupby(same, key=_amount):
        years = [relaxation.year for relaxation in group if relaxation.year is not None]
        yield amount, f" i {years_listed(years)}" if years else ""
