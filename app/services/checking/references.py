"""Every id that is named exists, and no list names the same one twice."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from app.schemas.issues import did_you_mean, pointer, shown
from app.schemas.scenario import Scenario
from solver.domain.errors import Issue

Place = tuple[str | int, ...]
Reference = tuple[Place, str]
"""Where an id is named, and the id."""


def cores_exist(scenario: Scenario) -> Iterator[Issue]:
    """Cores of districts, of sites, and of the core coverage target."""
    named = _cores_named(scenario)
    return _unknown(named, scenario.cores or {}, "Kjernen {} finnes ikke.", "under «cores»")


def care_types_exist(scenario: Scenario) -> Iterator[Issue]:
    """Care types of places, projects and policies."""
    named = _care_types_named(scenario)
    return _unknown(named, scenario.care_types, "Plasstypen {} finnes ikke.", "under «care_types»")


def sites_exist(scenario: Scenario) -> Iterator[Issue]:
    """Sites of projects and of the travel matrix in use."""
    named = _sites_named(scenario)
    return _unknown(named, scenario.sites, "Lokasjonen {} finnes ikke.", "under «sites»")


def districts_exist(scenario: Scenario) -> Iterator[Issue]:
    """Districts of the travel matrix in use."""
    rows = _matrix(scenario).items()
    named = (ref for site, row in rows for ref in _keyed(("travel", "minutes", site), row))
    return _unknown(named, scenario.districts, "Kretsen {} finnes ikke.", "under «districts»")


def projects_exist(scenario: Scenario) -> Iterator[Issue]:
    """Projects that others require or exclude, and that policies require or forbid."""
    named = _projects_named(scenario)
    return _unknown(
        named, scenario.projects or {}, "Prosjektet {} finnes ikke.", "under «projects»"
    )


def populations_exist(scenario: Scenario) -> Iterator[Issue]:
    """Population groups that need and targets are counted from."""
    given = {name for district in scenario.districts.values() for name in district.population or {}}
    named = _populations_named(scenario)
    return _unknown(
        named, given, "Ingen krets har befolkningsgruppen {}.", "i «population» hos kretsene"
    )


def needs_are_served(scenario: Scenario) -> Iterator[Issue]:
    """Needs of the basis in use are served by some care type."""
    served = {need for care_type in scenario.care_types.values() for need in care_type.serves}
    return _unknown(
        _needs_named(scenario),
        served,
        "Ingen plasstype dekker behovet {}.",
        "i «serves» hos en plasstype",
    )


def lists_name_once(scenario: Scenario) -> Iterator[Issue]:
    """No list of ids has the same one twice."""
    for place, names in _lists(scenario):
        seen: set[str] = set()
        for index, name in enumerate(names or ()):
            if name in seen:
                yield Issue(
                    pointer(*place, index),
                    "duplicate_item",
                    f"{shown(name)} står mer enn én gang i listen.",
                    "Fjern gjentakelsen.",
                )
            seen.add(name)


def _unknown(
    named: Iterable[Reference], known: Collection[str], sentence: str, home: str
) -> Iterator[Issue]:
    for place, name in named:
        if name not in known:
            yield Issue(
                pointer(*place),
                "unknown_id",
                sentence.format(shown(name)),
                f"{did_you_mean(name, known)}Rett id-en, eller legg den til {home}.",
            )


def _keyed(place: Place, members: Iterable[str] | None) -> Iterator[Reference]:
    return (((*place, name), name) for name in members or ())


def _listed(place: Place, names: Iterable[str] | None) -> Iterator[Reference]:
    return (((*place, index), name) for index, name in enumerate(names or ()))


def _matrix(scenario: Scenario) -> Mapping[str, Mapping[str, float]]:
    """The matrix in use; one that another basis leaves unread may stand as it is."""
    return (scenario.travel.minutes or {}) if scenario.travel.basis == "matrix" else {}


def _cores_named(scenario: Scenario) -> Iterator[Reference]:
    for district_id, district in scenario.districts.items():
        if district.core is not None:
            yield ("districts", district_id, "core"), district.core
    for site_id, site in scenario.sites.items():
        if site.core is not None:
            yield ("sites", site_id, "core"), site.core
    if scenario.targets and scenario.targets.core_coverage:
        target = scenario.targets.core_coverage
        yield from _keyed(("targets", "core_coverage", "ratio"), target.cores_named())


def _care_types_named(scenario: Scenario) -> Iterator[Reference]:
    for site_id, site in scenario.sites.items():
        yield from _keyed(("sites", site_id, "places"), site.places)
    for project_id, project in (scenario.projects or {}).items():
        here = ("projects", project_id)
        yield from _listed((*here, "care_types"), project.care_types)
        yield from _keyed((*here, "removes"), project.removes)
    if scenario.policies:
        yield from _listed(("policies", "keep_places"), scenario.policies.keep_places)


def _sites_named(scenario: Scenario) -> Iterator[Reference]:
    for project_id, project in (scenario.projects or {}).items():
        yield ("projects", project_id, "site"), project.site
    yield from _keyed(("travel", "minutes"), _matrix(scenario))


def _projects_named(scenario: Scenario) -> Iterator[Reference]:
    for place, names in _lists(scenario):
        if place[-1] in ("requires", "excludes", "required_projects", "forbidden_projects"):
            yield from _listed(place, names)


def _populations_named(scenario: Scenario) -> Iterator[Reference]:
    need, targets = scenario.need, scenario.targets
    if need.basis == "coverage" and need.population is not None:
        yield ("need", "population"), need.population
    if targets and targets.coverage:
        yield ("targets", "coverage", "population"), targets.coverage.population
    if targets and targets.core_coverage:
        yield ("targets", "core_coverage", "population"), targets.core_coverage.population


def _needs_named(scenario: Scenario) -> Iterator[Reference]:
    if scenario.need.basis == "coverage":
        yield from _keyed(("need", "mix"), scenario.need.mix)
    else:
        for district_id, district in scenario.districts.items():
            yield from _keyed(("districts", district_id, "need"), district.need)


def _lists(scenario: Scenario) -> Iterator[tuple[Place, list[str] | None]]:
    for care_type_id, care_type in scenario.care_types.items():
        yield ("care_types", care_type_id, "serves"), care_type.serves
    for project_id, project in (scenario.projects or {}).items():
        here = ("projects", project_id)
        yield (*here, "care_types"), project.care_types
        yield (*here, "requires"), project.requires
        yield (*here, "excludes"), project.excludes
    if scenario.policies:
        policies = scenario.policies
        yield ("policies", "required_projects"), policies.required_projects
        yield ("policies", "forbidden_projects"), policies.forbidden_projects
        yield ("policies", "keep_places"), policies.keep_places
