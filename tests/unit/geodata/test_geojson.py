import shapely
from shapely.geometry import shape

from geodata import geojson

CLOCKWISE = [[10.4, 61.1], [10.4, 61.2], [10.6, 61.2], [10.6, 61.1], [10.4, 61.1]]
ANTICLOCKWISE_HOLE = [[10.5, 61.14], [10.52, 61.14], [10.52, 61.16], [10.5, 61.14]]


def test_points_have_six_decimals_and_are_floats():
    assert geojson.point([10.12345678, 61]) == {
        "type": "Point",
        "coordinates": [10.123457, 61.0],
    }
    assert isinstance(geojson.point([10, 61])["coordinates"][0], float)


def test_what_has_no_location_has_no_geometry():
    assert geojson.point(None) is None
    assert geojson.line([10, 61], None) is None
    assert geojson.line(None, [10, 61]) is None


def test_a_line_goes_from_start_to_end():
    assert geojson.line([10, 61], [11, 62])["coordinates"] == [[10.0, 61.0], [11.0, 62.0]]


def test_polygons_follow_the_right_hand_rule():
    written = geojson.polygon({"type": "Polygon", "coordinates": [CLOCKWISE, ANTICLOCKWISE_HOLE]})
    outer, hole = (shapely.LinearRing(ring) for ring in written["coordinates"])
    assert outer.is_ccw
    assert not hole.is_ccw
    assert outer.equals(shapely.LinearRing(CLOCKWISE))


def test_every_part_of_a_multipolygon_follows_the_right_hand_rule():
    east = [[lon + 1, lat] for lon, lat in CLOCKWISE]
    written = geojson.polygon({"type": "MultiPolygon", "coordinates": [[CLOCKWISE], [east[::-1]]]})
    assert written["type"] == "MultiPolygon"
    assert [part.exterior.is_ccw for part in shape(written).geoms] == [True, True]


def test_polygon_coordinates_have_six_decimals():
    ring = [[lon + 1.23e-8, lat] for lon, lat in CLOCKWISE]
    written = geojson.polygon({"type": "Polygon", "coordinates": [ring]})
    assert sorted(written["coordinates"][0]) == sorted(CLOCKWISE)


def test_bbox_on_outlines_and_on_the_collection():
    outline = geojson.polygon({"type": "Polygon", "coordinates": [CLOCKWISE]})
    features = [
        geojson.feature("a", outline, {}),
        geojson.feature("b", geojson.point([10.0, 62.0]), {}),
        geojson.feature("c", None, {}),
    ]
    assert features[0]["bbox"] == [10.4, 61.1, 10.6, 61.2]
    assert "bbox" not in features[1]
    assert geojson.collection(features)["bbox"] == [10.0, 61.1, 10.6, 62.0]


def test_nothing_has_no_bbox():
    assert geojson.collection([]) == {"type": "FeatureCollection", "features": []}
    assert "bbox" not in geojson.collection([geojson.feature("c", None, {})])
