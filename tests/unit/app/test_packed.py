"""Texts come out of the database as they went in, packed or from before they were packed."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.scenarios import as_text
from geodata import bundled
from models import Packed


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()))
def test_a_text_is_what_it_was(document: dict[str, int]) -> None:
    text = as_text(document)
    packed = Packed.of(text)
    assert packed.text == text
    assert not packed.data.startswith(b"{")
    assert Packed(text.encode()).text == text


def test_a_scenario_is_far_smaller() -> None:
    text = as_text(bundled.load("lillehammer"))
    assert len(Packed.of(text).data) * 3 < len(text)
