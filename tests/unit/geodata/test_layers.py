import json
from datetime import date

import pytest

from geodata.layers import LAYERS, MAP_LAYERS, all_layers, fields, layer
from solver.domain.errors import GeodataError


def properties(name, scenario, plan, year=None):
    return {f["id"]: f["properties"] for f in layer(name, scenario, plan, year)["features"]}


def part(given, *names):
    return {name: given[name] for name in names}


def test_sites_have_the_places_of_the_first_and_the_last_year(scenario, plan):
    sites = properties("sites", scenario, plan)
    assert sites["helsehus"] == {
        "site": "helsehus",
        "title": "Lillehammer helsehus",
        "core": "sentrum",
        "ownership": "municipal",
        "location_quality": "documented",
        "places_2026": 10,
        "places_existing_2026": 10,
        "places_new_2026": 0,
        "places_hdo_2026": 0,
        "places_institution_2026": 10,
        "places_existing_hdo_2026": 0,
        "places_existing_institution_2026": 10,
        "places_new_hdo_2026": 0,
        "places_new_institution_2026": 0,
        "places_2028": 8,
        "places_existing_2028": 8,
        "places_new_2028": 0,
        "places_hdo_2028": 0,
        "places_institution_2028": 8,
        "places_existing_hdo_2028": 0,
        "places_existing_institution_2028": 8,
        "places_new_hdo_2028": 0,
        "places_new_institution_2028": 0,
    }
    assert part(sites["vestheim"], "title", "ownership", "location_quality") == {
        "title": "vestheim",
        "ownership": "non_profit",
        "location_quality": "unknown",
    }
    assert part(sites["vestheim"], "places_2028", "places_new_2028", "places_hdo_2028") == {
        "places_2028": 9,
        "places_new_2028": 9,
        "places_hdo_2028": 7,
    }


def test_sites_of_one_year_name_it_once(scenario, plan):
    vestheim = properties("sites", scenario, plan, 2027)["vestheim"]
    assert part(vestheim, "year", "places", "places_new", "places_hdo") == {
        "year": 2027,
        "places": 6,
        "places_new": 6,
        "places_hdo": 5,
    }


def test_existing_places_are_those_the_plan_leaves(scenario, plan):
    plan["sites"]["vestheim"]["places"]["hdo"]["2028"] = 11  # 7 new, 4 that stood there
    vestheim = properties("places", scenario, plan)["vestheim/2028"]
    assert part(vestheim, "places_hdo", "places_existing_hdo", "places_new") == {
        "places_hdo": 11,
        "places_existing_hdo": 4,
        "places_new": 9,
    }


def test_places_per_site_and_year(scenario, plan):
    places = properties("places", scenario, plan)
    assert list(places) == [
        f"{site}/{year}" for site in ("helsehus", "vestheim") for year in (2026, 2027, 2028)
    ]
    assert places["vestheim/2027"] == {
        "site": "vestheim",
        "title": "vestheim",
        "core": "vest",
        "year": 2027,
        "from_date": "2027-01-01",
        "to_date": "2027-12-31",
        "places": 6,
        "places_existing": 0,
        "places_new": 6,
        "places_hdo": 5,
        "places_institution": 1,
        "places_existing_hdo": 0,
        "places_existing_institution": 0,
        "places_new_hdo": 5,
        "places_new_institution": 1,
    }
    assert list(properties("places", scenario, plan, 2028)) == ["helsehus/2028", "vestheim/2028"]


def test_an_opened_project(scenario, plan):
    collection = layer("projects", scenario, plan)
    assert collection["features"][0]["geometry"]["coordinates"] == [10.38, 61.14]
    # 1 MNOK and, for each of the nine places it ends with, 2 MNOK less a grant of 0.5 MNOK.
    assert collection["features"][0]["properties"] == {
        "project": "nybygg",
        "title": "Nybygg på Vestheim",
        "site": "vestheim",
        "core": "vest",
        "kind": "new",
        "ownership": "municipal",
        "care_types": "hdo, institution",
        "opened": True,
        "min_places": 0,
        "max_places": 20,
        "opens": 2027,
        "closes": None,
        "from_date": "2027-01-01",
        "to_date": None,
        "year": 2028,
        "places": 9,
        "places_hdo": 7,
        "places_institution": 2,
        "investment_nok": 14_500_000.0,
    }


def test_project_places_are_of_the_year_asked_for(scenario, plan):
    project = properties("projects", scenario, plan, 2027)["nybygg"]
    assert part(project, "year", "places", "opens") == {"year": 2027, "places": 6, "opens": 2027}


def test_a_project_that_has_closed_keeps_its_investment(scenario, plan):
    plan["projects"]["nybygg"] |= {"closes": 2028, "places": {"hdo": {"2027": 5}}}
    project = properties("projects", scenario, plan)["nybygg"]
    assert part(project, "closes", "places", "investment_nok") == {
        "closes": 2028,
        "places": 0,
        "investment_nok": 8_500_000.0,
    }


def test_districts_are_outlines_or_points_with_key_figures(scenario, plan):
    by, land = layer("districts", scenario, plan)["features"]
    assert by["geometry"]["type"] == "Polygon"
    assert by["bbox"] == [10.4, 61.1, 10.6, 61.2]
    assert land["geometry"] == {"type": "Point", "coordinates": [10.3, 61.1]}
    assert by["properties"] == {
        "district": "by",
        "title": "Byen",
        "core": "sentrum",
        "population_80+_2026": 100.0,
        "need_places_2026": 16.0,
        "served_places_2026": 10.0,
        "unmet_places_2026": 6.0,
        "mean_minutes_2026": 1.5,
        "population_80+_2028": 200.0,
        "need_places_2028": 40.0,
        "served_places_2028": 40.0,
        "unmet_places_2028": 0.0,
        "mean_minutes_2028": 2.5,
    }
    assert land["properties"]["mean_minutes_2026"] is None


def test_districts_of_one_year(scenario, plan):
    by = properties("districts", scenario, plan, 2027)["by"]
    assert part(by, "year", "population_80+", "need_places", "mean_minutes") == {
        "year": 2027,
        "population_80+": 150.0,
        "need_places": 24.0,
        "mean_minutes": 2.0,
    }


def test_districts_per_year(scenario, plan):
    years = properties("district_years", scenario, plan)
    assert list(years) == [f"{d}/{y}" for d in ("by", "land") for y in (2026, 2027, 2028)]
    assert years["by/2027"] == {
        "district": "by",
        "title": "Byen",
        "core": "sentrum",
        "year": 2027,
        "from_date": "2027-01-01",
        "to_date": "2027-12-31",
        "population_80+": 150.0,
        "need_places": 24.0,
        "served_places": 20.0,
        "unmet_places": 4.0,
        "mean_minutes": 2.0,
    }
    assert list(properties("district_years", scenario, plan, 2028)) == ["by/2028", "land/2028"]


def test_fields_have_the_titles_that_planners_read(scenario):
    titles = {name: field.title for name, field in fields("places", scenario).items()}
    assert part(titles, "places_existing_hdo", "places_new", "year") == {
        "places_existing_hdo": "Plasser som står i dag: HDO-plass",
        "places_new": "Nye plasser",
        "year": "År",
    }
    assert fields("districts", scenario)["population_80+_2028"].title == "Innbyggere 80+ 2028"


def test_a_project_that_closes_stands_to_the_end_of_the_year_before(scenario, plan):
    plan["projects"]["nybygg"]["closes"] = 2028
    project = properties("projects", scenario, plan)["nybygg"]
    assert part(project, "from_date", "to_date") == {
        "from_date": "2027-01-01",
        "to_date": "2027-12-31",
    }


def test_cores_sum_their_sites_and_districts(scenario, plan):
    cores = layer("cores", scenario, plan)["features"]
    assert cores[0]["geometry"]["coordinates"] == [10.466281, 61.11514]
    assert cores[1]["geometry"] is None
    assert cores[1]["properties"] == {
        "core": "vest",
        "title": "vest",
        "main": False,
        "location_quality": "missing",
        "places_2026": 0,
        "population_80+_2026": 50.0,
        "places_2028": 9,
        "population_80+_2028": 50.0,
    }


def test_allocation_is_lines_from_district_to_site(scenario, plan):
    by, land = layer("allocation", scenario, plan)["features"]
    assert [by["id"], land["id"]] == [
        "2027/by/hdo/vestheim/hdo",
        "2028/land/hdo/vestheim/hdo",
    ]
    assert by["geometry"] == {
        "type": "LineString",
        "coordinates": [[10.47, 61.12], [10.38, 61.14]],
    }
    assert by["properties"] == {
        "year": 2027,
        "from_date": "2027-01-01",
        "to_date": "2027-12-31",
        "district": "by",
        "district_title": "Byen",
        "need": "hdo",
        "site": "vestheim",
        "site_title": "vestheim",
        "care_type": "hdo",
        "care_type_title": "HDO-plass",
        "places": 5.0,
        "minutes": 7.0,
    }
    assert list(properties("allocation", scenario, plan, 2028)) == [land["id"]]


def test_an_allocation_to_or_from_nowhere_has_no_line(scenario, plan):
    scenario["sites"]["vestheim"]["location"] = None
    geometries = [f["geometry"] for f in layer("allocation", scenario, plan)["features"]]
    assert geometries == [None, None]


@pytest.mark.parametrize(
    "no_plan",
    [
        None,
        {},
        {"outcome": "infeasible", "projects": {}, "sites": {}, "districts": {}, "allocation": []},
        {"projects": None, "sites": None, "districts": None, "allocation": None},
    ],
)
def test_without_a_plan_the_scenario_is_shown_alone(scenario, no_plan):
    assert layer("allocation", scenario, no_plan)["features"] == []
    project = properties("projects", scenario, no_plan)["nybygg"]
    assert part(project, "opened", "opens", "places", "investment_nok") == {
        "opened": False,
        "opens": None,
        "places": 0,
        "investment_nok": 0.0,
    }
    helsehus = properties("places", scenario, no_plan)["helsehus/2028"]
    assert part(helsehus, "places", "places_existing", "places_new") == {
        "places": 8,
        "places_existing": 8,
        "places_new": 0,
    }
    by = properties("districts", scenario, no_plan, 2027)["by"]
    assert part(by, "need_places", "unmet_places", "mean_minutes") == {
        "need_places": 24.0,  # 16 % of 150
        "unmet_places": None,
        "mean_minutes": None,
    }


@pytest.mark.parametrize("year", [None, 2026, 2028])
@pytest.mark.parametrize("name", MAP_LAYERS)
def test_every_feature_has_every_property_with_its_type(scenario, plan, name, year):
    columns = fields(name, scenario, year)
    features = layer(name, scenario, plan, year)["features"]
    for feature in features:
        assert list(feature["properties"]) == list(columns)
        for column, value in feature["properties"].items():
            written = str if columns[column].kind is date else columns[column].kind
            assert value is None or type(value) is written
    assert len({feature["id"] for feature in features}) == len(features)


@pytest.mark.parametrize("year", [None, 2027])
def test_all_layers_in_one_collection(scenario, plan, year):
    together = all_layers(scenario, plan, year)
    apart = [f for name in LAYERS for f in layer(name, scenario, plan, year)["features"]]
    assert [f["geometry"] for f in together["features"]] == [f["geometry"] for f in apart]
    assert {f["properties"]["layer"] for f in together["features"]} == set(LAYERS)
    assert together["features"][0]["id"] == "sites/helsehus"
    assert len({f["id"] for f in together["features"]}) == len(apart)
    assert together["bbox"] == [10.3, 61.1, 10.6, 61.2]
    assert "crs" not in together


def test_layers_are_json_without_nan(scenario, plan):
    assert json.loads(json.dumps(all_layers(scenario, plan), allow_nan=False)) == all_layers(
        scenario, plan
    )


def test_a_horizon_of_one_year_shows_it_once(scenario):
    scenario["years"] = {"first": 2026, "last": 2026}
    assert [name for name in fields("cores", scenario) if name.startswith("places")] == [
        "places_2026"
    ]


def test_the_optional_collections_may_be_missing(scenario):
    for name in ("cores", "projects"):
        del scenario[name]
        assert layer(name, scenario, None)["features"] == []


@pytest.mark.parametrize("year", [2025, 2029])
def test_a_year_outside_the_period_is_refused(scenario, year):
    with pytest.raises(GeodataError, match="2026–2028") as raised:
        layer("sites", scenario, None, year)
    assert raised.value.code == "year_outside"


def test_an_unknown_layer_is_refused(scenario):
    with pytest.raises(GeodataError, match="«roads»") as raised:
        layer("roads", scenario, None)
    assert raised.value.code == "layer_unknown"
