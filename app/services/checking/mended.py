"""A document that breaks the schema in places, with those places filled in.

So that a planner gets every issue at once: the cross-checks that look at single places can run on
the rest. What stands in is only ever looked at here.
"""

import copy
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from app.schemas.issues import places_of
from app.schemas.scenario import Scenario

Place = Sequence[str | int]

COLLECTIONS = frozenset({"care_types", "cores", "districts", "sites", "projects"})
_LEFT_OUT = object()
# Tried in turn at every place that is still wrong: nothing, a number, a year, a text, …
STAND_INS: tuple[Any, ...] = (_LEFT_OUT, 1, 2026, "x", False, [], ["x"], {}, {"max": 1})


def mended(document: Any, error: ValidationError) -> tuple[Scenario, list[Place]] | None:
    """The scenario with stand-ins, and the places that have them; None when too much is wrong.

    A wrong period or a whole entry that is no object would make other, right places look wrong.
    """
    filled = copy.deepcopy(document)
    faulty: list[Place] = []
    for stand_in in STAND_INS:
        places = places_of(error)
        if any(_beyond_mending(place) for place in places):
            return None
        for place in places:
            _put(filled, place, stand_in)
        faulty += places
        try:
            return Scenario.model_validate(filled), faulty
        except ValidationError as still:
            error = still
    return None


def _beyond_mending(place: Place) -> bool:
    return not place or place[0] == "years" or (place[0] in COLLECTIONS and len(place) <= 2)


def _put(document: Any, place: Place, value: Any) -> None:
    here = document
    for step in place[:-1]:
        if not isinstance(here, dict | list):
            return
        here = here[int(step)] if isinstance(here, list) else here.setdefault(str(step), {})
    last = place[-1]
    if isinstance(here, list):
        here[int(last)] = None if value is _LEFT_OUT else copy.deepcopy(value)
    elif isinstance(here, dict):
        if value is _LEFT_OUT:
            here.pop(str(last), None)
        else:
            here[str(last)] = copy.deepcopy(value)
