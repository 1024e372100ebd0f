"""`_text` and `_content`.  https://hl7.org/fhir/R4/search.html#content"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search.escapes import is_well_formed
from fhir_service.search.query import FullText
from fhir_service.search.words import MAX_ALTERNATIVES, read_words, words_of
from tests.unit.search.asked import condition, refusals


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fall", (("fall",),)),
        ("Fall HOFTE", (("fall", "hofte"),)),
        ("fall,hofte", (("fall",), ("hofte",))),
        ("fall or hofte", (("fall",), ("hofte",))),
        ("fall and hofte", (("fall", "hofte"),)),
        # the example of R4
        ("(bone OR liver) and metastases", (("bone", "metastases"), ("liver", "metastases"))),
        ("a (b or (c d)) e", (("a", "b", "e"), ("a", "c", "d", "e"))),
        ("Blåbær-syltetøy", (("blabær", "syltetøy"),)),
        (r"a\,b", (("a", "b"),)),
        ("fall fall", (("fall",),)),
        ("a or a", (("a",),)),
    ],
)
def test_words_are_joined_by_and_or_and_parentheses(text: str, found: tuple[tuple[str, ...], ...]) -> None:
    assert read_words(text) == found
    assert condition("Patient", "_content", text) == FullText("_content", found)
    assert condition("Patient", "_text", text) == FullText("_text", found)


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "a or",
        "or a",
        "and",
        "a and or b",
        "(a",
        "a)",
        "()",
        "a,",
        "a,-",
        '"a b"',
        "a*",
        r"a\x",
        "(" * 12 + "a" + ")" * 12,
        "(a or b) " * 7,
        " or ".join(str(n) for n in range(MAX_ALTERNATIVES + 1)),
        ",".join(str(n) for n in range(MAX_ALTERNATIVES + 1)),
        " ".join(str(n) for n in range(33)),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    """SR-8, SR-19: a phrase and a beginning are not served, and so not taken for words."""
    assert refusals("Patient", ("_text", text)) == [("bad-parameter-value", "_text")]


def test_long_words_are_compared_by_their_beginning() -> None:
    assert words_of("a" * 200) == ("a" * 100,)


@given(st.text(alphabet="ab ()or,and\\*\u0301", max_size=60))
def test_whatever_is_sent_is_words_or_none(text: str) -> None:
    """SR-16"""
    if is_well_formed(text):
        found = read_words(text)
        assert found is None or (0 < len(found) <= MAX_ALTERNATIVES and all(found))
