import numpy as np
import pytest

from geodata.crs import CRS84, CRSS
from geodata.selection import Selection, select
from geodata.tables import table

LATITUDE_FIRST = CRSS[1]
UTM32 = CRSS[2]


def chosen(layer, **wanted):
    wanted.setdefault("crs", CRS84)
    return [layer.ids[index] for index in select(layer, Selection(**wanted))]


def second(text):
    return None if text is None else np.datetime64(text, "s")


def test_a_box_takes_what_it_touches_and_nothing_without_a_place(scenario, plan):
    cores = table("cores", scenario, plan)
    assert chosen(cores, boxes=[(10.4, 61, 10.5, 62)]) == ["sentrum"]
    assert chosen(cores, boxes=[(-180, -90, 180, 90)]) == ["sentrum"]
    assert chosen(cores, boxes=[(10.5, 61, 10.6, 62)]) == []
    assert chosen(cores, boxes=[(0, 0, 1, 1), (10.466281, 61.11514, 11, 62)]) == ["sentrum"]
    assert chosen(cores) == ["sentrum", "vest"]


def test_a_box_follows_the_axes_of_its_system(scenario, plan):
    cores = table("cores", scenario, plan)
    assert chosen(cores, crs=LATITUDE_FIRST, boxes=[(61, 10.4, 62, 10.5)]) == ["sentrum"]
    assert chosen(cores, crs=LATITUDE_FIRST, boxes=[(10.4, 61, 10.5, 62)]) == []
    assert chosen(cores, crs=UTM32, boxes=[(578_000, 6_776_000, 580_000, 6_777_000)]) == ["sentrum"]


def test_a_box_in_a_hole_or_a_corner_touches_nothing(scenario, plan):
    outline = scenario["districts"]["by"]["geometry"]
    scenario["districts"]["land"]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[10, 60], [10.2, 60], [10, 60.2], [10, 60]]],
    }
    districts = table("districts", scenario, plan)
    assert chosen(districts, boxes=[(10.512, 61.143, 10.514, 61.145)]) == []
    assert chosen(districts, boxes=[(10.19, 60.19, 10.2, 60.2)]) == []
    assert chosen(districts, boxes=[(10.0, 60.0, 10.05, 60.05)]) == ["land"]
    assert outline["coordinates"]


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2027-06-01", "2027-06-01", [2027]),
        ("2027-12-31T23:59:59", "2028-01-01", [2027, 2028]),
        (None, "2026-12-31", [2026]),
        ("2028-01-01", None, [2028]),
        (None, None, [2026, 2027, 2028]),
        ("2029-01-01", None, []),
        (None, "2025-12-31T23:59:59", []),
    ],
)
def test_time_takes_what_lasts_then(scenario, plan, start, end, years):
    places = table("places", scenario, plan)
    found = chosen(places, interval=(second(start), second(end)), values={"site": "helsehus"})
    assert found == [f"helsehus/{year}" for year in years]


def test_what_has_no_end_lasts_and_what_has_no_dates_is_always_there(scenario, plan):
    scenario["projects"]["other"] = scenario["projects"]["nybygg"]
    projects = table("projects", scenario, plan)
    assert chosen(projects, interval=(second("2090-01-01"), None)) == ["nybygg", "other"]
    assert chosen(projects, interval=(None, second("2026-12-31"))) == ["other"]
    sites = table("sites", scenario, plan)
    assert len(chosen(sites, interval=(second("1900-01-01"), second("1900-01-01")))) == 2


def test_values_are_equal_and_what_is_unknown_equals_nothing(scenario, plan):
    districts = table("district_years", scenario, plan)
    assert chosen(districts, values={"year": 2026, "title": "Byen"}) == ["by/2026"]
    assert chosen(districts, values={"mean_minutes": 0.0}) == []
    projects = table("projects", scenario, plan)
    assert chosen(projects, values={"opened": True}) == ["nybygg"]
    assert chosen(projects, values={"closes": 0}) == []
