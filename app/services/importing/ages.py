"""Age groups: what a statistical table calls them, and how one is put together of others."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Ages(NamedTuple):
    """From and with the first age to and with the last; no last: and older."""

    first: int
    last: int | None


EVERYBODY = Ages(0, None)
_RANGE = re.compile(r"f?(\d{1,3})\s*(?:-|–|til|to)\s*f?(\d{1,3})(?:\s*(?:år|years))?")
_OPEN = re.compile(
    r"(\d{1,3})\s*(?:\+|år\s*\+|-$|(?:år|years)?\s*(?:eller|og|or|and)\s*(?:eldre|over|older).*)"
)
_SINGLE = re.compile(r"(\d{1,3})(?:\s*(?:år|years?))?")
_ALL = re.compile(r"(?:alle|i alt|all|total|999).*")


def ages_of(*names: str) -> Ages | None:
    """What the first readable of an age category's names (label, code) says; None: none is."""
    for name in names:
        text = name.strip().casefold()
        if found := _RANGE.fullmatch(text):
            first, last = int(found[1]), int(found[2])
            return Ages(first, last) if first <= last else None
        if found := _OPEN.fullmatch(text):
            return Ages(int(found[1]), None)
        if found := _SINGLE.fullmatch(text):
            return Ages(int(found[1]), int(found[1]))
        if _ALL.fullmatch(text):
            return EVERYBODY
    return None


def parts_of(group: Ages, known: Iterable[Ages]) -> list[Ages] | None:
    """Known groups that together are this one, each age once, the widest first; None: none are."""
    by_first: dict[int, list[Ages]] = {}
    for ages in set(known):
        by_first.setdefault(ages.first, []).append(ages)
    return _cover(group.first, group.last, by_first)


def _cover(first: int, last: int | None, by_first: dict[int, list[Ages]]) -> list[Ages] | None:
    candidates = by_first.get(first, [])
    for ages in sorted(candidates, key=lambda each: -_width(each)):
        if ages.last == last:
            return [ages]
        if ages.last is None or (last is not None and ages.last > last):
            continue
        rest = _cover(ages.last + 1, last, by_first)
        if rest is not None:
            return [ages, *rest]
    return None


def _width(ages: Ages) -> float:
    return float("inf") if ages.last is None else ages.last - ages.first
