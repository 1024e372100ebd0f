r"""https://hl7.org/fhir/R4/search.html#escaping"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search.escapes import escape, is_well_formed, split, unescape


@given(st.text())
def test_escaped_text_comes_back_whole(text: str) -> None:
    escaped = escape(text)
    assert is_well_formed(escaped)
    assert split(escaped, ",") == [escaped]
    assert unescape(escaped) == text


@given(st.lists(st.text(), min_size=1), st.sampled_from(",|"))
def test_joined_values_come_apart_again(values: list[str], separator: str) -> None:
    joined = separator.join(escape(value) for value in values)
    assert [unescape(part) for part in split(joined, separator)] == values


@pytest.mark.parametrize("text", ["\\", "a\\", r"a\b", "\\\\\\", "\\\n"])
def test_other_backslashes_are_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)
