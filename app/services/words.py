"""Numbers and lists in Norwegian texts for planners."""

from collections.abc import Iterable, Sequence

_MOST_LISTED = 10


def number(value: float | None, decimals: int) -> str:
    """1234.5 as «1 234,5»; None as a dash."""
    if value is None:
        return "–"
    return f"{value:,.{decimals}f}".replace(",", " ").replace(".", ",")


def percent(value: float | None, decimals: int) -> str:
    """0.16 as «16,0 %»."""
    return "–" if value is None else f"{number(100 * value, decimals)} %"


def millions(nok: float | None) -> str:
    """Kroner as millions: «12,3 mill. kr»."""
    return "–" if nok is None else f"{number(nok / 1e6, 1)} mill. kr"


def short(value: float, decimals: int) -> str:
    """At most so many decimals: 12.0 as «12»."""
    text = number(value, decimals)
    return text.rstrip("0").rstrip(",") if "," in text else text


def kroner(nok: float) -> str:
    """An amount as it is said: in millions from a hundred thousand on, else in kroner."""
    return millions(nok) if abs(nok) >= 100_000 else f"{short(nok, 2)} kr"


def listed(words: Sequence[str]) -> str:
    """«a», «a og b», «a, b og c»."""
    return " og ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def first_listed(words: Sequence[str]) -> str:
    """As `listed`, but of many the first ten: «a, b, c … og 7 til»."""
    left = len(words) - _MOST_LISTED
    return f"{', '.join(words[:_MOST_LISTED])} og {left} til" if left > 0 else listed(words)


def years_listed(years: Iterable[int]) -> str:
    """2028, 2029, 2030 and 2033 as «2028–2030 og 2033»."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return listed([_run(run) for run in runs])


def _run(run: list[int]) -> str:
    first, last = run[0], run[-1]
    return f"{first}" if first == last else f"{first}–{last}"
