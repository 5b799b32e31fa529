"""What one unit of a relaxation costs: by the scenario's own figures and the class of the rule."""

from collections.abc import Iterable, Mapping

from solver.domain.instance import SitingInstance
from solver.domain.rules import RULES, RuleClass, RuleName, RuleTerms, Unit

# Our own assumption: a policy gives way when an assumption would have to give ten times as much,
# a law when a policy would. What is physical is barred, so that nobody pays its price.
CLASS_FACTORS: Mapping[RuleClass, float] = {
    RuleClass.PHYSICAL: 1.0,
    RuleClass.LAW: 100.0,
    RuleClass.POLICY: 10.0,
    RuleClass.ASSUMPTION: 1.0,
}


class Prices:
    """Prices of one instance, NOK per unit, all above zero.

    A place and year costs what a place missing for a year does or, without that price, the dearest
    operating cost of a place; without either 1. An FTE and year is what the operating cost per
    place comes to per FTE, in the dearest care type; without that a place. A decision about a
    project is one year of all its places; one about how many projects or cores, the dearest such
    decision. A krone is a krone. All of it is multiplied by the factor of the rule's class, unless
    the scenario gives the rule a price: that is taken as it is.
    """

    def __init__(self, instance: SitingInstance, terms: Mapping[RuleName, RuleTerms]) -> None:
        self._instance = instance
        self._terms = terms
        types = instance.care_types.values()
        dearest = max((care_type.operating_cost_nok for care_type in types), default=0.0)
        self.place_nok = instance.objective.unmet_place_year_nok or dearest or 1.0

    def of(self, rule: RuleName, about: tuple[str, ...] = ()) -> float:
        """One unit of a rule, about these ids."""
        terms = self._terms[rule]
        if terms.price_nok_per_unit is not None:
            return terms.price_nok_per_unit
        return self._base(rule, about) * CLASS_FACTORS[terms.rule_class]

    def _base(self, rule: RuleName, about: tuple[str, ...]) -> float:
        unit = RULES[rule].unit
        if unit is Unit.PLACES:
            return self.place_nok
        if unit is Unit.FTE:
            return self._fte(*about)
        if unit is Unit.NOK:
            return 1.0
        projects = self._instance.projects
        if rule is RuleName.ALLOWED_OWNERSHIP:
            return self._dearest(k for k, p in projects.items() if p.ownership in about)
        return self._dearest(about or projects)

    def _fte(self, group: str) -> float:
        per_fte = (
            care_type.operating_cost_nok / care_type.fte_per_place[group]
            for care_type in self._instance.care_types.values()
            if care_type.fte_per_place.get(group)
        )
        return max(per_fte, default=0.0) or self.place_nok

    def _dearest(self, projects: Iterable[str]) -> float:
        sizes = (self._instance.projects[k].max_places for k in projects)
        return max(sizes, default=1) * self.place_nok
