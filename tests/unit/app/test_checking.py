import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from app.schemas.issues import pointer
from app.schemas.merge_patch import merge_patch
from app.schemas.scenario import Scenario
from app.services.checking import check_scenario, read_scenario
from app.services.instances import make_instance
from geodata import bundled
from solver.domain.errors import ScenarioInvalid

from .bad_scenarios.toy import TOY, put, toy

# Only what the contract requires.
MINIMAL: dict[str, Any] = {
    "schema_version": 1,
    "title": "Minst mulig",
    "municipality": {},
    "years": {"first": 2026, "last": 2026},
    "care_types": {
        "hdo": {
            "title": "HDO-plass",
            "serves": ["hdo"],
            "counts_towards_coverage": True,
            "operating_cost_nok": 900_000,
            "fte_per_place": {},
        }
    },
    "districts": {"a": {"need": {"hdo": 1}}},
    "sites": {"s": {}},
    "projects": {
        "k": {
            "title": "Nytt",
            "site": "s",
            "care_types": ["hdo"],
            "places": {"min": 0, "max": 1},
            "investment_nok": 0,
            "investment_per_place_nok": 0,
            "lifetime_years": 40,
        }
    },
    "need": {"basis": "explicit"},
    "travel": {"basis": "matrix", "minutes": {"s": {"a": 10}}},
    "objective": {},
}


def issues(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioInvalid) as caught:
        check_scenario(document)
    return [(issue.pointer, issue.code) for issue in caught.value.issues]


def patched(patch: dict[str, Any]) -> Any:
    return merge_patch(TOY, patch)


def with_nulls(document: Any, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """`document` with null in every field that it leaves out, by its JSON Schema."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    for option in schema.get("anyOf", []):
        if isinstance(document, dict) and option.get("type") != "null":
            document = with_nulls(document, option, root)
    if isinstance(document, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others or next(iter(schema.get("patternProperties", {}).values()), None)
        document = {
            name: with_nulls(member, fields.get(name) or others or {}, root)
            for name, member in document.items()
        } | {name: None for name in fields if name not in document}
    return document


def test_toy_passes_with_every_field() -> None:
    assert check_scenario(TOY) == read_scenario(json.dumps(TOY).encode())


def test_minimal_passes() -> None:
    assert check_scenario(MINIMAL).title == "Minst mulig"


def test_minimal_passes_with_null_in_every_other_field() -> None:
    schema = Scenario.model_json_schema()
    document = with_nulls(MINIMAL, schema, schema)
    assert document["budget"] is None
    assert document["projects"]["k"]["available_years"] is None
    assert document["projects"]["k"]["places"]["step"] is None
    assert document["travel"]["speed_kmh"] is None
    assert check_scenario(document) == check_scenario(MINIMAL)


@pytest.mark.parametrize("name", bundled.names())
def test_bundled_scenarios_pass(name: str) -> None:
    check_scenario(bundled.load(name))


def test_the_order_of_years_in_a_series_means_nothing() -> None:
    series = {"2029": 12, "2026": 20}
    check_scenario(put("/sites/helsehus/places/institution", series))
    assert issues(
        patched({"sites": {"helsehus": {"places": {"institution": {"2028": 11, "2025": 30}}}}})
    ) == [("/projects/fløy/removes/institution", "removes_too_many")]


@pytest.mark.parametrize(
    "patch",
    [
        # Infeasible is an answer.
        {"policies": {"allowed_ownership": []}},
        {"policies": {"max_projects": 0}},
        {"projects": {"tun": {"opens": {"latest": 2020}}}},
        {"projects": {"tun": {"opens": {"earliest": 2050}}}},
        {"targets": {"coverage": {"ratio": 1}}},
        {"staffing": {"available_fte": {"all": 0}}},
        {"objective": {"unmet_place_year_nok": None}},
        {"travel": {"limit_minutes": 0}},
        {"travel": {"basis": "matrix", "minutes": {"tomt": {"34050101": 5}, "helsehus": None}}},
        # What another basis leaves unread may stand.
        {"travel": {"minutes": {"borte": {"0": 1}}}},
        {"travel": {"basis": "matrix", "speed_kmh": None}, "sites": {"tomt": {"location": None}}},
        {"need": {"basis": "explicit", "population": "ukjent", "mix": {"hdo": 1, "annet": 1}}},
        {"districts": {"34050101": {"need": {"dagsenter": 1}}}},
        # At the edge of what is allowed.
        {"years": {"first": 1971}, "projects": {"fløy": {"removes": None}}},
        {"projects": {"fløy": {"places": {"min": 20}}}},
        {"projects": {"tun": {"grant_per_place_nok": 3_500_000}}},
        {"projects": {"tun": {"available_years": 1, "investment_per_place_nok": 0}}},
        {"projects": {"fløy": {"opens": {"earliest": 2030}}}},
        {"projects": {"fløy": {"removes": {"hdo": 0}}}},
        {"projects": {"fløy": {"excludes": []}}, "policies": {"required_projects": ["fløy"]}},
        {"need": {"mix": {"hdo": 0.1, "institution": 0.9}}},
        {"sources": {"": {"status": "derived"}, "/not/there/a~1b": {"status": "derived"}}},
        {"travel": {"visits_per_place_year": 0, "detour": 1}},
        {"price_year": 2026.0, "years": {"first": 2026.0}},
        {"targets": {"core_coverage": {"ratio": 0.1}}},
        {"policies": {"min_cores_with_places": 2}},
    ],
)
def test_what_does_not_contradict_itself_passes(patch: dict[str, Any]) -> None:
    check_scenario(patched(patch))


def test_all_cross_checks_report_at_once() -> None:
    patch = {
        "years": {"last": 2020},
        "districts": {"34050101": {"core": "borte"}},
        "projects": {"tun": {"site": "borte", "places": {"max": 0}, "requires": ["fløy"]}},
        "travel": {"speed_kmh": None},
        "cores": {"vingrom": {"location": [61, 10]}},
    }
    assert issues(patched(patch)) == [
        ("/years/last", "years_reversed"),
        ("/districts/34050101/core", "unknown_id"),
        ("/projects/tun/site", "unknown_id"),
        ("/projects/tun/places/max", "no_places"),
        ("/projects/fløy/requires", "requires_cycle"),
        ("/cores/vingrom/location", "axes_swapped"),
        ("/travel/speed_kmh", "missing_field"),
    ]


WEIGHED: dict[str, Any] = {
    "objective": {"weights": {"kolm_pollak": 1}, "inequality_aversion_per_minute": 2}
}
BY_MATRIX: dict[str, Any] = {
    "travel": {
        "basis": "matrix",
        "minutes": {"helsehus": {"34050101": 11, "34050102": 3}, "tomt": {"34050101": 5}},
    }
}


@pytest.mark.parametrize("basis", [{}, BY_MATRIX], ids=["straight lines", "matrix"])
def test_a_journey_too_long_to_be_weighed_is_refused(basis: dict[str, Any]) -> None:
    """29.5 minutes along a straight line, 11 in the matrix, and 2 per minute."""
    here = ("/objective/inequality_aversion_per_minute", "too_large")
    assert issues(merge_patch(merge_patch(TOY, WEIGHED), basis)) == [here]


@pytest.mark.parametrize("basis", [{}, BY_MATRIX], ids=["straight lines", "matrix"])
@pytest.mark.parametrize(
    "patch",
    [
        pytest.param({"objective": {"inequality_aversion_per_minute": 0.3}}, id="less averse"),
        pytest.param({"objective": {"weights": {"kolm_pollak": 0}}}, id="no weight"),
        pytest.param({"travel": {"limit_minutes": 10}}, id="only short journeys"),
    ],
)
def test_journeys_that_can_be_weighed_pass(basis: dict[str, Any], patch: dict[str, Any]) -> None:
    document = merge_patch(merge_patch(TOY, WEIGHED), basis)
    check_scenario(merge_patch(document, patch))


@pytest.mark.parametrize(
    ("patch", "issue"),
    [
        ({"travel": {"speed_kmh": None}}, ("/travel/speed_kmh", "missing_field")),
        (
            {"districts": {"34050101": {"location": None}}},
            ("/districts/34050101/location", "missing_location"),
        ),
        (
            {"travel": {"basis": "matrix", "minutes": None}},
            ("/travel/minutes", "missing_field"),
        ),
    ],
)
def test_journeys_that_cannot_be_computed_are_not_weighed(
    patch: dict[str, Any], issue: tuple[str, str]
) -> None:
    assert issues(merge_patch(merge_patch(TOY, WEIGHED), patch)) == [issue]


def test_two_rings_of_projects_are_two_issues() -> None:
    def project(requires: str) -> Any:
        return TOY["projects"]["tun"] | {"requires": [requires]}

    ring = {"projects": {"a": project("b"), "b": project("a"), "tun": {"requires": ["fløy"]}}}
    assert sorted(issues(patched(ring))) == [
        ("/projects/a/requires", "requires_cycle"),
        ("/projects/fløy/requires", "requires_cycle"),
    ]


def test_a_contradiction_is_reported_where_it_arises_and_not_up_the_chain() -> None:
    """c requires b requires a, and b excludes a: only b is at fault."""
    base = TOY["projects"]["tun"]
    chain = {
        "a": base,
        "b": base | {"requires": ["a"], "excludes": ["a"]},
        "c": base | {"requires": ["b"]},
    }
    assert issues(patched({"projects": chain})) == [("/projects/b/requires", "requires_excluded")]


def test_a_chain_of_ten_thousand_projects_is_no_problem() -> None:
    base = TOY["projects"]["tun"]
    chain = {f"k{n}": base | {"requires": [f"k{n + 1}"]} for n in range(10_000)}
    chain["k10000"] = base | {"excludes": ["k0"]}
    assert issues(patched({"projects": chain})) == [("/projects/k0/requires", "requires_excluded")]


def test_more_than_200_issues_end_with_one_that_says_so() -> None:
    districts = {f"x{n}": {"core": "borte", "location": [10.4, 61.1]} for n in range(300)}
    found = issues(patched({"districts": districts}))
    assert len(found) == 201
    assert found[200] == ("", "more_issues")


def test_a_district_is_named_like_a_large_member() -> None:
    """Only real outlines and travel times are left out of the count of values."""
    many = {f"g{n}": 1 for n in range(1_000_001)}
    assert issues(toy() | {"districts": {"geometry": {"population": many}}}) == [
        ("/districts", "scenario_too_large")
    ]
    assert issues(toy() | {"owner": many}) == [("/owner", "scenario_too_large")]


def test_a_large_matrix_counts_by_its_rows() -> None:
    """1 000 × 400 cells, more than the values a scenario may otherwise have."""
    sites: dict[str, Any] = {f"s{n}": {} for n in range(1_000)}
    districts = {f"d{n}": {"need": {"hdo": 1}} for n in range(400)}
    row = dict.fromkeys(districts, 12.5)
    large = MINIMAL | {
        "sites": sites,
        "districts": districts,
        "projects": None,
        "travel": {"basis": "matrix", "minutes": dict.fromkeys(sites, row)},
    }
    assert len(check_scenario(large).sites) == 1_000
    wrong = copy.deepcopy(large)
    wrong["travel"]["minutes"]["s7"] = dict.fromkeys(districts, -1)
    assert issues(wrong) == [("/travel/minutes/s7/d0", "too_small")]


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every place in a document with what stands there, outlines as a whole."""
    yield pointer(*way), value
    if way[-1:] == ("geometry",):
        return
    members: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for name, member in members:
        yield from places(member, (*way, name))


EVERYWHERE = [(place, value) for place, value in places(TOY) if place]


@pytest.mark.parametrize(("place", "value"), EVERYWHERE, ids=[place for place, _ in EVERYWHERE])
def test_a_wrong_type_is_refused_in_every_field(place: str, value: Any) -> None:
    wrong: Any = [[]] if isinstance(value, dict) else {" ": {}}
    found = issues(put(place, wrong))
    assert all(where == place or where.startswith(f"{place}/") for where, _ in found)
    assert {code for _, code in found} <= {
        "wrong_type",
        "bad_value",
        "bad_year",
        "bad_id",
        "unknown_field",
    }


@pytest.mark.parametrize(
    "place",
    [
        "/staffing/available_fte/all",
        "/districts/34050102/need/institution",
        "/travel/barriers",
        "/districts/34050101/population/80+/2026",
        "/targets/coverage/ratio",
    ],
)
def test_null_in_a_map_is_left_out(place: str) -> None:
    left_out = toy()
    *way, last = place.removeprefix("/").split("/")
    here: Any = left_out
    for name in way:
        here = here[name]
    del here[last]
    assert check_scenario(put(place, None)) == check_scenario(left_out)


def test_a_series_without_years_is_none() -> None:
    document = put("/targets/coverage/ratio", {})
    document["staffing"]["available_fte"]["all"] = {}
    instance = make_instance(check_scenario(document))
    assert instance.targets.coverage is not None
    assert set(instance.targets.coverage.ratio) == {None}
    assert set(instance.limits.available_fte["all"]) == {None}


def test_issues_of_schema_and_of_cross_checks_come_together() -> None:
    document = toy()
    document["title"] = 3
    document["care_types"]["hdo"]["operating_cost_nok"] = -1
    document["colour"] = "red"
    document["projects"]["tun"]["site"] = "ukjent"
    document["projects"]["tun"]["opens"] = {"earliest": 2030, "latest": 2027}
    document["districts"]["34050101"]["location"] = [61.1, 10.4]
    with pytest.raises(ScenarioInvalid) as caught:
        check_scenario(document)
    assert {issue.pointer for issue in caught.value.issues} == {
        "/title",
        "/care_types/hdo/operating_cost_nok",
        "/colour",
        "/projects/tun/site",
        "/projects/tun/opens/latest",
        "/districts/34050101/location",
    }


@pytest.mark.parametrize(
    "pointer_to_break", ["/years/first", "/sites/helsehus", "/projects/tun/places/max"]
)
def test_what_stands_in_for_a_wrong_value_is_never_complained_of(pointer_to_break: str) -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        check_scenario(put(pointer_to_break, "mye"))
    assert {issue.pointer for issue in caught.value.issues} == {pointer_to_break}
