"""Every generator gives a valid document, and the same one each time."""

import dataclasses

import numpy as np
import pytest

from app.services.checking import check_scenario
from tests.benchmarks.instances import county, modules, national, towns, variations
from tests.siting import instance_of

MADE = {
    "towns": lambda: towns.towns(200, 20, 5, seed=1),
    "county": lambda: county.county(municipalities=4, years=6, seed=1),
    "modules": lambda: modules.modules(30, 12, 4, 3, seed=1),
    "a year of one care type": lambda: modules.modules(30, 12, 1, 1, seed=2),
}
NATIONAL = {
    "median": lambda: national.national_median(10),
    "covering": lambda: national.national_covering(60, 10),
    "set covering": lambda: national.national_set_covering(90),
}


@pytest.mark.parametrize("name", MADE)
def test_valid_and_the_same_each_time(name):
    document = MADE[name]()
    check_scenario(document)
    assert document == MADE[name]()


@pytest.mark.skipif(not national.DATA.exists(), reason="the folder of data is not there")
@pytest.mark.parametrize("name", NATIONAL)
def test_every_municipality_is_a_district_and_a_site(name):
    instance = instance_of(NATIONAL[name]())
    assert len(instance.districts) == len(instance.sites) == len(instance.projects) == 357


def test_every_variation_is_valid_and_none_is_another():
    documents = [variations.lillehammer_variation(n) for n in range(variations.COUNT)]
    for document in documents:
        check_scenario(document)
    assert documents[7] == variations.lillehammer_variation(7)
    assert all(document != other for n, document in enumerate(documents) for other in documents[:n])


def test_towns_as_document_and_as_instance_are_one_question():
    """But for the minutes: the geodesic and the straight line of the map differ by under 1 %."""
    read, made = instance_of(towns.towns(200, 20, 5, seed=1)), towns.towns_instance(200, 20, 5, 1)
    for field in {f.name for f in dataclasses.fields(read)} - {"need", "travel"}:
        assert getattr(read, field) == getattr(made, field), field
    np.testing.assert_array_equal(read.need, made.need)
    np.testing.assert_allclose(read.travel.minutes, made.travel.minutes, rtol=0.01, atol=0.01)
    assert read.travel.nok_per_minute == made.travel.nok_per_minute
