"""What the tags of an OpenStreetMap way say about who may go there, and how fast.

Meanings as in https://wiki.openstreetmap.org/wiki/Key:access, Key:oneway and Key:maxspeed.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from geodata.network.profiles import FERRY_KMH, OWN_KMH, Mode

Tags = Mapping[str, str]

_CAR_KMH = {
    "motorway": 100.0,
    "motorway_link": 60.0,
    "trunk": 80.0,
    "trunk_link": 50.0,
    "primary": 70.0,
    "primary_link": 50.0,
    "secondary": 60.0,
    "secondary_link": 50.0,
    "tertiary": 60.0,
    "tertiary_link": 50.0,
    "unclassified": 50.0,
    "residential": 30.0,
    "road": 30.0,
    "living_street": 10.0,
    "service": 20.0,
}
_MOTORWAYS = {"motorway", "motorway_link"}
_PATHS = {"track", "path", "cycleway", "footway", "pedestrian", "bridleway"}
_OPEN_TO: Mapping[Mode, frozenset[str]] = {
    "car": frozenset(_CAR_KMH),
    "bicycle": frozenset(_CAR_KMH.keys() - _MOTORWAYS | _PATHS),
    "foot": frozenset(_CAR_KMH.keys() - _MOTORWAYS | _PATHS | {"steps"}),
}
_ACCESS: Mapping[Mode, tuple[str, ...]] = {  # the most particular key decides
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
    "bicycle": ("bicycle", "vehicle", "access"),
    "foot": ("foot", "access"),
}
_CLOSED = {"no", "private", "agricultural", "forestry", "military", "delivery", "use_sidepath"}
_FORWARD, _BACKWARD = {"yes", "true", "1"}, {"-1", "reverse"}
_NAMED_LIMITS = {"NO:urban": 50.0, "NO:rural": 80.0, "NO:motorway": 110.0, "walk": 5.0}
_LIMIT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(km/h|kmh|mph)?")
_KM_PER_MILE = 1.609344
_DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,3})(?::(\d{2}))?")


class Speeds(NamedTuple):
    """km/h along a way and against it; 0 is a direction that is not allowed."""

    forward: float
    backward: float


def way_speeds(tags: Tags, mode: Mode, kilometres: Callable[[], float]) -> Speeds | None:
    """Speeds on a way; None when it is not for this way of travelling.

    `kilometres` gives its length, which only ferries need.
    """
    if _is_closed(tags, mode):
        return None
    if tags.get("route") == "ferry":
        kmh = _ferry_kmh(tags, kilometres())
        return _in_directions(tags, mode, Speeds(kmh, kmh))
    highway = tags.get("highway", "")
    if highway not in _OPEN_TO[mode] or (mode != "car" and tags.get("motorroad") == "yes"):
        return None
    if mode == "car":
        usual = _limit(tags, "maxspeed") or _CAR_KMH[highway]
        along, against = (_limit(tags, f"maxspeed:{way}") for way in ("forward", "backward"))
        return _in_directions(tags, mode, Speeds(along or usual, against or usual))
    return _in_directions(tags, mode, Speeds(OWN_KMH[mode], OWN_KMH[mode]))


def _is_closed(tags: Tags, mode: Mode) -> bool:
    said = [tags[key] for key in _ACCESS[mode] if key in tags]
    return bool(said) and said[0] in _CLOSED


def _in_directions(tags: Tags, mode: Mode, speeds: Speeds) -> Speeds:
    direction = _one_way(tags, mode)
    if direction in _FORWARD:
        return speeds._replace(backward=0.0)
    return speeds._replace(forward=0.0) if direction in _BACKWARD else speeds


def _one_way(tags: Tags, mode: Mode) -> str:
    if mode == "foot":
        return tags.get("oneway:foot", "no")
    if mode == "bicycle":
        if "oneway:bicycle" in tags:
            return tags["oneway:bicycle"]
        if tags.get("cycleway", "").startswith("opposite"):
            return "no"
    round_about = tags.get("junction") in ("roundabout", "circular")
    implied = round_about or tags.get("highway") == "motorway"
    return tags.get("oneway", "yes" if implied else "no")


def _limit(tags: Tags, key: str) -> float | None:
    """A speed limit in km/h; None for none that can be read."""
    text = tags.get(key, "").strip()
    if text in _NAMED_LIMITS:
        return _NAMED_LIMITS[text]
    match = _LIMIT.fullmatch(text)
    if match is None:
        return None
    kmh = float(match[1]) * (_KM_PER_MILE if match[2] == "mph" else 1.0)
    return kmh or None


def _ferry_kmh(tags: Tags, kilometres: float) -> float:
    """The speed that keeps the tagged duration: minutes, hours:minutes or h:m:s."""
    match = _DURATION.fullmatch(tags.get("duration", "").strip())
    if match is None:
        return FERRY_KMH
    hours = int(match[1] or 0) + int(match[2]) / 60 + int(match[3] or 0) / 3600
    return kilometres / hours if hours else FERRY_KMH
