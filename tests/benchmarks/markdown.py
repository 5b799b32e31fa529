"""Tables in Markdown, printed row by row as the figures come."""

from collections.abc import Sequence


class Table:
    """A table whose header is printed at once; figures are right-aligned."""

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        print(f"\n### {title}\n\n| {' | '.join(columns)} |")
        print(f"|{'---|' + '---:|' * (len(columns) - 1)}", flush=True)

    def row(self, *cells: str) -> None:
        """Print one row."""
        print(f"| {' | '.join(cells)} |", flush=True)


def note(text: str) -> None:
    """Print a line below a table."""
    print(f"\n{text}", flush=True)


def seconds(value: float | None) -> str:
    """Seconds with as many decimals as mean something; – for none."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def share(value: float | None) -> str:
    """A gap in per cent; – for none."""
    return "–" if value is None else f"{100 * value:.3f} %"


def ratio(value: float | None) -> str:
    """How many times; – for none."""
    return "–" if value is None else f"{value:.2f}"
