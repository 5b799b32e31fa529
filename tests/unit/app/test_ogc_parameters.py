from datetime import date

import numpy as np
import pytest
from starlette.datastructures import QueryParams

from app.errors import BadRequest
from app.ogc.parameters import DEFAULT_LIMIT, MOST_ITEMS, item_crs, items_query
from geodata.crs import CRSS
from geodata.layers import Field

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
FIELDS = {
    "title": Field(str, "Navn"),
    "year": Field(int, "År"),
    "minutes": Field(float, "Minutter"),
    "opened": Field(bool, "Åpnes"),
    "from_date": Field(date, "Fra"),
}


def read(text: str):
    return items_query(QueryParams(text), FIELDS)


def test_nothing_asked_for_is_everything_in_crs84():
    asked = read("")
    assert (asked.limit, asked.offset, asked.crs) == (DEFAULT_LIMIT, 0, CRSS[0])
    assert asked.selection.boxes is None
    assert asked.selection.interval is None
    assert asked.selection.values == {}


def test_more_than_the_most_is_the_most():
    assert read("limit=999999999999999").limit == MOST_ITEMS


@pytest.mark.parametrize(
    ("query", "boxes"),
    [
        ("bbox=10,60,11,61", [(10, 60, 11, 61)]),
        ("bbox=10,60,0,11,61,900", [(10, 60, 11, 61)]),
        ("bbox=1e1, 6.0e1,+11,.61e2", [(10, 60, 11, 61)]),
        ("bbox=170,60,-170,61", [(170, 60, 180, 61), (-180, 60, -170, 61)]),
        (f"bbox=60,10,61,11&bbox-crs={EPSG}4326", [(60, 10, 61, 11)]),
        (f"bbox=60,170,61,-170&bbox-crs={EPSG}4326", [(60, 170, 61, 180), (60, -180, 61, -170)]),
        (f"bbox=5e5,67e5,6e5,68e5&bbox-crs={EPSG}25832", [(5e5, 67e5, 6e5, 68e5)]),
    ],
)
def test_boxes(query, boxes):
    assert read(query).selection.boxes == boxes


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2035-06-01", "2035-06-01T00:00:00", "2035-06-01T23:59:59"),
        ("2035-06-01T02:00:00+02:00", "2035-06-01T00:00:00", "2035-06-01T00:00:00"),
        ("2035-06-01t00:00:00.5z", "2035-06-01T00:00:00", "2035-06-01T00:00:00"),
        ("2035-01-01/2036-01-01", "2035-01-01T00:00:00", "2036-01-01T23:59:59"),
        ("../2036-01-01", None, "2036-01-01T23:59:59"),
        ("2036-01-01/", "2036-01-01T00:00:00", None),
        ("../..", None, None),
    ],
)
def test_times(text, start, end):
    found = items_query(QueryParams({"datetime": text}), FIELDS).selection.interval
    assert found == tuple(None if t is None else np.datetime64(t, "s") for t in (start, end))


def test_values_have_the_types_of_their_columns():
    asked = read("title=Nord&year=2035&minutes=4.5&opened=true&from_date=2035-01-01")
    assert asked.selection.values == {
        "title": "Nord",
        "year": 2035,
        "minutes": 4.5,
        "opened": True,
        "from_date": np.datetime64("2035-01-01"),
    }


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=", "limit=1e3", "limit=٣"),
        *("offset=-1", "offset=x", f"offset={'9' * 400}"),
        *("bbox=", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=1,2,3,x", "bbox=nan,1,2,3"),
        *("bbox=inf,1,2,3", "bbox=1e999,1,2,3", "bbox=10,61,11,60", "bbox=1,2,3,4,5,6,7"),
        *(f"bbox=6e5,1,5e5,2&bbox-crs={EPSG}25832", f"bbox=61,10,60,11&bbox-crs={EPSG}4326"),
        *("bbox=1;2;3;4", "bbox=1,2,3,1_0", "bbox=٣,1,4,2"),
        *("crs=EPSG:25832", "crs=", f"crs={EPSG}32632", f"bbox-crs={EPSG}1"),
        *("datetime=", "datetime=2035", "datetime=2035-13-01", "datetime=2036-01-01/2035-01-01"),
        *(
            "datetime=2035-01-01T00:00:00",
            "datetime=a/b",
            "datetime=2035-01-01/2036-01-01/..",
            "datetime=/x",
        ),
        *("datetime=0001-01-01T00:00:00%2B14:00", "datetime=9999-12-31T23:59:59-14:00"),
        *("year=x", "year=2035.0", "minutes=nan", "opened=1", "from_date=2035", "from_date=x"),
        *("roads=1", "Year=2035", "=1", "limit=1&limit=2", "bbox-crs=x", f"year={'1' * 19}"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(query):
    with pytest.raises(BadRequest) as raised:
        read(query)
    (issue,) = raised.value.issues
    assert issue.pointer.startswith("/query/")
    assert issue.mend


def test_one_feature_is_asked_for_by_system_alone():
    assert item_crs(QueryParams(f"crs={EPSG}25833&f=json")).code == "EPSG:25833"
    with pytest.raises(BadRequest):
        item_crs(QueryParams("limit=1"))
