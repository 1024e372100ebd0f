"""https://hl7.org/fhir/R4/search.html#string"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search import extract
from fhir_service.search.query import StringValue
from fhir_service.search.strings import comparable, normalise, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kåre  BJØRN", "kare bjørn"),
        ("Ka\u030are", "kare"),
        ("ÆRLIG", "ærlig"),
        ("  Ola\tNordmann\n", "ola nordmann"),
        ("Straße", "strasse"),
        ("Čáhcesuolu", "cahcesuolu"),
        ("ﬁn", "fin"),
        ("İ", "i"),
    ],
)
def test_text_is_compared_without_marks_and_case(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text())
def test_normalised_text_stays_as_it_is(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anne-Marie", "anne marie"),
        ("Storgata 1, 3. etg.", "storgata 1 3 etg"),
        ("O'Brien", "obrien"),
        ("O\u2019Brien\u2014S\u00f8r", "obrien sør"),
        ("A+ $5", "a+ $5"),
        ("-", "-"),
        ("\u2014", "\u2014"),
    ],
)
def test_punctuation_is_not_compared(text: str, expected: str) -> None:
    """https://hl7.org/fhir/R4/search.html#string: punctuation should be ignored; but something has to be left."""
    assert comparable(text) == expected


@given(st.text())
def test_comparable_text_stays_as_it_is(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)
    assert bool(comparable(text)) == bool(normalise(text))


def test_exact_value_stays_as_sent() -> None:
    assert read("Kåre", exact=True) == StringValue("Kåre")
    assert read("Kåre", exact=False) == StringValue("kare")
    assert read(r"a\,b", exact=False) == StringValue("a b")
    assert read(r"a\,b", exact=True) == StringValue("a,b")


@pytest.mark.parametrize("text", ["", "  ", "\u0301", "\u200a\u0308"])
def test_value_that_would_match_everything_is_refused(text: str) -> None:
    """SR-19: a beginning of nothing is the beginning of every text."""
    assert read(text, exact=False) is None
    assert read(text, exact=True) is None


def strings(resource: dict[str, object], parameter: str) -> set[tuple[str, str]]:
    return {(found, sent) for code, found, sent in extract(resource).strings if code == parameter}


def test_name_is_found_by_each_part_and_as_a_whole() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Åsen", "given": ["Arne", "Ås"], "prefix": ["dr."]}]}
    assert strings(patient, "name") == {
        ("asen", "Åsen"),
        ("arne", "Arne"),
        ("as", "Ås"),
        ("dr", "dr."),
        ("arne as asen", "Arne Ås Åsen"),
        ("as asen", ""),
        ("asen", ""),
    }
    assert strings(patient, "family") == {("asen", "Åsen")}
    assert strings(patient, "given") == {("arne", "Arne"), ("as", "Ås")}


def test_each_word_of_a_name_is_found_but_none_is_the_name_exactly() -> None:
    """https://hl7.org/fhir/R4/datatypes.html#HumanName: Carreno and Quinones find Carreno Quinones."""
    patient = {"resourceType": "Patient", "name": [{"family": "van der Berg", "given": ["Anne-Marie"]}]}
    assert strings(patient, "family") == {("van der berg", "van der Berg"), ("der berg", ""), ("berg", "")}
    assert strings(patient, "given") == {("anne marie", "Anne-Marie"), ("marie", "")}
    assert {found for found, _ in strings(patient, "phonetic")} == {"vn. dr. brg.", "an. mr.", "an. mr. vn. dr. brg."}


def test_address_is_found_by_each_part() -> None:
    address = {"line": ["Storgata 1"], "city": "Bergen", "postalCode": "5003", "country": "NO", "text": "Storgata 1"}
    patient = {"resourceType": "Patient", "address": [address]}
    assert {sent for _, sent in strings(patient, "address")} == {"Storgata 1", "Bergen", "5003", "NO"}
    assert strings(patient, "address-postalcode") == {("5003", "5003")}


def test_organization_is_found_by_name_and_alias() -> None:
    organization = {"resourceType": "Organization", "name": "Bergen kommune", "alias": ["BK", None]}
    assert {found for found, _ in strings(organization, "name")} == {"bergen kommune", "bk"}


@pytest.mark.parametrize("value", [None, 7, "Ola", [None], {"family": 7, "given": None}, {"family": "\u0301"}, []])
def test_values_of_another_shape_are_passed_over(value: object) -> None:
    assert extract({"resourceType": "Patient", "name": value, "address": value}).strings == ()
