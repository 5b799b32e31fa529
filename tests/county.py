"""A county: as many districts as one likes, side by side, in one year."""

from typing import Any

from geodata import bundled


def county_scenario(districts: int) -> dict[str, Any]:
    """Rows of 140 squares, and one site that has room for all."""
    town = bundled.load("lillehammer")
    one = next(iter(town["districts"].values()))
    return {
        **{key: town[key] for key in ("schema_version", "care_types", "travel", "objective")},
        "title": "Et fylke",
        "municipality": town["municipality"],
        "years": {"first": 2026, "last": 2026},
        "need": {"basis": "coverage", "ratio": 0.16, "population": "80+", "mix": {"hdo": 1}},
        "sites": {"tun": {"title": "Tunet", "location": [10.0, 60.0], "places": {"hdo": 900}}},
        "districts": {f"k{n:05}": _square(n, one["population"]) for n in range(districts)},
    }


def _square(n: int, population: dict[str, Any]) -> dict[str, Any]:
    west, south = round(8 + (n % 140) * 0.02, 6), round(60 + (n // 140) * 0.01, 6)
    east, north = round(west + 0.02, 6), round(south + 0.01, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "title": f"Krets {n}",
        "location": [round(west + 0.01, 6), round(south + 0.005, 6)],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "population": population,
    }
