"""Numbers and lists in Norwegian texts for planners."""

from collections.abc import Sequence


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
