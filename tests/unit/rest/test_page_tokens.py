"""Sealed page links: what goes in comes out, nothing shows, nothing can be changed (decision 39)."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from fhir_service.rest.paging import CHANGED, PageToken, PageTokens
from fhir_service.search.query import Cursor

TOKENS = PageTokens(b"k" * 32)
TEXT = st.text(max_size=40)
VALUES = st.one_of(st.integers(-(2**63), 2**63 - 1), TEXT, st.none())
PAGE_TOKENS = st.builds(
    PageToken,
    st.sampled_from(["Patient", "", "Patient/7/*", "CarePlan/_history"]),
    st.lists(st.tuples(TEXT, TEXT), max_size=5).map(tuple),
    st.one_of(st.none(), st.tuples(st.lists(VALUES, max_size=3).map(tuple), st.integers(0, 2**60))),
    st.one_of(st.none(), st.integers(0, 2**40)),
)


@given(PAGE_TOKENS)
def test_a_token_opens_to_what_was_sealed(token: PageToken) -> None:
    assert TOKENS.open(TOKENS.seal(token), token.place) == token


@given(PAGE_TOKENS, st.data())
def test_a_token_with_a_changed_bit_does_not_open(token: PageToken, data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKENS.seal(token) + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert TOKENS.open(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), token.place) is CHANGED


@given(st.text(max_size=100))
def test_any_text_is_answered(text: str) -> None:
    assert TOKENS.open(text, "Patient") is CHANGED


def test_the_number_that_is_searched_for_does_not_show() -> None:
    sealed = TOKENS.seal(PageToken("Patient", (("identifier", "15918512397"),)))
    raw = base64.urlsafe_b64decode(sealed + "==")
    assert b"15918512397" not in raw
    assert b"identifier" not in raw


def test_a_token_of_another_installation_or_address_does_not_open() -> None:
    token = PageToken("Patient", (("name", "x"),))
    assert PageTokens(b"j" * 32).open(TOKENS.seal(token), "Patient") is CHANGED
    assert TOKENS.open(TOKENS.seal(token), "CarePlan") is CHANGED
    assert TOKENS.open(TOKENS.seal(token), "") is CHANGED


def test_the_cursor_is_where_the_page_begins() -> None:
    assert PageToken("Patient", (), ((5, "x"), 7)).cursor == Cursor((5, "x"), 7)
    assert PageToken("Patient", ()).cursor is None
