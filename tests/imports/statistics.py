"""Answers as SSB's PxWebApi v2 gives them, made for the tests."""

from math import prod
from typing import Any


def dataset(
    dimensions: dict[str, dict[str, str]], values: list[Any], **more: Any
) -> dict[str, Any]:
    """A JSON-stat 2 dataset: dimension → code → label, and values, the last dimension fastest."""
    sizes = [len(codes) for codes in dimensions.values()]
    assert len(values) == prod(sizes)
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Befolkning",
        "source": "Statistisk sentralbyrå",
        "updated": "2026-02-24T07:00:00Z",
        "id": list(dimensions),
        "size": sizes,
        "dimension": {
            name: {
                "label": name.lower(),
                "category": {
                    "index": {code: at for at, code in enumerate(codes)},
                    "label": codes,
                },
            }
            for name, codes in dimensions.items()
        },
        "value": values,
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]},
        "extension": {"px": {"tableid": "07459"}},
        **more,
    }


def named(*codes: str) -> dict[str, str]:
    """Categories that are labelled by their code."""
    return {code: code for code in codes}


PERSONS = {"Personer1": "Personer"}


def by_municipality(code: str, years: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Persons of a municipality: year → age label → persons."""
    ages = list(next(iter(years.values())))
    return dataset(
        {
            "Region": {code: "kommunen"},
            "Alder": {f"A{n}": label for n, label in enumerate(ages)},
            "ContentsCode": PERSONS,
            "Tid": named(*years),
        },
        [years[year][age] for age in ages for year in years],
    )


def everybody(persons: dict[str, int], year: str) -> dict[str, Any]:
    """All inhabitants by grunnkrets."""
    return dataset(
        {"Grunnkretser": named(*persons), "ContentsCode": PERSONS, "Tid": named(year)},
        list(persons.values()),
        extension={"px": {"tableid": "04317"}},
    )
