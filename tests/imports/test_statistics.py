"""Statistics: ages, JSON-stat, where it is fetched from, and how figures are spread."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from app.services.importing.ages import EVERYBODY, Ages, ages_of, parts_of
from app.services.importing.jsonstat import read_counts
from app.services.importing.population import Spread, Statistics, inhabitants
from app.services.importing.report import Report
from app.services.importing.sources import Fetched, Fetching, fetch
from solver.domain.errors import DocumentInvalid, InputError, SitingError
from tests.imports.statistics import PERSONS, by_municipality, dataset, everybody, named

YEARS = {
    "2026": {"80-84 år": 6, "85 år eller eldre": 4},
    "2030": {"80-84 år": 9, "85 år eller eldre": 6},
}


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("80 år", Ages(80, 80)),
        ("080", Ages(80, 80)),
        ("80-84 år", Ages(80, 84)),
        ("F80-84", Ages(80, 84)),
        ("80 – 84", Ages(80, 84)),
        ("105 år eller eldre", Ages(105, None)),
        ("90+", Ages(90, None)),
        ("90 år og over", Ages(90, None)),
        ("105 years or older", Ages(105, None)),
        ("Alle aldre", EVERYBODY),
        ("I alt", EVERYBODY),
        ("84-80 år", None),
        ("eldre", None),
    ],
)
def test_ages_are_read_as_ssb_writes_them(text: str, ages: Ages | None) -> None:
    assert ages_of(text) == ages


def test_a_group_is_put_together_of_the_widest_that_fit() -> None:
    singles = [Ages(n, n) for n in range(80, 90)]
    last = Ages(90, None)
    assert parts_of(Ages(80, None), [*singles, last]) == [*singles, last]
    wide = [Ages(80, 84), Ages(85, 89), Ages(80, 86)]
    assert parts_of(Ages(80, None), [*wide, last]) == [Ages(80, 84), Ages(85, 89), last]
    assert parts_of(Ages(80, None), [EVERYBODY, Ages(80, None)]) == [Ages(80, None)]
    assert parts_of(Ages(80, None), singles) is None  # and those of 90?
    assert parts_of(Ages(82, 84), wide) is None
    assert parts_of(Ages(67, 79), [Ages(67, 69), Ages(70, 79), last]) == [
        Ages(67, 69),
        Ages(70, 79),
    ]


def test_sexes_are_added_up_unless_both_stand_there() -> None:
    sexes = {"1": "Menn", "2": "Kvinner"}
    each = {"Region": named("5053"), "Kjonn": sexes, "Alder": named("080"), "Tid": named("2026")}
    counts = read_counts(dataset(each, [3, 4]))
    assert counts.persons == {("5053", 2026): {Ages(80, 80): 7}}
    each["Kjonn"] = {"0": "Begge kjønn", **sexes}
    assert read_counts(dataset(each, [8, 3, 4])).persons[("5053", 2026)] == {Ages(80, 80): 8}


def test_sparse_values_lists_of_codes_and_prefixed_regions_are_read() -> None:
    document = by_municipality("K-5053", YEARS)
    document["value"] = {"0": 6, "3": 6}
    document["dimension"]["Tid"]["category"] = {"index": ["2026", "2030"]}
    counts = read_counts(document)
    assert counts.persons[("5053", 2026)] == {Ages(80, 84): 6, Ages(85, None): None}
    assert counts.table == "07459"


def test_a_projection_is_chosen_among_several() -> None:
    kinds = {"Personer": "Hovedalternativet (MMMM)", "Personer1": "Høy (HHMH)"}
    each = {"Region": named("5053"), "ContentsCode": kinds, "Tid": named("2030")}
    document = dataset(each, [10, 12])
    with pytest.raises(DocumentInvalid) as caught:
        read_counts(document)
    assert "--contents" in caught.value.issues[0].mend
    assert "Personer1 (Høy (HHMH))" in caught.value.issues[0].mend
    counts = read_counts(document, "Personer1")
    assert (counts.persons[("5053", 2030)], counts.contents) == ({EVERYBODY: 12}, "Høy (HHMH)")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"class": "collection"}, ""),
        ({"id": None}, "/id"),
        ({"id": ["Region", "Alder", "Tid"]}, "/id"),
        ({"size": [1, 2, 1, 3]}, "/size/3"),
        ({"value": [1, 2]}, "/value"),
        ({"value": [1, 2, -3, 4]}, "/value/2"),
        ({"value": [1, 2, 3.5, 4]}, "/value/2"),
        ({"value": [1, 2, "3", 4]}, "/value/2"),
        ({"value": {"a": 1}}, "/value"),
    ],
)
def test_what_is_no_dataset_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read_counts(by_municipality("5053", YEARS) | change)
    (issue,) = caught.value.issues
    assert issue.pointer == place
    assert issue.mend


@pytest.mark.parametrize(
    "broken", [{}, {"category": {}}, {"category": {"index": {"a": "b", "c": 1}}}]
)
def test_a_dimension_without_categories_is_refused(broken: Any) -> None:
    document = by_municipality("5053", YEARS)
    document["dimension"]["Alder"] = broken
    with pytest.raises(DocumentInvalid):
        read_counts(document)


def test_a_dimension_that_nobody_chose_in_is_refused() -> None:
    each = {"Region": named("5053"), "Sivilstand": named("1", "2"), "Tid": named("2026")}
    with pytest.raises(DocumentInvalid) as caught:
        read_counts(dataset(each, [1, 2]))
    assert caught.value.issues[0].pointer == "/dimension/Sivilstand"


def statistics(*documents: Any) -> list[Statistics]:
    return [Statistics.of(Fetched(d, "svar.json", None, None)) for d in documents]


def spread(*documents: Any, report: Report | None = None) -> dict[str, Spread]:
    districts = ["50530101", "50530102"]
    return inhabitants(statistics(*documents), "80+", districts, "5053", report or Report())


def by_district(year: str, *figures: int | None, ages: tuple[str, ...] = ("80+",)) -> Any:
    regions = named("50530101", "50530102", "50530199")
    each = {"Grunnkretser": regions, "Alder": named(*ages), "Tid": named(year)}
    return dataset(each, [*figures])


def test_a_projection_is_spread_by_the_group_where_it_is_known() -> None:
    report = Report()
    found = spread(by_district("2026", 2, 6, 1), by_municipality("5053", YEARS), report=report)
    assert {key: each.series for key, each in found.items()} == {
        "50530101": {"2026": 2.0, "2030": 3.75},
        "50530102": {"2026": 6.0, "2030": 11.25},
    }
    assert {each.source["status"] for each in found.values()} == {"derived"}
    assert any("8 personer til sammen, kommune 5053 10" in line for line in report.assumed)
    assert any("50530199" in line for line in report.dropped)


def test_without_ages_by_district_all_inhabitants_are_the_weights() -> None:
    weights = everybody({"50530101": 100, "50530102": 300}, "2025")
    found = spread(weights, by_municipality("5053", YEARS))
    assert found["50530102"].series == {"2026": 7.5, "2030": 11.25}
    assert found["50530102"].source["status"] == "assumption"
    assert "alle innbyggere i 2025" in found["50530102"].source["note"]


def test_a_figure_that_is_held_back_is_not_nought() -> None:
    report = Report()
    found = spread(by_district("2026", 2, None, 1), report=report)
    assert list(found) == ["50530101"]
    assert any("50530102 2026" in line for line in report.dropped)


def test_groups_that_cannot_be_put_together_are_dropped_and_told() -> None:
    report = Report()
    assert spread(by_district("2026", 2, 3, 1, ages=("67-84",)), report=report) == {}
    assert "80+" in report.dropped[0]


def test_a_projection_without_anything_to_spread_by_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        spread(by_municipality("5053", YEARS))
    assert caught.value.code == "no_weights"


def test_figures_of_another_municipality_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        spread(by_municipality("3405", YEARS), everybody({"50530101": 1}, "2025"))
    assert "3405" in caught.value.detail


class _Answers(BaseHTTPRequestHandler):
    """Says what stands in `script`, one by one; counts and remembers what it was asked."""

    script: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, headers, body = self.script.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    _Answers.script, _Answers.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v2/tables/07459/data?valueCodes[Region]=5053"
    server.shutdown()
    thread.join()
    server.server_close()


GOOD = (200, {}, json.dumps(by_municipality("5053", YEARS)).encode())


def fetching(cache: Path | None = None) -> tuple[Fetching, list[float]]:
    pauses: list[float] = []
    return Fetching(5.0, 3, cache, pauses.append), pauses


def test_a_busy_source_is_asked_again_after_a_pause(address: str) -> None:
    _Answers.script = [(429, {"Retry-After": "7"}, b""), (503, {}, b""), GOOD]
    how, pauses = fetching()
    found = fetch(address, how)
    assert read_counts(found.document).persons[("5053", 2026)][Ages(80, 84)] == 6
    assert (found.url, pauses) == (address, [7.0, 2.0])
    assert _Answers.asked == ["/v2/tables/07459/data?valueCodes[Region]=5053"] * 3


def test_a_source_that_stays_busy_is_given_up_with_a_way_out(address: str) -> None:
    _Answers.script = [(503, {}, b"")] * 3
    with pytest.raises(SitingError) as caught:
        fetch(address, fetching()[0])
    assert caught.value.code == "source_unavailable"
    assert "oppgi filen" in caught.value.detail


def test_a_refusal_and_a_redirect_are_not_asked_again(address: str) -> None:
    for status, headers in ((404, {}), (302, {"Location": "http://127.0.0.1:1/"})):
        _Answers.script, _Answers.asked = [(status, headers, b"")], []
        with pytest.raises(InputError) as caught:
            fetch(address, fetching()[0])
        assert caught.value.code == "source_refused"
        assert len(_Answers.asked) == 1


def test_an_answer_that_is_no_json_names_the_address(address: str) -> None:
    _Answers.script = [(200, {}, b"<html>")]
    with pytest.raises(DocumentInvalid) as caught:
        fetch(address, fetching()[0])
    assert address in caught.value.issues[0].message


def test_an_answer_is_kept_and_not_asked_for_again(address: str, tmp_path: Path) -> None:
    _Answers.script = [GOOD]
    first = fetch(address, fetching(tmp_path / "svar")[0])
    again = fetch(address, fetching(tmp_path / "svar")[0])
    assert again == first
    assert len(_Answers.asked) == 1


def test_table_and_query_are_the_source(address: str) -> None:
    _Answers.script = [GOOD]
    fetched = fetch(address, fetching()[0])
    weights = everybody({"50530101": 1, "50530102": 3}, "2025")
    both = [Statistics.of(fetched), *statistics(weights)]
    found = inhabitants(both, "80+", ["50530101", "50530102"], "5053", Report())
    source = found["50530101"].source
    assert source["url"] == address
    assert "tabell 07459" in source["note"]
    assert "Hentet 20" in source["note"]


@pytest.mark.parametrize(
    "named_as", ["file:///etc/passwd", "ftp://x/y", "http:///x", "http://a:b/"]
)
def test_no_other_address_is_opened(named_as: str) -> None:
    with pytest.raises((OSError, InputError)):
        fetch(named_as, fetching()[0])


def test_letters_and_spaces_in_a_query_are_sent(address: str) -> None:
    _Answers.script = [GOOD]
    fetch(f"{address}&q=Sør øst", fetching()[0])
    assert _Answers.asked[0].endswith("&q=S%C3%B8r%20%C3%B8st")


def test_a_bad_dataset_names_its_file() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        statistics({"class": "dataset"})
    assert caught.value.issues[0].message.startswith("«svar.json»: ")


def test_no_server_is_told_in_words() -> None:
    with pytest.raises(SitingError):
        fetch("http://127.0.0.1:1/x", fetching()[0])


def test_persons_need_a_region() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        read_counts(dataset({"ContentsCode": PERSONS, "Tid": named("2026")}, [1]))
    assert "region" in caught.value.issues[0].message
