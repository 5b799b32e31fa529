"""The basis of the travel times has what they are computed from."""

from collections.abc import Iterator, Mapping

from app.schemas.issues import pointer, shown
from app.schemas.scenario import District, Scenario, SiteSpec
from solver.domain.errors import Issue

_NOUNS = {"districts": "Kretsen", "sites": "Lokasjonen"}


def straight_line_has_speed(scenario: Scenario) -> Iterator[Issue]:
    """Straight-line minutes are computed from a speed."""
    if scenario.travel.basis == "straight_line" and scenario.travel.speed_kmh is None:
        yield Issue(
            "/travel/speed_kmh",
            "missing_field",
            "Reisetid i luftlinje mangler fart.",
            "Legg til «speed_kmh», for eksempel 45.",
        )


def straight_line_has_ends(scenario: Scenario) -> Iterator[Issue]:
    """Straight lines go from a district's location to a site's."""
    if scenario.travel.basis != "straight_line":
        return
    yield from missing_locations("districts", scenario.districts)
    yield from missing_locations("sites", scenario.sites)


def matrix_is_given(scenario: Scenario) -> Iterator[Issue]:
    """Minutes from a matrix are in the document."""
    if scenario.travel.basis == "matrix" and not scenario.travel.minutes:
        yield Issue(
            "/travel/minutes",
            "missing_field",
            "Reisetid fra matrise mangler selve matrisen.",
            "Legg til «minutes»: {lokasjon: {krets: minutter}}.",
        )


def missing_locations(
    collection: str, places: Mapping[str, District] | Mapping[str, SiteSpec]
) -> Iterator[Issue]:
    """Places without the location that travel times are computed from."""
    for place_id, place in places.items():
        if place.location is None:
            yield Issue(
                pointer(collection, place_id, "location"),
                "missing_location",
                f"{_NOUNS[collection]} {shown(place_id)} mangler posisjon, som reisetiden regnes "
                "ut fra.",
                "Legg til «location»: [lengdegrad, breddegrad], eller bruk en reisetidsmatrise.",
            )
