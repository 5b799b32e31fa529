"""Figures in Norwegian words: what texts for planners are put together from."""


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
