"""The `phonetic` parameter: names that sound alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search import extract, parameters, parse
from fhir_service.search.phonetics import key, read
from fhir_service.search.query import Criterion, ParameterType, StringValue


@pytest.mark.parametrize(
    "names",
    [
        ("Christine", "Kristin", "kristine"),
        ("Thorbjørn", "Torbjørn", "TORBJØRN"),
        ("Hansen", "Hanssen"),
        ("Carlsen", "Karlsen"),
        ("Wenche", "Venke"),
        ("Hjørdis", "Jørdis"),
        ("Aase", "Åse"),
        ("Schjelderup", "Sjelderup"),
        ("Cecilie", "Sesilie"),
        ("Kåre", "Kaare"),
    ],
)
def test_names_that_sound_alike_have_one_key(names: tuple[str, ...]) -> None:
    assert len({key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Kari", "Mari"), ("Ola", "Eli"), ("Nordmann", "Nordby"), ("Per", "Pernille")]
)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert key(one) != key(other)
    assert not key(other).startswith(key(one))


def test_each_part_and_the_whole_name_are_indexed() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Hansen", "given": ["Kristin"]}]}
    found = {row for row in extract(patient).strings if row[0] == "phonetic"}
    assert found == {
        ("phonetic", "hnsn.", "Hansen"),
        ("phonetic", "krstn.", "Kristin"),
        ("phonetic", "krstn. hnsn.", "Kristin Hansen"),
    }


def test_search_compares_keys() -> None:
    found = parse("Patient", [("phonetic", "Christine Hanssen")], base_url="").query
    assert found
    assert found.criteria == (Criterion("phonetic", ParameterType.STRING, (StringValue("krstn. hnsn."),)),)
    assert parameters("Patient")["phonetic"].modifiers == ("missing",)


def test_name_without_a_letter_is_none() -> None:
    assert read("12 -") is None
    assert parse("Patient", [("phonetic", "12")], base_url="").query is None


@given(st.text(max_size=30))
def test_any_text_has_a_key(text: str) -> None:
    assert all(word.endswith(".") and len(word) > 1 for word in key(text).split(" ") if word)
