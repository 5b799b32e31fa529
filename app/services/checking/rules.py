"""What a scenario says of its rules themselves."""

from collections.abc import Iterator

from app.schemas.issues import pointer
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue


def physical_rules_have_no_price(scenario: Scenario) -> Iterator[Issue]:
    """What is never relaxed has no price per unit."""
    for name, rule in (scenario.rules or {}).items():
        if rule.rule_class == "physical" and rule.price_nok_per_unit is not None:
            yield Issue(
                pointer("rules", name, "price_nok_per_unit"),
                "physical_with_price",
                "En fysisk regel lempes aldri, så den kan ikke ha noen pris.",
                "Ta bort prisen, eller gi regelen klassen «law», «policy» eller «assumption».",
            )
