"""The basis of the need has what it is computed from."""

from collections.abc import Iterator

from app.schemas.issues import pointer
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

_TOLERANCE = 1e-9


def coverage_need_is_complete(scenario: Scenario) -> Iterator[Issue]:
    """Need from coverage has a ratio, a population group and a mix."""
    if scenario.need.basis != "coverage":
        return
    for field in ("ratio", "population", "mix"):
        if getattr(scenario.need, field) in (None, {}):
            yield Issue(
                pointer("need", field),
                "missing_field",
                f"Behov etter dekningsgrad mangler «{field}».",
                f"Legg til «{field}», eller velg et annet grunnlag i «basis».",
            )


def mix_is_at_most_all(scenario: Scenario) -> Iterator[Issue]:
    """The shares of the mix are together at most 1."""
    if scenario.need.basis != "coverage":
        return
    total = sum((scenario.need.mix or {}).values())
    if total > 1 + _TOLERANCE:
        yield Issue(
            "/need/mix",
            "shares_above_one",
            f"Andelene i «mix» er til sammen {total:.6g}, altså mer enn 1.",
            "Sett ned andelene, slik at summen blir høyst 1.",
        )
