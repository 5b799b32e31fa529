"""A scenario whose front has many points: every district may have places of its own."""

from tests.siting import Y1, Y2, Document, district, project, scenario, site


def street(number: int = 6) -> Document:
    """Districts in a row, the last one farthest from s, where all can stay.

    The project of each brings it to a minute; farther out it costs more, and for a year or two.
    """
    own = range(number)
    return scenario(
        last=Y2,
        districts={f"d{n}": district({str(Y1): 3, str(Y2): 4}) for n in own},
        sites={"s": site(4 * number), **{f"v{n}": {} for n in own}},
        minutes={
            "s": {f"d{n}": 4 + 3 * n for n in own},
            **{f"v{n}": {f"d{n}": 1} for n in own},
        },
        projects={
            f"k{n}": project(f"v{n}", 4, investment_nok=7 * n + n * n % 5 + 5, fte={"all": n % 3})
            for n in own
        },
        staffing={"available_fte": {"all": 100}},
    )
