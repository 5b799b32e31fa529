"""Inhabitants per district and age group, from what statistics give.

Figures by district and age are taken as they are. A municipality's figures are spread on its
districts: by the group's own inhabitants where these are known, else by all inhabitants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from app.services.importing.ages import EVERYBODY, Ages, ages_of, parts_of
from app.services.importing.jsonstat import (
    DISTRICT_DIGITS,
    MUNICIPALITY_DIGITS,
    Counts,
    read_counts,
)
from app.services.importing.report import Report, some
from app.services.importing.sources import Fetched, named
from geodata.spread import spread
from solver.domain.errors import DocumentInvalid, InputError

BySeries = dict[str, dict[int, int]]
"""Region → year → persons."""


@dataclass(frozen=True)
class Statistics:
    """A dataset and where it is from."""

    counts: Counts
    origin: Fetched

    @classmethod
    def of(cls, origin: Fetched, contents: str | None = None) -> Self:
        """What a fetched document says. Raises DocumentInvalid, which names where it is from."""
        try:
            return cls(read_counts(origin.document, contents), origin)
        except DocumentInvalid as error:
            raise DocumentInvalid(named(error.issues, origin.name), "dataset") from error

    @property
    def name(self) -> str:
        """As a planner knows it."""
        table = f"tabell {self.counts.table}" if self.counts.table else "tabell uten nummer"
        return f"{table} ({self.origin.name})"


@dataclass(frozen=True)
class Spread:
    """Series of one district and group, and the entry under `sources`."""

    series: dict[str, float]
    source: dict[str, Any]


def read_group(name: str) -> Ages:
    """The ages of a group such as 80+ or 67-79. Raises InputError for another text."""
    ages = ages_of(name)
    if ages is None or ages == EVERYBODY:
        raise InputError(
            "bad_group", f"«{name}» er ikke en aldersgruppe. Skriv den som 80+ eller 67-79."
        )
    return ages


def inhabitants(
    statistics: Sequence[Statistics],
    group: str,
    districts: Sequence[str],
    municipality: str | None,
    report: Report,
) -> dict[str, Spread]:
    """Inhabitants of a group in each district that the statistics have figures for."""
    ages = read_group(group)
    own, own_from = _series(statistics, ages, DISTRICT_DIGITS, report)
    whole, whole_from = _series(statistics, ages, MUNICIPALITY_DIGITS, report)
    _tell_unknown(own, districts, report)
    known = {number: own[number] for number in districts if number in own}
    if known:
        report.taken.append(
            f"Innbyggere {group} i {len(known)} kretser, {_period(known)}, fra {own_from}."
        )
    totals = _of_municipality(whole, municipality)
    last = max((max(series) for series in known.values()), default=None)
    later = {year: n for year, n in totals.items() if last is None or year > last}
    found = {
        number: Spread(
            {str(year): float(n) for year, n in sorted(series.items())},
            _source("documented", f"Lest av {own_from}.", statistics),
        )
        for number, series in known.items()
    }
    if later:
        weights, told, status = _weights(statistics, known, last, districts, group)
        _tell_difference(known, totals, municipality, report)
        _add_spread(found, later, weights, status, f"{whole_from} {told}", statistics)
        report.assumed.append(
            f"Innbyggere {group} {min(later)}–{max(later)}: kommunens tall fra {whole_from} {told}"
        )
    return found


def _add_spread(
    found: dict[str, Spread],
    totals: Mapping[int, int],
    weights: Mapping[str, int],
    status: str,
    told: str,
    statistics: Sequence[Statistics],
) -> None:
    shares = {year: spread(total, weights) for year, total in sorted(totals.items())}
    for number in weights:
        before = found[number].series if number in found else {}
        series = before | {str(year): share[number] for year, share in shares.items()}
        note = f"Kommunens tall: {told}"
        if before:
            note = f"Til og med {max(before)} kretsens egne tall. Senere kommunens: {told}"
        found[number] = Spread(series, _source(status, note, statistics))


def _series(
    statistics: Sequence[Statistics], ages: Ages, digits: int, report: Report
) -> tuple[BySeries, str]:
    """The group's persons in each region with so many digits, and what they are from.

    Of a figure that several datasets give, the first counts.
    """
    series: BySeries = {}
    names = []
    for each in statistics:
        regions = [number for number, _ in each.counts.persons if len(number) == digits]
        if not each.counts.by_age or not regions:
            continue
        parts = parts_of(ages, each.counts.ages)
        if parts is None:
            report.dropped.append(
                f"{each.name}: aldersgruppene der kan ikke settes sammen til {_words(ages)}."
            )
            continue
        names.append(each.name)
        _add(series, each, digits, parts, report)
    return series, " og ".join(names)


def _add(
    series: BySeries, each: Statistics, digits: int, parts: Sequence[Ages], report: Report
) -> None:
    withheld = []
    for (number, year), persons in each.counts.persons.items():
        if len(number) != digits:
            continue
        figures = [persons.get(part) for part in parts]
        if None in figures:
            withheld.append(f"{number} {year}")
        else:
            total = sum(n for n in figures if n is not None)
            series.setdefault(number, {}).setdefault(year, total)
    if withheld:
        report.dropped.append(
            f"{each.name}: {len(withheld)} tall er ikke oppgitt i kilden: {some(withheld)}."
        )


def _of_municipality(whole: BySeries, municipality: str | None) -> dict[int, int]:
    if not whole:
        return {}
    if municipality is None:
        raise InputError(
            "municipality_missing",
            f"Oppgi kommunen med «--municipality»; tabellen har {some(sorted(whole))}.",
        )
    if municipality not in whole:
        raise InputError(
            "municipality_missing",
            f"Tabellen har ingen tall for kommune {municipality}, bare {some(sorted(whole))}.",
        )
    return whole[municipality]


def _weights(
    statistics: Sequence[Statistics],
    known: BySeries,
    last: int | None,
    districts: Sequence[str],
    group: str,
) -> tuple[dict[str, int], str, str]:
    """What to spread by, in words, and the status of what comes of it."""
    if last is not None:
        weights = {number: series.get(last, 0) for number, series in known.items()}
        told = f"fordelt på kretsene etter deres innbyggere {group} i {last}."
        status = "derived"
    else:
        weights, year = _everybody(statistics, districts)
        told = f"fordelt på kretsene etter alle innbyggere i {year}; alder per krets er ikke kjent."
        status = "assumption"
    if not any(weights.values()):
        raise InputError(
            "no_weights",
            f"Kommunens tall for {group} kan ikke fordeles: ingen kretser har tall å fordele "
            "etter. Legg til en tabell med innbyggere per grunnkrets («--population»).",
        )
    return weights, told, status


def _everybody(
    statistics: Sequence[Statistics], districts: Sequence[str]
) -> tuple[dict[str, int], int | None]:
    """All inhabitants of each district in the last year there are figures for."""
    found: BySeries = {}
    for each in statistics:
        for (number, year), persons in each.counts.persons.items():
            if number not in districts:
                continue
            parts = parts_of(EVERYBODY, each.counts.ages) or []
            figures = [persons.get(part) for part in parts]
            if parts and None not in figures:
                total = sum(n for n in figures if n is not None)
                found.setdefault(number, {}).setdefault(year, total)
    if not found:
        return {}, None
    last = max(max(series) for series in found.values())
    return {number: found.get(number, {}).get(last, 0) for number in districts}, last


def _tell_unknown(own: BySeries, districts: Sequence[str], report: Report) -> None:
    unknown = sorted(set(own) - set(districts))
    if unknown:
        report.dropped.append(
            f"Innbyggere i {len(unknown)} kretser som ikke er med i scenariet: {some(unknown)}."
        )


def _tell_difference(
    known: BySeries, totals: Mapping[int, int], municipality: str | None, report: Report
) -> None:
    """Where both are known, districts and municipality should say the same."""
    for year in sorted({year for series in known.values() for year in series} & set(totals)):
        summed = sum(series.get(year, 0) for series in known.values())
        if summed != totals[year]:
            report.assumed.append(
                f"I {year} har kretsene {summed} personer til sammen, kommune {municipality} "
                f"{totals[year]}. Kretsenes tall er brukt."
            )


def _source(status: str, note: str, statistics: Sequence[Statistics]) -> dict[str, Any]:
    urls = [each.origin.url for each in statistics if each.origin.url]
    fetched = [each.origin.fetched for each in statistics if each.origin.fetched]
    day = f" Hentet {max(fetched)}." if fetched else ""
    address = urls[0] if urls and len(urls[0]) <= _LONGEST_URL else None
    source = {
        "status": status,
        "note": f"{note}{day}",
        "publisher": "Statistisk sentralbyrå",
        "licence": "NLOD / CC BY 4.0",
        "url": address,
    }
    return {name: value for name, value in source.items() if value is not None}


_LONGEST_URL = 500  # longer ones stand in the note


def _period(series: BySeries) -> str:
    years = {year for each in series.values() for year in each}
    return f"{min(years)}–{max(years)}" if len(years) > 1 else str(min(years))


def _words(ages: Ages) -> str:
    return f"{ages.first}+" if ages.last is None else f"{ages.first}–{ages.last}"
