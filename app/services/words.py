"""Numbers in Norwegian words, for planners."""

from collections.abc import Sequence

_IN_MILLIONS, _WHOLE = 100_000, 100


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


def kroner(nok: float | None) -> str:
    """Kroner, in millions from a hundred thousand on: «212,3 mill. kr», «150 kr», «0,12 kr»."""
    if nok is None:
        return "–"
    size = abs(nok)
    if size >= _IN_MILLIONS:
        return millions(nok)
    return f"{number(nok, 0 if size >= _WHOLE or nok == round(nok) else 2)} kr"


def listed(parts: Sequence[str]) -> str:
    """«a», «a og b», «a, b og c»."""
    *most, last = parts
    return f"{', '.join(most)} og {last}" if most else last
