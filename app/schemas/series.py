"""Series over years: a number, or `{"2026": v, "2030": w}`.

A *step* series holds a value until the next and is nothing before its first year; a *linear*
series is interpolated, constant before its first and after its last year. Both are written
alike, so one set of types serves them; which one a field is, its description says.
"""

from typing import Annotated, Any

from pydantic import Discriminator, StringConstraints, Tag

from app.schemas.base import Amount, Count, Share

YEAR_PATTERN = r"^(19|20|21)[0-9]{2}$"
YearKey = Annotated[str, StringConstraints(pattern=YEAR_PATTERN)]

# The tags of a union stand in pydantic's error locations, but are not a place in the document.
NUMBER, SERIES = "#number", "#series"
ALL_CORES, BY_CORE = "#all", "#cores"
TAGS = frozenset({NUMBER, SERIES, ALL_CORES, BY_CORE})


def _form(value: Any) -> str:
    return SERIES if isinstance(value, dict) else NUMBER


_BY_FORM = Discriminator(_form)

AmountSeries = Annotated[
    Annotated[Amount, Tag(NUMBER)] | Annotated[dict[YearKey, Amount], Tag(SERIES)],
    _BY_FORM,
]
CountSeries = Annotated[
    Annotated[Count, Tag(NUMBER)] | Annotated[dict[YearKey, Count], Tag(SERIES)],
    _BY_FORM,
]
ShareSeries = Annotated[
    Annotated[Share, Tag(NUMBER)] | Annotated[dict[YearKey, Share], Tag(SERIES)],
    _BY_FORM,
]
