"""How unequal journeys are: shares, the worst-off district, Gini, and Kolm and Pollak."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import exp, fsum, isfinite, log

from solver.domain.plan import Equity, WorstOff
from solver.verify.books import Books, Journey, added

# «10-minuttersbyen»: «det viktigste kan nås innen 10 minutter», the vision of the strategy
# Byutvikling 2044, as the municipality's plan for health and care of 2018 quotes it. The vision
# counts from Storgata and Skysstasjonen; here it is the way from the district to the place.
NEAR_MINUTES = 10
# ε of Kolm and Pollak: the default of equitable-facility-location (Horton et al. 2024), which
# writes it with a minus for burdens.
AVERSION = 1.0


def equity(books: Books, t: int) -> Equity | None:
    """The measures over the served places of a year; None when nobody is served."""
    journeys = [one for one in books.journeys[t] if one.places > 0 and isfinite(one.minutes)]
    share = share_within(journeys)
    if share is None:
        return None
    by_core: dict[str | None, list[Journey]] = defaultdict(list)
    for one in journeys:
        by_core[books.instance.district_cores.get(one.district)].append(one)
    return Equity(
        share_within_10_minutes=share,
        share_within_10_minutes_by_core={
            core: share_within(by_core[core]) for core in books.instance.cores
        },
        worst_off_district=worst_off(journeys),
        gini=gini([one.minutes for one in journeys], [one.places for one in journeys]),
        kolm_pollak_minutes=kolm_pollak(
            [one.minutes for one in journeys], [one.places for one in journeys]
        ),
    )


def share_within(journeys: Sequence[Journey]) -> float | None:
    """Places at most 10 minutes away ÷ places; None without any."""
    if not journeys:
        return None
    near = added(one.places for one in journeys if one.minutes <= NEAR_MINUTES)
    return float(near / added(one.places for one in journeys))


def worst_off(journeys: Sequence[Journey]) -> WorstOff:
    """The district with the largest mean minutes of its served places; ties to the first id."""
    by_district: dict[str, list[Journey]] = defaultdict(list)
    for one in journeys:
        by_district[one.district].append(one)
    means = {i: _mean(mine) for i, mine in by_district.items()}
    worst = min(means, key=lambda i: (-means[i], i))
    return WorstOff(worst, float(means[worst]))


def gini(minutes: Sequence[float], places: Sequence[float]) -> float:
    r"""The Gini coefficient of minutes over places, 0 where all travel equally far.

    $\sum_{ab} q_a q_b |z_a - z_b| / (2 N \sum_a q_a z_a)$, which for ascending z is
    $\sum_a q_a z_a (2 C_a + q_a - N) / (N \sum_a q_a z_a)$ with C_a the places before a: Gini
    (1912), in the form for sorted grouped data. Exact but for the last division: units cancel, so
    that all can be whole numbers.
    """
    ascending = sorted(zip(minutes, places, strict=True))
    times = _whole([z for z, _ in ascending])
    counts = _whole([q for _, q in ascending])
    everybody = sum(counts)
    before, spread, total = 0, 0, 0
    for z, q in zip(times, counts, strict=True):
        spread += q * z * (2 * before + q - everybody)
        total += q * z
        before += q
    return float(Fraction(spread, everybody * total)) if total else 0.0


def kolm_pollak(minutes: Sequence[float], places: Sequence[float]) -> float:
    r"""The Kolm–Pollak equally-distributed equivalent of minutes over places [min].

    $\frac{1}{\kappa} \ln \frac{1}{N} \sum_a q_a e^{\kappa z_a}$ with $\kappa = \varepsilon \alpha$,
    $\alpha = \sum_a q_a z_a / \sum_a q_a z_a^2$ [1/min] and ε = 1: minutes are a burden, so it is
    never below the mean, and its distance from it is the price of inequality. Sheriff and Maguire
    (2020, Health Risk, Inequality Indexes, and Environmental Justice, Risk Analysis 40); Logan,
    Anderson, Williams and Conrow (2021, Measuring inequalities in urban systems, Computers,
    Environment and Urban Systems 86, 101590), who scale κ by the data so that ε has no unit. The
    longest time is taken outside the logarithm: no exponential overflows.
    """
    squares = fsum(q * z * z for z, q in zip(minutes, places, strict=True))
    if not squares:
        return 0.0
    kappa = AVERSION * fsum(q * z for z, q in zip(minutes, places, strict=True)) / squares
    longest = max(minutes)
    felt = fsum(q * exp(kappa * (z - longest)) for z, q in zip(minutes, places, strict=True))
    return longest + log(felt / fsum(places)) / kappa


def _mean(journeys: Sequence[Journey]) -> Fraction:
    travelled = added((one.places for one in journeys), (one.minutes for one in journeys))
    return travelled / added(one.places for one in journeys)


def _whole(numbers: Sequence[float]) -> list[int]:
    """The numbers in a unit of their own in which all are whole: a float is n ÷ a power of two."""
    ratios = [number.as_integer_ratio() for number in numbers]
    unit = max((below for _, below in ratios), default=1)
    return [above * (unit // below) for above, below in ratios]
