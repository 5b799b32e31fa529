"""The allocation block as arrays: who is served where, with its rows C1, C2, V1, C16 and E1.

Almost all of a program is here, so no Pyomo object is made for any of it, and nothing loops over
allocations. The Pyomo functions `service.need_is_allocated_or_unmet`,
`service.allocation_within_places`, `service.new_sites_serve_when_open`,
`targets.share_within_minutes` and `equity.no_district_fares_worse_than_the_worst` hold the
formulas and write the same columns, rows, bounds and costs; tests compare the two.

Columns are the unmet need, then the allocations; rows are C1, C2, V1, C16, E1. Both are numbered
from the block's own beginning. Numbers are written into the arrays of a caller, who has the
planning part in front of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.domain.instance import SitingInstance
from solver.formulation.service_arrays import (
    Flags,
    Floats,
    largest_projects,
    may_hold_places,
    places_may_be_short,
    positions,
    serves,
    standing_places,
)
from solver.formulation.sets import longest_minutes, reachable

Ints = NDArray[np.int32]

NONE = -1  # no row
# Columns written at a time: what is needed on the way stays small beside what is written.
PIECE = 1 << 18


@dataclass(frozen=True)
class PlanningColumns:
    """Where the planning part has its variables.

    `open` is (projects, years), `steps` (projects with each of their care types, years), and
    `worst_off_minutes` (years), −1 in a year without.
    """

    open: Ints
    steps: Ints
    worst_off_minutes: Ints


@dataclass(frozen=True)
class Entries:
    """Entries of the block's rows in planning columns."""

    rows: Ints
    columns: Ints
    values: Floats


@dataclass(frozen=True)
class Journeys:
    """The allocations of one care type, need and year, site by site, districts ascending.

    `care_type`, `need` and `year` are positions in the instance; so are `site` and `district`, per
    column. `linked` says which columns have a V1 row. The columns begin at `first_column`, the V1
    rows at `first_link`; those of site j are `site_links[j]` to `site_links[j + 1]`, from there.
    """

    care_type: int
    need: int
    year: int
    site: Ints
    district: Ints
    linked: Flags
    first_column: int
    first_link: int
    site_links: Ints

    @property
    def end_column(self) -> int:
        """Where the columns end."""
        return self.first_column + len(self.site)

    @property
    def end_link(self) -> int:
        """Where the V1 rows end."""
        return self.first_link + int(self.site_links[-1])


class AllocationBlock:
    """Columns and rows of who is served where.

    `demands` are the positions (district, need, year) of each C1 row, and of each column of unmet
    need where that has a price. `need_row` (districts, needs, years), `places_row` (sites, care
    types, years), `share_row` (years) and `worst_row` (districts, years) are the rows of C1, C2,
    C16 and E1, −1 where there is none.
    """

    def __init__(self, instance: SitingInstance) -> None:
        reach = reachable(instance)
        holds = may_hold_places(instance)
        self.instance = instance
        self._standing = standing_places(instance)
        self._discount = _discounts(instance)
        self._givers = _givers(instance)
        self._longest = (
            longest_minutes(instance)
            if instance.weighs_worst_off
            else np.zeros(len(instance.districts))
        )
        self.demands = np.argwhere(instance.need > 0)
        self.need_row = _numbered(instance.need.shape, self.demands, 0)
        limited = np.argwhere(holds & places_may_be_short(instance, reach))
        self.places_row = _numbered(holds.shape, limited, len(self.demands))
        priced = instance.objective.unmet_place_year_nok is not None
        self.unmet = len(self.demands) if priced else 0
        first_link = len(self.demands) + len(limited)
        self.journeys = tuple(self._journeys(reach, holds, self.unmet, first_link))
        self.columns = self.journeys[-1].end_column if self.journeys else self.unmet
        end_link = self.journeys[-1].end_link if self.journeys else first_link
        self._share = self._shares()
        years = np.array([[t] for t in self._share], dtype=np.int32).reshape(-1, 1)
        self.share_row = _numbered((len(instance.years),), years, end_link)
        end_share = end_link + len(years)
        travelling = self._travelling()
        self.worst_row = _numbered(travelling.shape, np.argwhere(travelling), end_share)
        self.rows = end_share + int(np.count_nonzero(travelling))
        self.families = {
            "C1": slice(0, len(self.demands)),
            "C2": slice(len(self.demands), first_link),
            "V1": slice(first_link, end_link),
            "C16": slice(end_link, end_share),
            "E1": slice(end_share, self.rows),
        }

    def write_columns(self, cost: Floats, upper: Floats) -> None:
        """Cost [NOK, present value] and upper bound [places] of every column; lower ones are 0."""
        goal = self.instance.objective
        if self.unmet:
            i, n, t = self.demands.T
            price = goal.cost_weight * (goal.unmet_place_year_nok or 0.0)
            cost[: self.unmet] = self._discount[t] * price
            upper[: self.unmet] = self.instance.need[i, n, t]
        for journeys, part, columns in self._parts():
            price_of_journey = self.instance.journey_nok(self._minutes_of(journeys, part))
            cost[columns] = self._discount[journeys.year] * price_of_journey
            upper[columns] = self._need_of(journeys, journeys.district[part])

    def write_rows(self, lower: Floats, upper: Floats) -> None:
        """Bounds of every row, in places."""
        i, n, t = self.demands.T
        met, within = self.families["C1"], self.families["C2"]
        lower[:] = -np.inf
        upper[:] = 0.0
        lower[met] = upper[met] = self.instance.need[i, n, t]
        upper[within] = self._standing[self.places_row != NONE]
        lower[self.families["C16"]] = 0.0
        upper[self.families["C16"]] = np.inf

    def typical(self, planning: Entries) -> Floats:
        """Each row's typical coefficient, √(least · largest); `planning` are those of C2 and E1."""
        least, most = np.ones(self.rows), np.ones(self.rows)
        for code in ("C16", "E1"):  # without a coefficient of 1
            least[self.families[code]], most[self.families[code]] = np.inf, 0.0
        _widen(least, most, planning.rows, abs(planning.values))
        _widen(least, most, *self._unmet_worst())
        for journeys, part, _ in self._parts():
            row = self.share_row[journeys.year]
            if row != NONE:
                sizes = abs(self._nearness(journeys, part))
                least[row] = sizes[sizes > 0].min(initial=least[row])
                most[row] = sizes.max(initial=most[row])
            _widen(least, most, *self._worst_entries(journeys, part))
        for journeys in self.journeys:
            links = slice(journeys.first_link, journeys.end_link)
            most[links] = self._need_of(journeys, journeys.district[journeys.linked])
        np.multiply(least, most, out=most)
        return np.sqrt(most, out=most)

    def entries_per_column(self) -> Ints:
        """How many entries each column has."""
        counts = np.ones(self.columns, dtype=np.int32)
        counts[: self.unmet] += self._unmet_worst()[0] != NONE
        for journeys, part, columns in self._parts():
            counts[columns] += self._places_of(journeys, part) != NONE
            counts[columns] += journeys.linked[part]
            counts[columns] += self._nearness(journeys, part) != 0
            counts[columns] += self._worst_entries(journeys, part)[0] != NONE
        return counts

    def write_entries(self, starts: Ints, indices: Ints, values: Floats, first_row: int) -> None:
        """Every column's entries, from `starts` of each on; the block's rows begin at `first_row`.

        The block's columns are the last. A column's entries are by row, with 1 in C1, C2 and V1.
        """
        if len(starts):
            values[starts[0] :] = 1.0
        indices[starts[: self.unmet]] = np.arange(first_row, first_row + self.unmet)
        worst, minutes = self._unmet_worst()
        there = worst != NONE
        indices[starts[: self.unmet][there] + 1] = worst[there] + first_row
        values[starts[: self.unmet][there] + 1] = minutes[there]
        link = first_row + self.families["V1"].start
        for journeys, part, columns in self._parts():
            at = starts[columns].copy()
            need = self.need_row[journeys.district[part], journeys.need, journeys.year]
            indices[at] = need + first_row
            at += 1
            places = self._places_of(journeys, part)
            limited = places != NONE
            indices[at[limited]] = places[limited] + first_row
            at += limited
            linked = journeys.linked[part]
            end = link + int(np.count_nonzero(linked))
            indices[at[linked]] = np.arange(link, end)
            at += linked
            link = end
            nearness = self._nearness(journeys, part)
            near = nearness != 0
            indices[at[near]] = self.share_row[journeys.year] + first_row
            values[at[near]] = nearness[near]
            at += near
            worst, minutes = self._worst_entries(journeys, part)
            there = worst != NONE
            indices[at[there]] = worst[there] + first_row
            values[at[there]] = minutes[there]

    def planning_entries(self, planning: PlanningColumns) -> Entries:
        """Entries in planning columns: C2, what projects take and give, and E1, the worst off."""
        return _joined(self._places_entries(planning), self._need_entries(planning))

    def _places_entries(self, planning: PlanningColumns) -> Entries:
        instance = self.instance
        site, care_type = positions(instance.sites), positions(instance.care_types)
        found: list[tuple[Ints, Ints, float]] = []
        steps = iter(planning.steps)
        for opened, project in zip(planning.open, instance.projects.values(), strict=True):
            rows = self.places_row[site[project.site]]
            for p, taken in project.removes.items():
                found.append((rows[care_type[p]], opened, float(taken)))
            given = (rows[care_type[p]] for p in project.care_types)
            found.extend((row, next(steps), -float(project.step)) for row in given)
        return _entries(found)

    def _need_entries(self, planning: PlanningColumns) -> Entries:
        """−d of E1 in worst_off_minutes."""
        i, t = np.nonzero(self.worst_row != NONE)
        needed = self.instance.need.sum(axis=1)[i, t]
        return Entries(self.worst_row[i, t], planning.worst_off_minutes[t], -needed)

    def links_per_column(self, planning: PlanningColumns, columns: int) -> Ints:
        """How many entries V1 has in each of so many planning columns."""
        counts = np.zeros(columns, dtype=np.int32)
        for journeys in self.journeys:
            for site, column, _ in self._links_of(journeys, planning):
                counts[column] += journeys.site_links[site + 1] - journeys.site_links[site]
        return counts

    def write_links(
        self,
        planning: PlanningColumns,
        starts: Ints,
        indices: Ints,
        values: Floats,
        first_row: int,
    ) -> None:
        """Entries of V1 in planning columns, from `starts` of each on; rows as `write_entries`."""
        at = starts.tolist()
        for journeys in self.journeys:
            need = self._need_of(journeys, journeys.district[journeys.linked])
            first = first_row + journeys.first_link
            for site, column, sign in self._links_of(journeys, planning):
                begin, end = journeys.site_links[site], journeys.site_links[site + 1]
                there = slice(at[column], at[column] + int(end - begin))
                indices[there] = np.arange(first + begin, first + end)
                values[there] = sign * need[begin:end]
                at[column] = there.stop

    def _journeys(
        self, reach: Flags, holds: Flags, first_column: int, first_link: int
    ) -> Iterator[Journeys]:
        need = self.instance.need
        largest = largest_projects(self.instance)
        site, district = (index.astype(np.int32) for index in np.nonzero(reach))
        for t, p, n in self._served():
            chosen = holds[:, p, t][site] & (need[:, n, t] > 0)[district]
            if not chosen.any():
                continue
            whole = bool(chosen.all())
            sites, districts = (site, district) if whole else (site[chosen], district[chosen])
            # Without a link: where places stand, and where the need is as large as any project.
            size = np.where(self._standing[:, p, t] == 0, largest[:, p], 0.0)
            linked = need[districts, n, t] < size[sites]
            counts = np.bincount(sites[linked], minlength=len(reach))
            ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
            part = Journeys(p, n, t, sites, districts, linked, first_column, first_link, ends)
            yield part
            first_column, first_link = part.end_column, part.end_link

    def _served(self) -> Iterator[tuple[int, int, int]]:
        """(year, care type, need) where the care type serves the need, by position."""
        pairs = np.argwhere(serves(self.instance)).tolist()
        for t in range(len(self.instance.years)):
            for p, n in pairs:
                yield t, p, n

    def _shares(self) -> Mapping[int, float]:
        """{year: share} where C16 says something.

        With a share of zero, or nobody farther away than the target, no coefficient is negative
        and the row holds whatever is decided.
        """
        target = self.instance.targets.within
        if target is None:
            return {}
        far = {
            journeys.year
            for journeys, part, _ in self._parts()
            if (self._minutes_of(journeys, part) > target.minutes).any()
        }
        shares = enumerate(target.share)
        return {t: float(share) for t, share in shares if share and t in far}

    def _travelling(self) -> Flags:
        """(districts, years) where E1 says something: somebody may travel or be left without."""
        travelling = np.zeros((len(self.instance.districts), len(self.instance.years)), dtype=bool)
        if self.instance.weighs_worst_off:
            i, _, t = self.demands[: self.unmet].T
            travelling[i, t] = self._longest[i] > 0
            for journeys, part, _ in self._parts():
                away = self._minutes_of(journeys, part) > 0
                travelling[journeys.district[part][away], journeys.year] = True
        return travelling

    def _parts(self) -> Iterator[tuple[Journeys, slice, slice]]:
        """Journeys a piece at a time: which of theirs, and in which columns."""
        for journeys in self.journeys:
            first = journeys.first_column
            for begin in range(0, len(journeys.site), PIECE):
                end = min(begin + PIECE, len(journeys.site))
                yield journeys, slice(begin, end), slice(first + begin, first + end)

    def _need_of(self, journeys: Journeys, district: Ints) -> Floats:
        need: Floats = self.instance.need[district, journeys.need, journeys.year]
        return need

    def _minutes_of(self, journeys: Journeys, part: slice) -> Floats:
        travel = self.instance.travel
        minutes: Floats = travel.minutes[journeys.site[part], journeys.district[part]]
        return minutes

    def _places_of(self, journeys: Journeys, part: slice) -> Ints:
        """The row of C2 of each column, or none."""
        row: Ints = self.places_row[:, journeys.care_type, journeys.year][journeys.site[part]]
        return row

    def _nearness(self, journeys: Journeys, part: slice) -> Floats:
        """Coefficients in C16; all zero in a year without the row."""
        target, share = self.instance.targets.within, self._share.get(journeys.year)
        if target is None or share is None:
            return np.zeros(part.stop - part.start)
        near = self._minutes_of(journeys, part) <= target.minutes
        nearness: Floats = np.where(near, 1.0 - share, -share)
        return nearness

    def _unmet_worst(self) -> tuple[Ints, Floats]:
        """Row of E1, none where there is none, and the longest journey, of each unmet need."""
        i, _, t = self.demands[: self.unmet].T
        return self.worst_row[i, t], self._longest[i]

    def _worst_entries(self, journeys: Journeys, part: slice) -> tuple[Ints, Floats]:
        """Row of E1, none where the journey takes no time, and minutes of each column."""
        if not self.instance.weighs_worst_off:
            count = part.stop - part.start
            return np.full(count, NONE, dtype=np.int32), np.zeros(count)
        minutes = self._minutes_of(journeys, part)
        row = self.worst_row[journeys.district[part], journeys.year]
        return np.where(minutes > 0, row, NONE), minutes

    def _links_of(
        self, journeys: Journeys, planning: PlanningColumns
    ) -> Iterator[tuple[int, int, float]]:
        """(site, column of open, sign) of every term of in_use, as it stands left of V1's ≤."""
        t = journeys.year
        for k, site, lasts in self._givers[journeys.care_type]:
            yield site, planning.open[k, t], -1.0
            if lasts is not None and t >= lasts:
                yield site, planning.open[k, t - lasts], 1.0


def _widen(least: Floats, most: Floats, rows: Ints, sizes: Floats) -> None:
    """Take more coefficients into each row's least and largest; those of no row are left out."""
    there = rows != NONE
    np.minimum.at(least, rows[there], sizes[there])
    np.maximum.at(most, rows[there], sizes[there])


def _givers(instance: SitingInstance) -> list[list[tuple[int, int, int | None]]]:
    """Per care type, (project, its site, years it lasts) by position."""
    site = positions(instance.sites)
    return [
        [
            (k, site[project.site], project.available_years)
            for k, project in enumerate(instance.projects.values())
            if p in project.care_types
        ]
        for p in instance.care_types
    ]


def _discounts(instance: SitingInstance) -> Floats:
    """δ_t of every year."""
    rate, first = instance.objective.discount_rate, instance.years[0]
    return np.array([(1 + rate) ** (first - t) for t in instance.years])


def _numbered(shape: tuple[int, ...], at: NDArray[np.integer], first: int) -> Ints:
    """Rows in the order of `at`, the first one `first`; none elsewhere."""
    rows = np.full(shape, NONE, dtype=np.int32)
    rows[tuple(at.T)] = np.arange(first, first + len(at))
    return rows


def _joined(one: Entries, other: Entries) -> Entries:
    """The entries of both."""
    return Entries(
        np.concatenate([one.rows, other.rows]),
        np.concatenate([one.columns, other.columns]),
        np.concatenate([one.values, other.values]),
    )


def _entries(found: list[tuple[Ints, Ints, float]]) -> Entries:
    """Entries of (rows, columns, value), without those of no row and those of nothing."""
    if not found:
        return Entries(*(np.zeros(0, dtype=kind) for kind in (np.int32, np.int32, float)))
    rows = np.concatenate([rows for rows, _, _ in found])
    columns = np.concatenate([columns for _, columns, _ in found])
    each = np.array([value for _, _, value in found])
    values = np.repeat(each, [len(rows) for rows, _, _ in found])
    kept = (rows != NONE) & (values != 0)
    return Entries(rows[kept], columns[kept], values[kept])
