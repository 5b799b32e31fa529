import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from app.services.checking import check_scenario
from geodata import bundled
from geodata.crs import geodesic_km
from geodata.need import population
from geodata.series import exact, step
from geodata.travel import travel_minutes
from solver.domain.errors import InputError

NAMES = bundled.names()
LILLEHAMMER, FIGURE_8 = NAMES


@pytest.fixture(scope="module", params=NAMES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return bundled.load(request.param)


@pytest.fixture(scope="module")
def lillehammer() -> dict[str, Any]:
    return bundled.load(LILLEHAMMER)


@pytest.fixture(scope="module")
def figure_8() -> dict[str, Any]:
    return bundled.load(FIGURE_8)


# --- the documents


def test_names_are_those_of_the_contract() -> None:
    assert NAMES == ("lillehammer", "lillehammer-2018")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="«lillehammer», «lillehammer-2018»") as caught:
        bundled.load("hamar")
    assert caught.value.code == "unknown_example"


def test_every_load_gives_a_copy_of_its_own() -> None:
    first = bundled.load(LILLEHAMMER)
    kept = copy.deepcopy(first)
    first["projects"].clear()
    first["sources"]["/years"]["note"] = "endret"
    first["districts"]["34050101"]["geometry"]["coordinates"].clear()
    assert bundled.load(LILLEHAMMER) == kept


def test_notes_are_not_shared_within_a_document(lillehammer: dict[str, Any]) -> None:
    entries = lillehammer["sources"].values()
    assert len({id(entry) for entry in entries}) == len(entries)


def test_the_document_is_plain_json_and_passes_every_check(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    check_scenario(document)


def test_the_files_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert bundled.load(LILLEHAMMER)["municipality"] == {"code": "3405", "name": "Lillehammer"}


def test_the_scenarios_share_what_is_not_a_choice(
    lillehammer: dict[str, Any], figure_8: dict[str, Any]
) -> None:
    for part in ("cores", "travel", "objective", "municipality"):
        assert lillehammer[part] == figure_8[part]


# --- inhabitants


def total(document: dict[str, Any], year: int) -> Fraction:
    districts = tuple(document["districts"])
    return sum((each[0] for each in population(document, districts, "80+", [year])), Fraction(0))


@pytest.mark.parametrize(
    ("name", "year", "inhabitants"),
    [
        (LILLEHAMMER, 2005, 1380),
        (LILLEHAMMER, 2018, 1463),
        (LILLEHAMMER, 2026, 1838),
        (LILLEHAMMER, 2031, 2166),
        (LILLEHAMMER, 2036, 2373),
        (LILLEHAMMER, 2041, 2516),
        (LILLEHAMMER, 2046, 2533),
        (FIGURE_8, 2018, 1441),
        (FIGURE_8, 2028, 2065),
    ],
)
def test_districts_sum_exactly_to_the_municipality(name: str, year: int, inhabitants: int) -> None:
    assert total(bundled.load(name), year) == inhabitants


def test_every_given_year_sums_to_a_whole_number(document: dict[str, Any]) -> None:
    series = [district["population"]["80+"] for district in document["districts"].values()]
    for year in series[0]:
        figures = [Decimal(repr(each[year])) for each in series]
        assert sum(figures) % 1 == 0
        assert all(figure == round(figure, 2) for figure in figures)


def test_a_district_has_its_share_of_the_persons_of_2016(lillehammer: dict[str, Any]) -> None:
    jevne = lillehammer["districts"]["34050101"]["population"]["80+"]["2026"]
    assert jevne == pytest.approx(1838 * 560 / 27434, abs=0.01)


def test_maihaugen_has_no_inhabitants_and_says_why(document: dict[str, Any]) -> None:
    maihaugen = document["districts"]["34050402"]
    assert maihaugen["title"] == "Maihaugen"
    assert set(maihaugen["population"]["80+"].values()) == {0}
    assert "mangler" in document["sources"]["/districts/34050402/population"]["note"]


# --- figure 8


def test_figure_8_row_by_row(figure_8: dict[str, Any]) -> None:
    rows = {
        (site, care_type): tuple(int(places or 0) for places in step(series, [2018, 2028]))
        for site, given in figure_8["sites"].items()
        for care_type, series in given.get("places", {}).items()
        if care_type != "care_home"
    }
    assert rows == {
        ("skarsetlia", "hdo"): (0, 0),
        ("gartnerhagen", "hdo"): (32, 47),
        ("helsehus", "institution"): (188, 188),
        ("skarsetlia", "institution"): (12, 12),
        ("gartnerhagen", "institution"): (16, 16),
        ("sore-al", "institution"): (12, 12),
    }


def counted(document: dict[str, Any], year: int) -> int:
    counting = {
        p for p, given in document["care_types"].items() if given["counts_towards_coverage"]
    }
    return sum(
        int(step(series, [year])[0] or 0)
        for site in document["sites"].values()
        for care_type, series in site.get("places", {}).items()
        if care_type in counting
    )


@pytest.mark.parametrize(
    ("year", "places", "per_cent", "at_reference", "deviations"),
    [
        (2018, 260, 18, (231, 259, 288), (29, 1, -28)),
        (2028, 275, 13, (330, 372, 413), (-55, -97, -138)),
    ],
)
def test_figure_8_totals(
    figure_8: dict[str, Any],
    year: int,
    places: int,
    per_cent: int,
    at_reference: tuple[int, ...],
    deviations: tuple[int, ...],
) -> None:
    people = total(figure_8, year)
    ratios = [exact(ratio) for ratio in figure_8["targets"]["coverage"]["reference_ratios"]]
    needed = tuple(int(ratio * people + Fraction(1, 2)) for ratio in ratios)
    assert counted(figure_8, year) == places
    assert round(100 * places / people) == per_cent
    assert needed == at_reference
    assert tuple(places - each for each in needed) == deviations


def test_the_fifteen_flats_come_in_the_first_year_that_needs_them(
    figure_8: dict[str, Any],
) -> None:
    ratio = exact(figure_8["need"]["ratio"])
    needed = {year: ratio * total(figure_8, year) for year in range(2018, 2029)}
    assert min(year for year, places in needed.items() if places > 260) == 2027
    assert all(counted(figure_8, year) >= places for year, places in needed.items())
    assert "gartnerhagen-1-etasje" not in figure_8["projects"]


def test_2018_has_one_need_and_neither_target_nor_limits(figure_8: dict[str, Any]) -> None:
    serving = {p for p, given in figure_8["care_types"].items() if given["serves"] == ["heldogn"]}
    assert serving == {"hdo", "institution"}
    assert "ratio" not in figure_8["targets"]["coverage"]
    assert not {"staffing", "budget"} & set(figure_8)


def test_2018_projects_open_from_2020_and_can_reach_20_per_cent(figure_8: dict[str, Any]) -> None:
    projects = figure_8["projects"].values()
    assert min(project["opens"]["earliest"] for project in projects) >= 2020
    assert capacity(figure_8, 2028) >= 138


def test_lead_times_are_those_of_lillehammer_from_2020(
    lillehammer: dict[str, Any], figure_8: dict[str, Any]
) -> None:
    for project_id, project in figure_8["projects"].items():
        later = lillehammer["projects"][project_id]["opens"]["earliest"]
        assert project["opens"]["earliest"] - 2020 == later - 2026


# --- candidate projects


def capacity(document: dict[str, Any], year: int) -> int:
    """New counted places that municipal projects can give at most, of each excluding pair one."""
    chosen: dict[str, int] = {}
    for project_id, project in document["projects"].items():
        if project["ownership"] != "municipal" or project["opens"]["earliest"] > year:
            continue
        if project["care_types"] == ["care_home"] or project.get("available_years"):
            continue
        if not chosen.keys() & set(project.get("excludes", ())):
            chosen[project_id] = project["places"]["max"]
    return sum(chosen.values())


def test_there_is_a_choice_of_projects(document: dict[str, Any]) -> None:
    projects = document["projects"].values()
    assert len(projects) >= 20
    assert {project["ownership"] for project in projects} == {
        "municipal",
        "non_profit",
        "private",
        "public_private",
    }
    assert any(project.get("available_years") for project in projects)
    assert any(project.get("excludes") for project in projects)
    assert document["projects"]["helsehus-trinn-2"]["requires"] == ["helsehus-trinn-1"]


def test_new_places_may_come_in_every_core(document: dict[str, Any]) -> None:
    sites = document["sites"]
    with_projects = {
        sites[project["site"]].get("core")
        for project in document["projects"].values()
        if project["care_types"] != ["care_home"] and project["ownership"] == "municipal"
    }
    assert with_projects >= set(document["cores"])


def test_nothing_is_opened_for_nothing(document: dict[str, Any]) -> None:
    for project in document["projects"].values():
        fixed = project["investment_nok"] + project.get("operating_cost_nok", 0)
        per_place = project["investment_per_place_nok"] - project.get("grant_per_place_nok", 0)
        running = min(
            document["care_types"][care_type]["operating_cost_nok"]
            for care_type in project["care_types"]
        )
        assert fixed + project["places"]["min"] * (per_place + running) > 0


def test_the_homes_lost_at_skarsetlia_can_be_replaced(document: dict[str, Any]) -> None:
    lost = document["sites"]["skarsetlia"]["places"]["care_home"]["2018"]
    removing = [p for p in document["projects"].values() if p.get("removes")]
    replacing = [p for p in document["projects"].values() if p["care_types"] == ["care_home"]]
    assert document["policies"]["keep_places"] == ["care_home"]
    assert [project["removes"] for project in removing] == [{"care_home": lost}] * 2
    assert sum(project["places"]["max"] for project in replacing) >= lost
    assert max(project["opens"]["earliest"] for project in replacing) <= min(
        project["opens"]["earliest"] for project in removing
    )


# --- lillehammer: can the target be met?


def fte_of_existing(document: dict[str, Any]) -> Fraction:
    return sum(
        (
            int(step(series, [2026])[0] or 0)
            * exact(document["care_types"][care_type]["fte_per_place"]["all"])
            for site in document["sites"].values()
            for care_type, series in site.get("places", {}).items()
        ),
        Fraction(0),
    )


def missing_at_16_per_cent(document: dict[str, Any], year: int) -> int:
    return int(Fraction(16, 100) * total(document, year) + Fraction(1, 2)) - counted(document, year)


def test_staff_are_given_for_every_year_and_grow(lillehammer: dict[str, Any]) -> None:
    available = lillehammer["staffing"]["available_fte"]["all"]
    years = range(lillehammer["years"]["first"], lillehammer["years"]["last"] + 1)
    assert list(available) == [str(year) for year in years]
    assert list(available.values()) == sorted(set(available.values()))


def test_staff_reach_for_the_target_if_most_new_places_are_hdo(
    lillehammer: dict[str, Any],
) -> None:
    existing = fte_of_existing(lillehammer)
    assert existing == Fraction("253.6")
    for year, available in lillehammer["staffing"]["available_fte"]["all"].items():
        if int(year) >= 2030:
            missing = missing_at_16_per_cent(lillehammer, int(year))
            assert existing + Fraction("0.8") * missing < available
            assert existing + Fraction("1.2") * missing > available


def test_staff_of_2026_do_not_reach_for_16_per_cent_in_2028(lillehammer: dict[str, Any]) -> None:
    frozen = lillehammer["staffing"]["available_fte"]["all"]["2026"]
    least = fte_of_existing(lillehammer) + Fraction("0.8") * missing_at_16_per_cent(
        lillehammer, 2028
    )
    assert least == Fraction("297.6")
    assert least - frozen > 20


@pytest.mark.parametrize("year", range(2030, 2041))
def test_projects_can_reach_the_target(lillehammer: dict[str, Any], year: int) -> None:
    assert capacity(lillehammer, year) > missing_at_16_per_cent(lillehammer, year)


def test_ownership_policy_forbids_some_projects_and_allows_non_profit(
    lillehammer: dict[str, Any],
) -> None:
    allowed = lillehammer["policies"]["allowed_ownership"]
    assert allowed == ["municipal", "non_profit"]
    forbidden = {
        project_id
        for project_id, project in lillehammer["projects"].items()
        if project["ownership"] not in allowed
    }
    assert forbidden == {"helsehus-ops", "privat-sykehjem"}


# --- sources


def number_pointers(value: Any, pointer: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from number_pointers(item, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from number_pointers(item, f"{pointer}/{index}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield pointer


def resolves(document: dict[str, Any], pointer: str) -> bool:
    value = document
    for key in pointer.split("/")[1:]:
        if key not in value:
            return False
        value = value[key]
    return True


def ancestors(pointer: str) -> Iterator[str]:
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]


def test_every_number_has_a_source(document: dict[str, Any]) -> None:
    sources = document["sources"]
    figures = {key: value for key, value in document.items() if key != "sources"}
    unsourced = [
        pointer
        for pointer in number_pointers(figures)
        if not any(each in sources for each in ancestors(pointer))
    ]
    assert unsourced == []


def test_every_source_speaks_for_something_in_the_document(document: dict[str, Any]) -> None:
    assert [pointer for pointer in document["sources"] if not resolves(document, pointer)] == []


def test_every_source_has_a_reason(document: dict[str, Any]) -> None:
    assert all(len(source["note"]) > 30 for source in document["sources"].values())


def test_projects_are_sourced_figure_by_figure(document: dict[str, Any]) -> None:
    figures = {
        f"/projects/{project_id}/{field}"
        for project_id, project in document["projects"].items()
        for field, value in project.items()
        if any(number_pointers(value))
    }
    assert figures <= set(document["sources"])


# --- positions and outlines


def test_the_helsehus_is_shown_as_a_stand_in(document: dict[str, Any]) -> None:
    helsehus = document["sites"]["helsehus"]
    assert helsehus["location_quality"] == "missing"
    assert helsehus["location"] == document["cores"]["sentrum"]["location"]
    assert "stedfortreder" in document["sources"]["/sites/helsehus/location"]["note"]


@pytest.mark.parametrize("collection", ["cores", "sites"])
def test_every_position_says_how_good_it_is(document: dict[str, Any], collection: str) -> None:
    assert all("location_quality" in place for place in document[collection].values())


@pytest.mark.parametrize(
    ("place", "quality"),
    [
        ("/cores/sentrum", "documented"),
        ("/cores/royslimoen", "secondary"),
        ("/cores/vingar", "proxy"),
        ("/sites/sore-al", "proxy"),
        ("/sites/gartnerhagen", "guess"),
        ("/sites/skarsetlia", "guess"),
    ],
)
def test_quality_of_positions(document: dict[str, Any], place: str, quality: str) -> None:
    _, collection, place_id = place.split("/")
    assert document[collection][place_id]["location_quality"] == quality


def test_sixty_districts_tile_the_municipality(document: dict[str, Any]) -> None:
    districts = document["districts"].values()
    outlines = np.array([shape(district["geometry"]) for district in districts], dtype=object)
    points = shapely.points([district["location"] for district in districts])
    assert len(outlines) == 60
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)
    assert shapely.union_all(outlines).geom_type == "Polygon"
    assert shapely.within(points, outlines).all()


def test_outlines_are_right_handed_and_have_five_decimals(document: dict[str, Any]) -> None:
    for district in document["districts"].values():
        outline = shape(district["geometry"])
        for polygon in getattr(outline, "geoms", [outline]):
            assert polygon.exterior.is_ccw
        coordinates = shapely.get_coordinates(outline)
        assert np.array_equal(coordinates, np.round(coordinates, 5))


def test_districts_lie_in_lillehammer(document: dict[str, Any]) -> None:
    outlines = [shape(district["geometry"]) for district in document["districts"].values()]
    west, south, east, north = shapely.total_bounds(outlines)
    assert 10.0 < west < east < 10.9
    assert 61.0 < south < north < 61.3


def test_a_district_of_sore_al_belongs_to_the_nearer_of_its_two_cores(
    document: dict[str, Any],
) -> None:
    cores = ["royslimoen", "sore-al"]
    ends = np.array([document["cores"][core]["location"] for core in cores])
    for number, district in document["districts"].items():
        if number.startswith("340507"):  # delområdet Søre Ål
            nearest = geodesic_km(np.array(district["location"]), ends).argmin()
            assert district["core"] == cores[nearest]


# --- Mjøsa and Lågen

WEST_IN_FABERG = {
    "Jørstadmoen",
    "Roland",
    "Vestre Buvollen",
    "Jørstad",
    "Østre Buvollen",
    "Dal",
}
WEST_CORES = {"vingrom", "vingar", "jorstadmoen"}


def test_a_straight_line_meets_the_barrier_when_its_ends_lie_on_either_side(
    lillehammer: dict[str, Any],
) -> None:
    sites = [site for site in lillehammer["sites"] if site != "oyer"]  # beyond the line's end
    districts = list(lillehammer["districts"])
    dry = lillehammer | {"travel": {**lillehammer["travel"], "barriers": {}}}
    penalty = travel_minutes(lillehammer, sites, districts) - travel_minutes(dry, sites, districts)
    met = {
        (lillehammer["districts"][district]["title"], site)
        for row, site in zip(penalty, sites, strict=True)
        for added, district in zip(row, districts, strict=True)
        if added > 0
    }
    apart = {
        (district["title"], site)
        for site in sites
        for district in lillehammer["districts"].values()
        if district_is_west(district) != (lillehammer["sites"][site]["core"] in WEST_CORES)
    }
    assert met == apart


def district_is_west(district: dict[str, Any]) -> bool:
    if district["core"] == "jorstadmoen":
        return district["title"] in WEST_IN_FABERG
    return district["core"] in WEST_CORES
