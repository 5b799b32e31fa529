"""The rules of a scenario by name: what may give way when they cannot all hold, and in which unit.

A rule is narrower than a family of constraints: C7 is four rules, of which a municipality may
give up one and keep another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RuleName(StrEnum):
    """The rules that may be relaxed, in the order of their codes."""

    NEED_MET = "need_met"
    EXCLUSIONS = "exclusions"
    REQUIREMENTS = "requirements"
    OPENING_YEARS = "opening_years"
    REQUIRED_PROJECTS = "required_projects"
    FORBIDDEN_PROJECTS = "forbidden_projects"
    ALLOWED_OWNERSHIP = "allowed_ownership"
    COVERAGE = "coverage"
    CORE_COVERAGE = "core_coverage"
    STAFF = "staff"
    INVESTMENT_YEAR = "investment_year"
    INVESTMENT_TOTAL = "investment_total"
    OPERATING = "operating"
    KEEP_PLACES = "keep_places"
    MAX_PROJECTS = "max_projects"
    MIN_CORES = "min_cores"
    WITHIN = "within"


class RuleClass(StrEnum):
    """How firm a rule is. A physical one is never relaxed."""

    PHYSICAL = "physical"
    LAW = "law"
    POLICY = "policy"
    ASSUMPTION = "assumption"


class Unit(StrEnum):
    """What a relaxation is counted in: amounts of one year where the rule is about years."""

    PLACES = "places"
    FTE = "fte"
    NOK = "nok"
    YEARS = "years"
    PROJECTS = "projects"
    CORES = "cores"
    LINKS = "links"  # between two projects, one of which excludes or requires the other
    OWNERSHIPS = "ownerships"


@dataclass(frozen=True)
class RuleKind:
    """A rule's family of constraints, its name for planners, its unit, and its usual class."""

    code: str
    title: str
    unit: Unit
    usual: RuleClass


@dataclass(frozen=True)
class RuleTerms:
    """A rule's class in a scenario, and its price there; None: the usual price of its class."""

    rule_class: RuleClass
    price_nok_per_unit: float | None = None


_LAW, _POLICY, _ASSUMPTION = RuleClass.LAW, RuleClass.POLICY, RuleClass.ASSUMPTION

RULES: Mapping[RuleName, RuleKind] = {
    RuleName.NEED_MET: RuleKind("C1", "Udekket behov", Unit.PLACES, _LAW),
    RuleName.EXCLUSIONS: RuleKind(
        "C5", "Prosjekter som utelukker hverandre", Unit.LINKS, _ASSUMPTION
    ),
    RuleName.REQUIREMENTS: RuleKind(
        "C6", "Prosjekter som bygger på andre", Unit.LINKS, _ASSUMPTION
    ),
    RuleName.OPENING_YEARS: RuleKind("C7", "Åpningsår", Unit.YEARS, _ASSUMPTION),
    RuleName.REQUIRED_PROJECTS: RuleKind("C7", "Påkrevde prosjekter", Unit.PROJECTS, _POLICY),
    RuleName.FORBIDDEN_PROJECTS: RuleKind("C7", "Forbudte prosjekter", Unit.PROJECTS, _POLICY),
    RuleName.ALLOWED_OWNERSHIP: RuleKind("C7", "Tillatte eierformer", Unit.OWNERSHIPS, _POLICY),
    RuleName.COVERAGE: RuleKind("C8", "Dekningsmålet", Unit.PLACES, _POLICY),
    RuleName.CORE_COVERAGE: RuleKind("C9", "Dekningsmålet i kjernene", Unit.PLACES, _POLICY),
    RuleName.STAFF: RuleKind("C10", "Årsverk", Unit.FTE, _ASSUMPTION),
    RuleName.INVESTMENT_YEAR: RuleKind("C11", "Investeringsrammen", Unit.NOK, _POLICY),
    RuleName.INVESTMENT_TOTAL: RuleKind("C12", "Samlet investeringsramme", Unit.NOK, _POLICY),
    RuleName.OPERATING: RuleKind("C13", "Driftsrammen", Unit.NOK, _POLICY),
    RuleName.KEEP_PLACES: RuleKind("C14", "Plasstyper som skal bestå", Unit.PLACES, _POLICY),
    RuleName.MAX_PROJECTS: RuleKind("C15", "Antall prosjekter", Unit.PROJECTS, _POLICY),
    RuleName.MIN_CORES: RuleKind("C15", "Kjerner med plasser", Unit.CORES, _POLICY),
    RuleName.WITHIN: RuleKind("C16", "Reisetidsmålet", Unit.PLACES, _POLICY),
}

USUAL_TERMS: Mapping[RuleName, RuleTerms] = {
    name: RuleTerms(kind.usual) for name, kind in RULES.items()
}
