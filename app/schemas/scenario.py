"""The scenario document, schema_version 1: every input of one question.

Collections are objects keyed by id, so that a change is a JSON Merge Patch. What is left out or
null means *none*: no limit, no target, no fixed cost, municipal, not temporary.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Discriminator, FailFast, Field, StringConstraints, Tag

from app.schemas.base import (
    MUNICIPALITY_PATTERN,
    Amount,
    Count,
    Document,
    Identifier,
    JsonPointer,
    LongText,
    Positive,
    SchemaVersion,
    Share,
    Text,
    Year,
)
from app.schemas.series import (
    ALL_CORES,
    BY_CORE,
    YEAR_PATTERN,
    AmountSeries,
    CountSeries,
    ShareSeries,
)

Location = Annotated[list[float], Field(min_length=2, max_length=2)]
Ownership = Literal["municipal", "non_profit", "private", "public_private"]
LocationQuality = Literal["documented", "secondary", "proxy", "guess", "missing"]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
# A matrix may hold a million pairs: one error per row says enough.
MinutesRow = Annotated[dict[Identifier, Minutes], FailFast()]


class Municipality(Document):
    """Which municipality the scenario is about."""

    code: Annotated[str, StringConstraints(pattern=MUNICIPALITY_PATTERN)] | None = None
    """Municipality number, four digits."""
    name: Text | None = None


class Years(Document):
    """The planning period, both ends included."""

    first: Year
    last: Year


class CareTypeSpec(Document):
    """A kind of place (plasstype)."""

    title: Text
    serves: list[Identifier]
    """Needs that a place of this kind can serve."""
    counts_towards_coverage: bool
    operating_cost_nok: Amount
    """Per place and year."""
    fte_per_place: dict[Identifier, Amount]
    """FTE per place, by staff group."""


class Core(Document):
    """A node of the multi-core structure (kjerne)."""

    title: Text | None = None
    location: Location | None = None
    """lon, lat in WGS84."""
    location_quality: LocationQuality | None = None
    main: bool | None = None


class District(Document):
    """A demand point (krets)."""

    title: Text | None = None
    core: Identifier | None = None
    location: Location | None = None
    """lon, lat in WGS84."""
    geometry: dict[str, Any] | None = None
    """GeoJSON Polygon or MultiPolygon in WGS84."""
    population: dict[Identifier, AmountSeries] | None = None
    """Inhabitants per group, linear series."""
    need: dict[Identifier, AmountSeries] | None = None
    """Places needed, linear series; only read with need.basis explicit."""


class SiteSpec(Document):
    """A place on the map with places today or room for some (lokasjon)."""

    title: Text | None = None
    core: Identifier | None = None
    location: Location | None = None
    """lon, lat in WGS84."""
    location_quality: LocationQuality | None = None
    ownership: Ownership | None = None
    places: dict[Identifier, CountSeries] | None = None
    """Places that stand there, per care type, step series."""


class PlaceRange(Document):
    """The total size of a project while it is open."""

    min: Count | None = None
    max: Count
    step: Positive | None = None


class Opens(Document):
    """First and last year in which a project may open; null: no limit."""

    earliest: Year | None = None
    latest: Year | None = None


class ProjectSpec(Document):
    """What may be built, converted, rented or opened at a site (utbyggingsprosjekt)."""

    title: Text
    site: Identifier
    kind: Literal["extension", "conversion", "new", "temporary"] | None = None
    ownership: Ownership | None = None
    care_types: Annotated[list[Identifier], Field(min_length=1)]
    places: PlaceRange
    investment_nok: Amount
    investment_per_place_nok: Amount
    grant_per_place_nok: Amount | None = None
    lifetime_years: Positive
    operating_cost_nok: Amount | None = None
    """Fixed, per year while open."""
    fte: dict[Identifier, Amount] | None = None
    """Fixed FTE per year while open, by staff group."""
    opens: Opens | None = None
    available_years: Positive | None = None
    """A temporary project closes after this many years."""
    removes: dict[Identifier, Count] | None = None
    """Existing places at the site that are lost from the opening on."""
    excludes: list[Identifier] | None = None
    requires: list[Identifier] | None = None


class Need(Document):
    """How many places are needed. With `coverage`: ratio × population × mix in each district.

    What the chosen basis does not use may stand, so that a change of basis is one small patch.
    """

    basis: Literal["explicit", "coverage"]
    ratio: ShareSeries | None = None
    """Step series; places needed per inhabitant of the population group."""
    population: Identifier | None = None
    mix: dict[Identifier, Share] | None = None
    """Share of the need by kind of need."""


class Barrier(Document):
    """Water that a straight line should not cross for free."""

    title: Text
    line: Annotated[list[Location], Field(min_length=2, max_length=10_000)]
    penalty_minutes: Minutes
    """Added to a journey whose straight line crosses to the other side of this line."""


class TravelSpec(Document):
    """How long it takes from a district to a site, one way, and what that costs."""

    basis: Literal["straight_line", "matrix"]
    speed_kmh: Annotated[float, Field(gt=0, le=1000)] | None = None
    detour: Annotated[float, Field(ge=1, le=100)] | None = None
    access_minutes: Minutes | None = None
    barriers: dict[Identifier, Barrier] | None = None
    minutes: dict[Identifier, MinutesRow] | None = None
    """Basis matrix: {site: {district: minutes}}; a pair left out cannot be reached."""
    limit_minutes: Minutes | None = None
    visits_per_place_year: Amount | None = None
    value_of_time_nok_per_hour: Amount | None = None


class Coverage(Document):
    """Counted places ÷ population (dekningsgrad), step series."""

    ratio: ShareSeries | None = None
    population: Identifier
    reference_ratios: Annotated[list[Share], Field(max_length=20)] | None = None
    """Ratios to report places and deviation for, year by year; no constraint."""


def _core_ratio_form(value: Any) -> str:
    keys = list(value) if isinstance(value, dict) else []
    return ALL_CORES if all(re.match(YEAR_PATTERN, str(key)) for key in keys) else BY_CORE


class CoreCoverage(Document):
    """Counted places in a core ÷ population of its districts."""

    ratio: Annotated[
        Annotated[ShareSeries, Tag(ALL_CORES)]
        | Annotated[dict[Identifier, ShareSeries], Tag(BY_CORE)],
        Discriminator(_core_ratio_form),
    ]
    """One step series for every core, or {core: step series}."""
    population: Identifier

    def cores_named(self) -> list[str]:
        """Cores with a series of their own; none when one series holds for every core."""
        if not isinstance(self.ratio, dict) or _core_ratio_form(self.ratio) == ALL_CORES:
            return []
        return list(self.ratio)

    def by_core(self, cores: Iterable[str]) -> dict[str, Any]:
        """The step series of each core that has one."""
        if _core_ratio_form(self.ratio) == ALL_CORES:
            return dict.fromkeys(cores, self.ratio)
        assert isinstance(self.ratio, dict)
        return {core: self.ratio[core] for core in cores if core in self.ratio}


class Within(Document):
    """At least this share of the served places lies within so many minutes; step series."""

    minutes: Minutes
    share: ShareSeries


class TargetsSpec(Document):
    """What the plan must reach."""

    coverage: Coverage | None = None
    core_coverage: CoreCoverage | None = None
    within: Within | None = None


class Staffing(Document):
    """FTE available per staff group, step series."""

    available_fte: dict[Identifier, AmountSeries] | None = None


class Budget(Document):
    """Ceilings in NOK; investment is net of grants."""

    investment_nok: AmountSeries | None = None
    investment_total_nok: Amount | None = None
    operating_nok: AmountSeries | None = None


class PoliciesSpec(Document):
    """Political choices that can be switched on and off."""

    allowed_ownership: list[Ownership] | None = None
    max_projects: Count | None = None
    min_cores_with_places: Count | None = None
    required_projects: list[Identifier] | None = None
    forbidden_projects: list[Identifier] | None = None
    keep_places: list[Identifier] | None = None


Weight = Annotated[float, Field(ge=0, le=1e6)]


class Weights(Document):
    """Weights in the objective. Cost and travel left out: as they are; the others: nothing."""

    cost: Weight | None = None
    travel: Weight | None = None
    worst_off: Weight | None = None
    """As if everybody travelled as far as those of the worst-off district; beside travel."""
    kolm_pollak: Weight | None = None
    """Long journeys weigh more, after Kolm and Pollak; beside travel, or instead with travel 0."""


class ObjectiveSpec(Document):
    """How costs are added up."""

    discount_rate: Annotated[float, Field(ge=0, lt=1)] | None = None
    unmet_place_year_nok: Amount | None = None
    """Price of a place missing for a year; null: unmet need is not allowed."""
    weights: Weights | None = None
    inequality_aversion_per_minute: Annotated[float, Field(gt=0, le=1000)] | None = None
    """κ of Kolm and Pollak: with it a journey of m minutes counts as (exp(κ·m) − 1) ÷ κ minutes.
    Asked for when `weights.kolm_pollak` is above 0.
    """


class Source(Document):
    """Where a figure is from."""

    status: Literal["documented", "derived", "assumption"]
    note: LongText | None = None
    year: Year | None = None
    publisher: Text | None = None
    licence: Text | None = None
    url: Text | None = None


class Scenario(Document):
    """A scenario document."""

    schema_version: SchemaVersion
    title: Text
    description: LongText | None = None
    price_year: Year | None = None
    municipality: Municipality
    years: Years
    care_types: Annotated[dict[Identifier, CareTypeSpec], Field(min_length=1)]
    cores: dict[Identifier, Core] | None = None
    districts: Annotated[dict[Identifier, District], Field(min_length=1)]
    sites: Annotated[dict[Identifier, SiteSpec], Field(min_length=1)]
    projects: dict[Identifier, ProjectSpec] | None = None
    need: Need
    travel: TravelSpec
    targets: TargetsSpec | None = None
    staffing: Staffing | None = None
    budget: Budget | None = None
    policies: PoliciesSpec | None = None
    objective: ObjectiveSpec
    sources: dict[JsonPointer, Source] | None = None
    """Keyed by JSON pointer into this document; an entry speaks for everything below it."""

    def plain(self) -> dict[str, Any]:
        """The document as plain JSON types, what is none left out: one form for one meaning."""
        return self.model_dump(mode="json", exclude_none=True)
