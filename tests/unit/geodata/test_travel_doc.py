"""The speeds that docs/travel.md gives are those that are used."""

import re
from pathlib import Path

from geodata.network.osm_tags import way_speeds
from geodata.network.profiles import FERRY_KMH, OFF_ROAD_KMH, OWN_KMH

TEXT = (Path(__file__).parents[3] / "docs" / "travel.md").read_text("utf-8")
ROW = re.compile(r"^\| (\w[^|]*) \| (\d+) \| (\w[^|]*) \| (\d+) \|$", re.MULTILINE)


def test_classes_of_roads():
    cells = [pair for row in ROW.findall(TEXT) for pair in (row[:2], row[2:])]
    told = {name: float(kmh) for names, kmh in cells for name in names.split(", ")}
    assert told.pop("ferry without `duration`") == FERRY_KMH
    assert len(told) == 15
    for highway, kmh in told.items():
        speeds = way_speeds({"highway": highway}, "car", lambda: 1.0)
        assert speeds is not None
        assert speeds.forward == kmh


def test_other_speeds():
    text = " ".join(TEXT.split())
    off_road = (f"{OFF_ROAD_KMH[mode]:g}" for mode in ("car", "bicycle", "foot"))
    assert "at {} km/h by car, {} by bicycle, {} on foot".format(*off_road) in text
    assert "every line is open at {bicycle:g} and {foot:g} km/h".format(**OWN_KMH) in text
