"""Scenario and plan as GeoJSON layers (RFC 7946) for maps and QGIS.

Every feature of a layer has the same properties, in the same order and of the same type; what
is unknown is null, and a feature without a position has geometry null. Figures are of one year
when a year is asked for (`places_hdo`, beside `year`). Otherwise sites, districts and cores
have those of the first and the last year (`places_hdo_2026`), projects those of the last year,
and `places`, `allocation` and `district_years` every year, from the first day of it to the last
(`from_date`, `to_date`). `places…` are numbers of places, `population_<group>` inhabitants,
`…_minutes` minutes one way.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from geodata import geojson
from geodata.need import need_places, needs_named, population
from geodata.series import step
from solver.domain.errors import GeodataError

LAYERS = ("sites", "projects", "districts", "cores", "places", "allocation")
"""Those that fit in one collection."""

MAP_LAYERS = (*LAYERS, "district_years")
"""All of them; the last has each district's outline once a year."""

TITLES = {
    "sites": "Lokasjoner",
    "projects": "Utbyggingsprosjekter",
    "districts": "Kretser",
    "cores": "Kjerner",
    "places": "Plasser per lokasjon og år",
    "allocation": "Hvem som betjenes hvor, per år",
    "district_years": "Kretser per år",
}

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A property: its type, and what a planner calls it."""

    kind: type[Any]
    """str, int, float, bool, or date, which is an ISO string in GeoJSON."""
    title: str
    optional: bool = False
    """Of a whole number: whether it may be missing."""


Fields = dict[str, Field]


def layer(
    name: str, scenario: Document, plan: Document | None, year: int | None = None
) -> dict[str, Any]:
    """One of `MAP_LAYERS` as a FeatureCollection in WGS84, in a fixed order of features.

    Without a plan (None, or the document of a run that found none) the layers show the scenario
    alone. Raises `GeodataError`: `layer_unknown`, or `year_outside` for a year outside the
    planning period.
    """
    spec = _spec(name)
    view = _View(
        scenario, plan or {}, _checked(year, scenario), mixed=True, every_year=spec.every_year
    )
    columns = spec.fields(view)
    return geojson.collection([_feature(row, columns) for row in spec.rows(view)])


def rows(name: str, scenario: Document, plan: Document | None) -> Iterator["Row"]:
    """What features are made of, one at a time, their values under the names of `fields`.

    All have the same type of geometry: when a district has no outline, all of them are points.
    Raises `GeodataError`: `layer_unknown`.
    """
    spec = _spec(name)
    return spec.rows(_View(scenario, plan or {}, every_year=spec.every_year))


def all_layers(
    scenario: Document, plan: Document | None, year: int | None = None
) -> dict[str, Any]:
    """Each of `LAYERS` in one FeatureCollection, with a property `layer` on every feature.

    A feature's id starts with its layer, for a site and a project may have the same.
    """
    features = []
    for name in LAYERS:
        for feature in layer(name, scenario, plan, year)["features"]:
            feature["id"] = f"{name}/{feature['id']}"
            feature["properties"] = {"layer": name, **feature["properties"]}
            features.append(feature)
    return geojson.collection(features)


def fields(name: str, scenario: Document, year: int | None = None) -> Fields:
    """A layer's properties by name, in order. Raises as `layer` does."""
    return _spec(name).fields(_View(scenario, {}, _checked(year, scenario)))


@dataclass(frozen=True)
class _View:
    """What the layers are read from: the plan is empty when there is none."""

    scenario: Document
    plan: Document
    year: int | None = None
    mixed: bool = False
    """Whether a layer may have outlines and points."""
    every_year: bool = False
    """Whether people and need are counted in all years, or in those shown."""

    @property
    def years(self) -> Sequence[int]:
        """The year asked for, or all of them."""
        if self.year is not None:
            return (self.year,)
        return range(self.scenario["years"]["first"], self.scenario["years"]["last"] + 1)

    @property
    def shown(self) -> dict[int, str]:
        """The years that lasting things show figures of, with the ending of the names."""
        if self.year is not None:
            return {self.year: ""}
        return {year: f"_{year}" for year in (self.years[0], self.years[-1])}

    @cached_property
    def counted(self) -> Sequence[int]:
        """The years in which people and need are counted."""
        return self.years if self.every_year else list(self.shown)

    @cached_property
    def care_types(self) -> list[str]:
        return sorted(self.scenario["care_types"])

    @cached_property
    def districts(self) -> list[str]:
        return sorted(self.scenario["districts"])

    @cached_property
    def groups(self) -> list[str]:
        """Population groups that are given for any district."""
        districts = self.scenario["districts"].values()
        return sorted(
            {group for district in districts for group in district.get("population") or {}}
        )

    @cached_property
    def opened(self) -> Document:
        """What the plan says of each project it opens."""
        return self.plan.get("projects") or {}

    @cached_property
    def inhabitants(self) -> dict[tuple[str, str, int], float]:
        """By district, group and counted year."""
        return {
            (district, group, year): float(people)
            for group in self.groups
            for district, series in zip(
                self.districts,
                population(self.scenario, self.districts, group, self.counted),
                strict=True,
            )
            for year, people in zip(self.counted, series, strict=True)
        }

    @cached_property
    def need(self) -> dict[tuple[str, int], float]:
        """The scenario's need, all kinds together, by district and counted year."""
        needs = needs_named(self.scenario)
        total = need_places(self.scenario, self.districts, needs, self.counted).sum(axis=1)
        return {
            (district, year): float(total[i, t])
            for i, district in enumerate(self.districts)
            for t, year in enumerate(self.counted)
        }

    @cached_property
    def outlines(self) -> dict[str, geojson.Object | None]:
        """Where each district is, its point when it has no outline or not all may have one."""
        districts = self.scenario["districts"]
        outlined = self.mixed or all(spec.get("geometry") for spec in districts.values())
        return {
            district: geojson.polygon(spec["geometry"])
            if outlined and spec.get("geometry")
            else geojson.point(spec.get("location"))
            for district, spec in districts.items()
        }

    @cached_property
    def new_places(self) -> Counter[tuple[str, str, int]]:
        """Places of opened projects, by site, care type and year."""
        new: Counter[tuple[str, str, int]] = Counter()
        for project, decided in self.opened.items():
            site = self.scenario["projects"][project]["site"]
            for care_type, series in decided["places"].items():
                for year, places in series.items():
                    new[site, care_type, int(year)] += int(places)
        return new

    def all_places(self, site: str, care_type: str, year: int) -> int:
        """Places by the plan, or those that stand there when there is no plan."""
        if self.plan.get("sites"):
            planned = self.plan["sites"].get(site, {}).get("places", {})
            return int(planned.get(care_type, {}).get(str(year), 0))
        standing = self.scenario["sites"][site].get("places") or {}
        return int(step(standing.get(care_type), (year,))[0] or 0)

    def renamed(self, figures: Mapping[int, Document]) -> dict[str, Any]:
        """The figures of each shown year, under names that tell the years apart."""
        return {
            f"{name}{self.shown[year]}": value
            for year, of_year in figures.items()
            for name, value in of_year.items()
        }

    def shown_fields(self, kinds: Fields) -> Fields:
        """The fields of `renamed` figures, after the year when there is only one."""
        if self.year is not None:
            return _named("year") | kinds
        return {
            f"{name}{end}": Field(field.kind, f"{field.title} {year}")
            for year, end in self.shown.items()
            for name, field in kinds.items()
        }


@dataclass(frozen=True)
class Row:
    """A feature before its properties are put in order and typed."""

    key: str
    geometry: geojson.Object | None
    values: Document


@dataclass(frozen=True)
class _Spec:
    """How a layer is read: its properties, and its features."""

    fields: Callable[[_View], Fields]
    rows: Callable[[_View], Iterator[Row]]
    every_year: bool = False


_FIELDS: Fields = {
    "site": Field(str, "Lokasjon, id"),
    "site_title": Field(str, "Lokasjon"),
    "project": Field(str, "Prosjekt, id"),
    "district": Field(str, "Krets, id"),
    "district_title": Field(str, "Krets"),
    "core": Field(str, "Kjerne, id"),
    "title": Field(str, "Navn"),
    "kind": Field(str, "Tiltak"),
    "ownership": Field(str, "Eierform"),
    "location_quality": Field(str, "Stedfestingens kvalitet"),
    "care_types": Field(str, "Plasstyper, id"),
    "care_type": Field(str, "Plasstype, id"),
    "care_type_title": Field(str, "Plasstype"),
    "need": Field(str, "Behov, id"),
    "main": Field(bool, "Hovedsentrum"),
    "opened": Field(bool, "Åpnes i planen"),
    "opens": Field(int, "Åpner", optional=True),
    "closes": Field(int, "Stenger", optional=True),
    "year": Field(int, "År"),
    "from_date": Field(date, "Fra og med"),
    "to_date": Field(date, "Til og med"),
    "min_places": Field(int, "Minste størrelse (plasser)"),
    "max_places": Field(int, "Største størrelse (plasser)"),
    "places": Field(int, "Plasser"),
    "places_existing": Field(int, "Plasser som står i dag"),
    "places_new": Field(int, "Nye plasser"),
    "investment_nok": Field(float, "Investering etter tilskudd (kr)"),
    "need_places": Field(float, "Behov (plasser)"),
    "served_places": Field(float, "Dekket behov (plasser)"),
    "unmet_places": Field(float, "Udekket behov (plasser)"),
    "mean_minutes": Field(float, "Reisetid én vei, snitt (minutter)"),
    "minutes": Field(float, "Reisetid én vei (minutter)"),
}
_PERIOD = ("year", "from_date", "to_date")


def _named(*names: str) -> Fields:
    return {name: _FIELDS[name] for name in names}


def _spec(name: str) -> _Spec:
    if name not in _SPECS:
        raise GeodataError("layer_unknown", f"Kartlaget «{name}» finnes ikke.")
    return _SPECS[name]


def _checked(year: int | None, scenario: Document) -> int | None:
    first, last = scenario["years"]["first"], scenario["years"]["last"]
    if year is not None and not first <= year <= last:
        raise GeodataError("year_outside", f"Året {year} er utenfor planperioden {first}–{last}.")
    return year


# Sites -------------------------------------------------------------------------------------


def _site_fields(view: _View) -> Fields:
    own = _named("site", "title", "core", "ownership", "location_quality")
    return own | view.shown_fields(_place_fields(view))


def _sites(view: _View) -> Iterator[Row]:
    for site, spec in sorted(view.scenario["sites"].items()):
        yield Row(
            site,
            geojson.point(spec.get("location")),
            {
                "site": site,
                "title": spec.get("title") or site,
                "core": spec.get("core"),
                "ownership": spec.get("ownership") or "municipal",
                "location_quality": _quality(spec),
                "year": view.year,
                **view.renamed({year: _site_places(view, site, year) for year in view.shown}),
            },
        )


def _place_fields(view: _View) -> Fields:
    parts = ("places", "places_existing", "places_new")
    return _named(*parts) | {k: v for part in parts for k, v in _by_type(view, part).items()}


def _by_type(view: _View, part: str) -> Fields:
    """A number of places for each care type."""
    types = view.scenario["care_types"]
    return {
        f"{part}_{p}": Field(int, f"{_FIELDS[part].title}: {types[p].get('title') or p}")
        for p in view.care_types
    }


def _site_places(view: _View, site: str, year: int) -> dict[str, int]:
    """Places of a site: all, existing and new, together and by care type."""
    places = {p: view.all_places(site, p, year) for p in view.care_types}
    new = {p: view.new_places[site, p, year] for p in view.care_types}
    return {
        **{f"places_{p}": places[p] for p in places},
        **{f"places_existing_{p}": places[p] - new[p] for p in places},
        **{f"places_new_{p}": new[p] for p in places},
        "places": sum(places.values()),
        "places_existing": sum(places.values()) - sum(new.values()),
        "places_new": sum(new.values()),
    }


# Places: a site in a year ------------------------------------------------------------------


def _places_fields(view: _View) -> Fields:
    return _named("site", "title", "core", *_PERIOD) | _place_fields(view)


def _places(view: _View) -> Iterator[Row]:
    for site, spec in sorted(view.scenario["sites"].items()):
        for year in view.years:
            yield Row(
                f"{site}/{year}",
                geojson.point(spec.get("location")),
                {
                    "site": site,
                    "title": spec.get("title") or site,
                    "core": spec.get("core"),
                    **_period(year),
                    **_site_places(view, site, year),
                },
            )


# Projects ----------------------------------------------------------------------------------


def _project_fields(view: _View) -> Fields:
    own = ("project", "title", "site", "core", "kind", "ownership", "care_types", "opened")
    decided = ("opens", "closes", "from_date", "to_date", "year", "places")
    return (
        _named(*own, "min_places", "max_places", *decided)
        | _by_type(view, "places")
        | _named("investment_nok")
    )


def _projects(view: _View) -> Iterator[Row]:
    for project, spec in sorted((view.scenario.get("projects") or {}).items()):
        site = view.scenario["sites"][spec["site"]]
        yield Row(
            project,
            geojson.point(site.get("location")),
            {
                "project": project,
                "title": spec["title"],
                "site": spec["site"],
                "core": site.get("core"),
                "kind": spec.get("kind"),
                "ownership": spec.get("ownership") or "municipal",
                "care_types": ", ".join(spec["care_types"]),
                "min_places": spec["places"]["min"],
                "max_places": spec["places"]["max"],
                "opened": project in view.opened,
                "year": view.years[-1],
                **_decided(view, spec, view.opened.get(project) or {}),
            },
        )


def _decided(view: _View, spec: Document, decided: Document) -> dict[str, Any]:
    """What the plan decides of a project; `decided` is empty when it does not open."""
    places = decided.get("places") or {}
    size = {p: places.get(p, {}).get(str(view.years[-1]), 0) for p in view.care_types}
    return {
        "opens": decided.get("opens"),
        "closes": decided.get("closes"),
        "from_date": _first_day(decided.get("opens")),
        "to_date": _last_day_before(decided.get("closes")),
        "places": sum(size.values()),
        **{f"places_{p}": size[p] for p in size},
        "investment_nok": _net_investment_nok(spec, places) if decided else 0,
    }


def _net_investment_nok(spec: Document, places: Document) -> float:
    """Investment over the whole period, net of grants, for the largest size it reaches."""
    size: Counter[str] = Counter()
    for series in places.values():
        size.update(series)
    per_place = spec["investment_per_place_nok"] - (spec.get("grant_per_place_nok") or 0)
    return float(spec["investment_nok"] + per_place * max(size.values(), default=0))


# Districts ---------------------------------------------------------------------------------


def _district_fields(view: _View) -> Fields:
    return _named("district", "title", "core") | view.shown_fields(_key_figures(view))


def _key_figures(view: _View) -> Fields:
    planned = ("need_places", "served_places", "unmet_places", "mean_minutes")
    return _population_fields(view) | _named(*planned)


def _districts(view: _View) -> Iterator[Row]:
    for district in view.districts:
        figures = {y: _district_figures(view, district, y) for y in view.shown}
        of_year = {"year": view.year, **view.renamed(figures)}
        yield Row(district, view.outlines[district], {**_who(view, district), **of_year})


def _district_year_fields(view: _View) -> Fields:
    return _named("district", "title", "core", *_PERIOD) | _key_figures(view)


def _district_years(view: _View) -> Iterator[Row]:
    for district in view.districts:
        who = _who(view, district)
        for year in view.years:
            of_year = {**_period(year), **_district_figures(view, district, year)}
            yield Row(f"{district}/{year}", view.outlines[district], {**who, **of_year})


def _who(view: _View, district: str) -> dict[str, Any]:
    spec = view.scenario["districts"][district]
    return {
        "district": district,
        "title": spec.get("title") or district,
        "core": spec.get("core"),
    }


def _district_figures(view: _View, district: str, year: int) -> dict[str, float | None]:
    planned = (view.plan.get("districts") or {}).get(district, {}).get(str(year), {})
    return {
        **_population(view, [district], year),
        "need_places": planned["need"] if planned else view.need[district, year],
        "served_places": planned["need"] - planned["unmet"] if planned else None,
        "unmet_places": planned.get("unmet"),
        "mean_minutes": planned.get("mean_minutes"),
    }


def _population_fields(view: _View) -> Fields:
    return {f"population_{group}": Field(float, f"Innbyggere {group}") for group in view.groups}


def _population(view: _View, districts: Sequence[str], year: int) -> dict[str, float]:
    return {
        f"population_{group}": sum(
            view.inhabitants[district, group, year] for district in districts
        )
        for group in view.groups
    }


# Cores -------------------------------------------------------------------------------------


def _core_fields(view: _View) -> Fields:
    own = _named("core", "title", "main", "location_quality")
    return own | view.shown_fields(_named("places") | _population_fields(view))


def _cores(view: _View) -> Iterator[Row]:
    for core, spec in sorted((view.scenario.get("cores") or {}).items()):
        yield Row(
            core,
            geojson.point(spec.get("location")),
            {
                "core": core,
                "title": spec.get("title") or core,
                "main": spec.get("main") or False,
                "location_quality": _quality(spec),
                "year": view.year,
                **view.renamed({year: _core_figures(view, core, year) for year in view.shown}),
            },
        )


def _core_figures(view: _View, core: str, year: int) -> dict[str, float]:
    """Places at the core's sites, and inhabitants of its districts."""
    sites = [s for s, spec in view.scenario["sites"].items() if spec.get("core") == core]
    districts = [d for d in view.districts if view.scenario["districts"][d].get("core") == core]
    places = sum(view.all_places(site, p, year) for site in sites for p in view.care_types)
    return {"places": places, **_population(view, districts, year)}


# Allocation: who is served where -----------------------------------------------------------


def _allocation_fields(_: _View) -> Fields:
    where = ("district", "district_title", "need", "site", "site_title")
    people = {"places": Field(float, "Personer (plasser i bruk)")}
    what = _named("care_type", "care_type_title")
    return _named(*_PERIOD, *where) | what | people | _named("minutes")


def _allocation(view: _View) -> Iterator[Row]:
    keys = ("year", "district", "need", "site", "care_type")
    served = [share for share in view.plan.get("allocation") or [] if share["year"] in view.years]
    for share in sorted(served, key=lambda share: [share[key] for key in keys]):
        district = view.scenario["districts"][share["district"]]
        site = view.scenario["sites"][share["site"]]
        care_type = view.scenario["care_types"][share["care_type"]]
        yield Row(
            "/".join(str(share[key]) for key in keys),
            geojson.line(district.get("location"), site.get("location")),
            {
                **share,
                **_period(share["year"]),
                "district_title": district.get("title") or share["district"],
                "site_title": site.get("title") or share["site"],
                "care_type_title": care_type.get("title") or share["care_type"],
            },
        )


_SPECS = {
    "sites": _Spec(_site_fields, _sites),
    "projects": _Spec(_project_fields, _projects),
    "districts": _Spec(_district_fields, _districts),
    "cores": _Spec(_core_fields, _cores),
    "places": _Spec(_places_fields, _places),
    "allocation": _Spec(_allocation_fields, _allocation),
    "district_years": _Spec(_district_year_fields, _district_years, every_year=True),
}


# In every layer ----------------------------------------------------------------------------


def _quality(spec: Document) -> str:
    return spec.get("location_quality") or "unknown"


def _period(year: int) -> dict[str, Any]:
    return {
        "year": year,
        "from_date": _first_day(year),
        "to_date": _last_day_before(year + 1),
    }


def _first_day(year: int | None) -> str | None:
    return None if year is None else date(year, 1, 1).isoformat()


def _last_day_before(year: int | None) -> str | None:
    return None if year is None else date(year - 1, 12, 31).isoformat()


def _feature(row: Row, columns: Fields) -> geojson.Object:
    properties = {name: typed(row.values[name], field.kind) for name, field in columns.items()}
    return geojson.feature(row.key, row.geometry, properties)


def typed(value: Any, kind: type[Any]) -> Any:
    """So that 1 is 1.0 where the column is of floats; a date is already written out."""
    return value if value is None or kind is date else kind(value)
