"""What the weights of the objective need, and what a solver can weigh."""

from collections.abc import Iterator

import numpy as np

from app.schemas.scenario import Scenario
from app.services.checking import places, size, travel
from geodata.travel import travel_minutes
from solver.domain.errors import Issue

# exp(10) is 22 000: so much more does the last minute of the longest journey weigh than the first.
# Solvers' tolerances are some millionths of the dearest journey, and swallow what near ones cost:
# of 300 random scenarios all were solved at 15, and at 20 one in seven lost its optimum.
LARGEST_EXPONENT = 10


def kolm_pollak_has_aversion(scenario: Scenario) -> Iterator[Issue]:
    """Where Kolm and Pollak are weighed, the aversion to inequality is given."""
    given = scenario.objective.inequality_aversion_per_minute
    if _weighs_kolm_pollak(scenario) and given is None:
        yield Issue(
            "/objective/inequality_aversion_per_minute",
            "missing_field",
            "Kolm–Pollak har vekt, men ulikhetsaversjonen mangler.",
            "Legg til «inequality_aversion_per_minute», for eksempel 0.05, eller sett vekten "
            "«kolm_pollak» til 0.",
        )


def longest_journey_can_be_weighed(scenario: Scenario) -> Iterator[Issue]:
    """Aversion × the longest journey that may be made is at most 10."""
    aversion = scenario.objective.inequality_aversion_per_minute
    if not _weighs_kolm_pollak(scenario) or aversion is None or not _has_minutes(scenario):
        return
    longest = _longest_minutes(scenario)
    if aversion * longest > LARGEST_EXPONENT:
        yield Issue(
            "/objective/inequality_aversion_per_minute",
            "too_large",
            f"Ulikhetsaversjonen {aversion:g} per minutt ganger den lengste reisen, "
            f"{longest:.6g} minutter, er mer enn {LARGEST_EXPONENT}: så lange reiser ville veid "
            "så tungt at de korte ikke lenger kan regnes.",
            f"Sett aversjonen til høyst {LARGEST_EXPONENT / longest:.3g}, eller sett en grense for "
            "reisetiden i «travel.limit_minutes».",
        )


def _weighs_kolm_pollak(scenario: Scenario) -> bool:
    weights = scenario.objective.weights
    return weights is not None and bool(weights.kolm_pollak)


def _has_minutes(scenario: Scenario) -> bool:
    """Whether there is what minutes are computed from, and no more than can be computed."""
    asked = (
        size.pairs_are_manageable,
        places.locations_are_in_norway,
        travel.straight_line_has_speed,
        travel.straight_line_has_ends,
        travel.matrix_is_given,
    )
    return not any(issue for check in asked for issue in check(scenario))


def _longest_minutes(scenario: Scenario) -> float:
    """The longest journey within the travel limit [min]; 0 without any."""
    minutes = travel_minutes(
        scenario.model_dump(include={"travel", "sites", "districts"}),
        sorted(scenario.sites),
        sorted(scenario.districts),
    )
    limit = scenario.travel.limit_minutes
    within = np.isfinite(minutes) if limit is None else minutes <= limit
    return float(minutes[within].max(initial=0.0))
