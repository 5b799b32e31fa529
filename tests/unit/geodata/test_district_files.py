"""Districts from files: fields, systems, what is refused, and what no file can make us open."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import shapely

from geodata.district_files import Reading, read_districts
from solver.domain.errors import GeodataError
from tests.synthetic_districts import features, squares, write_geopackage

LON, LAT = 10.82887, 63.81049
UTM33 = "EPSG:25833"
FIELDS: dict[str, list[Any]] = {
    "grunnkretsnummer": ["50530101", "50530102", "50540101"],
    "grunnkretsnavn": ["Nord", "Sør", "Nabo"],
    "kommunenummer": ["5053", "5053", "5054"],
}


@pytest.fixture
def geopackage(tmp_path: Path) -> Path:
    return write_geopackage(tmp_path / "k.gpkg", FIELDS, squares(LON, LAT, 3, UTM33), UTM33)


@pytest.fixture
def geojson(tmp_path: Path) -> Path:
    return written(tmp_path, features(FIELDS, squares(LON, LAT, 3, UTM33), UTM33))


def written(folder: Path, document: Any, name: str = "k.geojson") -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def refused(path: Path, **reading: Any) -> str:
    with pytest.raises(GeodataError) as caught:
        read_districts(path, Reading(**reading))
    return caught.value.code


def test_both_kinds_of_file_say_the_same(geopackage: Path, geojson: Path) -> None:
    reading = Reading(municipality="5053")
    packed, plain = read_districts(geopackage, reading), read_districts(geojson, reading)
    assert packed.districts == plain.districts
    assert [(d.number, d.title) for d in packed.districts] == [
        ("50530101", "Nord"),
        ("50530102", "Sør"),
    ]
    assert (packed.others, packed.faults, packed.vertices) == (1, [], 10)
    assert packed.crs == UTM33


def test_the_point_lies_in_the_outline_and_near_where_it_was_put(geopackage: Path) -> None:
    first, *_ = read_districts(geopackage, Reading()).districts
    outline = shapely.geometry.shape(first.geometry)
    assert outline.contains(shapely.Point(first.location))
    assert first.location == pytest.approx((LON + 0.02, LAT + 0.009), abs=0.005)


def test_numbers_stored_as_numbers_get_their_zeros_back(tmp_path: Path) -> None:
    fields = {"GRUNNKRETS": [3010101, 3010102], "KOMM": [301, 301]}
    path = write_geopackage(tmp_path / "k.gpkg", fields, squares(10.7, 59.9, 2, UTM33), UTM33)
    found = read_districts(path, Reading(municipality="0301"))
    assert [d.number for d in found.districts] == ["03010101", "03010102"]
    assert found.districts[0].title is None


def test_without_a_field_the_number_says_the_municipality(tmp_path: Path) -> None:
    fields = {"grunnkrets": FIELDS["grunnkretsnummer"]}
    path = written(tmp_path, features(fields, squares(LON, LAT, 3, UTM33), UTM33))
    assert len(read_districts(path, Reading(municipality="5053")).districts) == 2


def test_fields_of_ones_own_and_points_where_people_live(tmp_path: Path) -> None:
    fields = {"nr": ["1", "2"], "sted": ["A", "B"], "x": [10.9, 11.0], "y": [63.8, 63.9]}
    path = written(tmp_path, features(fields, squares(LON, LAT, 2, UTM33), UTM33))
    reading = Reading(number_field="nr", title_field="sted", point_fields=("x", "y"))
    found = read_districts(path, reading).districts
    assert [(d.title, d.location) for d in found] == [("A", (10.9, 63.8)), ("B", (11.0, 63.9))]
    assert refused(path) == "field_missing"
    assert refused(path, number_field="nummer") == "field_missing"
    assert refused(path, number_field="nr", point_fields=("x", "z")) == "field_missing"


def test_an_older_geojson_says_its_system(tmp_path: Path) -> None:
    outlines = squares(LON, LAT, 2, UTM33)
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}},
        "features": [
            {"properties": {"grunnkrets": str(i)}, "geometry": shapely.geometry.mapping(o)}
            for i, o in enumerate(outlines)
        ],
    }
    found = read_districts(written(tmp_path, document), Reading()).districts
    assert found[0].location == pytest.approx((LON + 0.02, LAT + 0.009), abs=0.005)


def test_a_district_in_two_features_is_one(tmp_path: Path) -> None:
    fields = {"grunnkrets": ["1", "1"]}
    outlines = squares(LON, LAT, 3, UTM33)
    path = written(tmp_path, features(fields, [outlines[0], outlines[2]], UTM33))
    found = read_districts(path, Reading())
    assert (len(found.districts), found.joined) == (1, 1)
    assert found.districts[0].geometry is not None
    assert found.districts[0].geometry["type"] == "MultiPolygon"


def test_a_bow_tie_is_refused_with_its_reason(tmp_path: Path) -> None:
    tie = shapely.Polygon([(10, 60), (10.1, 60.1), (10.1, 60), (10, 60.1)])
    document = features({"grunnkrets": ["1"]}, [tie], "EPSG:4326")
    (fault,) = read_districts(written(tmp_path, document), Reading()).faults
    assert (fault.number, fault.problem.code) == ("1", "geometry_invalid")
    assert "Self-intersection" in fault.problem.message


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Point", "coordinates": [10, 60]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "tull"},
    ],
)
def test_what_is_no_area_is_a_fault(tmp_path: Path, geometry: Any) -> None:
    document = {
        "type": "FeatureCollection",
        "features": [{"properties": {"grunnkrets": "1"}, "geometry": geometry}],
    }
    (fault,) = read_districts(written(tmp_path, document), Reading()).faults
    assert fault.problem.code == "geometry_type"


def test_metres_that_are_called_degrees_are_a_fault(tmp_path: Path) -> None:
    document = features({"grunnkrets": ["1"]}, squares(LON, LAT, 1, UTM33), UTM33)
    outline = squares(LON, LAT, 1, UTM33)[0]
    document["features"][0]["geometry"] = shapely.geometry.mapping(outline)
    (fault,) = read_districts(written(tmp_path, document), Reading()).faults
    assert fault.problem.code == "coordinates_in_metres"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e308"])
def test_numbers_that_are_no_coordinates_are_a_fault(tmp_path: Path, number: str) -> None:
    document = features({"grunnkrets": ["1"]}, squares(LON, LAT, 1, UTM33), UTM33)
    ring = [*document["features"][0]["geometry"]["coordinates"][0]]
    ring[1] = ["HER", 60]
    document["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    text = json.dumps(document).replace('"HER"', number)
    (tmp_path / "k.geojson").write_text(text, encoding="utf-8")
    (fault,) = read_districts(tmp_path / "k.geojson", Reading()).faults
    assert fault.problem.mend


def test_outlines_are_within_the_budget_simplified_or_left_out(tmp_path: Path) -> None:
    outlines = [shapely.segmentize(each, 20) for each in squares(LON, LAT, 2, UTM33)]
    path = written(tmp_path, features({"grunnkrets": ["1", "2"]}, outlines, UTM33))
    assert refused(path, max_vertices=100) == "too_many_vertices"
    simple = read_districts(path, Reading(max_vertices=100, simplify_m=50)).districts
    a, b = (shapely.geometry.shape(each.geometry) for each in simple)
    assert len(a.exterior.coords) < 20
    assert a.intersection(b).area == pytest.approx(0, abs=1e-9)
    assert a.distance(b) == 0
    left_out = read_districts(path, Reading(max_vertices=100, with_geometry=False)).districts
    assert [each.geometry for each in left_out] == [None, None]


def test_a_file_without_the_municipality_says_so(geojson: Path) -> None:
    assert refused(geojson, municipality="3405") == "no_districts"


VRT = """<OGRVRTDataSource><OGRVRTLayer name="hemmelig">
<SrcDataSource>{path}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""


def test_a_virtual_file_is_not_followed(tmp_path: Path, geopackage: Path) -> None:
    for name in ("k.gpkg", "k.geojson", "k.vrt"):
        path = tmp_path / "vrt" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(VRT.format(path=geopackage), encoding="utf-8")
        assert refused(path) == "unknown_file_kind"


def test_a_view_in_a_geopackage_is_not_read(geopackage: Path) -> None:
    with sqlite3.connect(geopackage) as database:
        database.execute("ALTER TABLE grunnkretser RENAME TO ekte")
        database.execute(
            "CREATE VIEW grunnkretser AS WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT ekte.* FROM n, ekte"
        )
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            database.execute(f"UPDATE {table} SET table_name = 'grunnkretser'")
    assert refused(geopackage) == "choose_layer"


def test_a_geopackage_without_a_system_asks_for_it(geopackage: Path) -> None:
    with sqlite3.connect(geopackage) as database:
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = 0")
    database.close()
    assert refused(geopackage) == "crs_unknown"
    assert len(read_districts(geopackage, Reading(crs=UTM33)).districts) == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unknown_file_kind"),
        (b"PK\x03\x04", "unknown_file_kind"),
        (b"SQLite format 3\0tull", "bad_geopackage"),
        (b"{", "bad_geojson"),
        (b"{}", "bad_geojson"),
        (b'{"features": [1]}', "bad_geojson"),
        (b'{"a":' * 5000, "bad_geojson"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "k.gpkg"
    path.write_bytes(data)
    assert refused(path) == code
