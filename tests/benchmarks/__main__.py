"""`python -m tests.benchmarks [NAME …] [--limit S] [--repeat N]` prints tables in Markdown.

NAME is a table of `tests.benchmarks.tables`; without: those that fit in an hour.
"""

from argparse import ArgumentParser

from tests.benchmarks.machine import description
from tests.benchmarks.markdown import note
from tests.benchmarks.measure import Settings
from tests.benchmarks.tables import ORDINARILY, TABLES


def main() -> None:
    """Print the tables asked for."""
    parser = ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[*TABLES, []], metavar="NAME")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds one solve may take")
    parser.add_argument("--repeat", type=int, default=3, help="times around, of what is compared")
    given = parser.parse_args()
    note(description())
    for name in given.names or ORDINARILY:
        TABLES[name](Settings(given.limit, given.repeat))


if __name__ == "__main__":
    main()
