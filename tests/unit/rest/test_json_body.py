"""Bytes -> JSON: nothing that arrives raises, and depth is counted without recursion (SR-16)."""

import json
import re
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_service.rest.json_body import MAX_DEPTH, json_of
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue

STRINGS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), STRINGS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(STRINGS, inner, max_size=4)),
    max_leaves=30,
)


def deep(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value] if levels % 2 else {"a": value}
    return value


def read_or_refused(body: bytes) -> bool:
    """Whether it is refused with an issue of ours, or read as the standard library reads it."""
    found = json_of(body)
    if isinstance(found, Issue):
        return found.code in ISSUE_CODES
    return bool(found == json.loads(body, parse_float=Decimal))


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes) -> None:
    assert read_or_refused(body)


@given(st.text(alphabet='[]{}",:\\u0d8e1.-', max_size=400))
def test_anything_like_json_is_answered(text: str) -> None:
    assert read_or_refused(text.encode())


@given(JSON, st.booleans())
def test_json_is_read_as_it_is(value: Any, escaped: bool) -> None:
    assert json_of(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(STRINGS, st.integers(MAX_DEPTH - 3, MAX_DEPTH + 3))
def test_the_depth_limit_is_exact_whatever_the_strings_hold(text: str, levels: int) -> None:
    body = json.dumps(deep([text, "[{" * 60 + '\\"'], levels - 1)).encode()
    answer = json_of(body)
    if levels > MAX_DEPTH:
        assert isinstance(answer, Issue)
        assert answer.code == "too-deep"
    else:
        assert not isinstance(answer, Issue)


def test_wide_and_long_is_not_deep() -> None:
    value = [{"a": [1, {"b": []}]}] * 2000
    assert json_of(json.dumps(value).encode()) == value


def test_decimals_keep_their_digits() -> None:
    assert [str(d) for d in json_of(b"[1.10, 0.120, 1E+2]")] == ["1.10", "0.120", "1E+2"]
    assert isinstance(json_of(b"[1.0]")[0], Decimal)


def test_the_text_of_an_issue_tells_the_place_and_not_the_content() -> None:
    answer = json_of(b'{"name": 15918512397x}')
    assert isinstance(answer, Issue)
    assert answer.text == "The body is not JSON: see byte 20"


class _Json(str):
    """JSON already."""


def _object(pairs: list[tuple[str, Any]]) -> _Json:
    return _Json("{" + ",".join(f"{json.dumps(key)} : {_json(value)}" for key, value in pairs) + "}")


def _json(value: Any) -> str:
    return value if isinstance(value, _Json) else json.dumps(value)


KEYS = st.sampled_from(["a", "b", ":", '":', "\\:", "æ"])
OBJECTS = st.recursive(
    st.one_of(st.integers(), st.text('":\\a', max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: _Json(f"[{','.join(map(_json, items))}]")),
        st.lists(st.tuples(KEYS, inner), max_size=4).map(_object),
    ),
    max_leaves=12,
)


@given(OBJECTS, st.booleans())
def test_a_key_that_stands_twice_is_found_wherever_colons_stand(value: Any, escaped: bool) -> None:  # SR-20
    lost: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        lost.append(len({key for key, _ in pairs}) < len(pairs))

    text = _json(value)
    if escaped:
        text = "".join("\\u003a" if _within_string(text, i) and c == ":" else c for i, c in enumerate(text))
    json.loads(text, object_pairs_hook=look)
    assert isinstance(json_of(text.encode()), Issue) is any(lost)


def _within_string(text: str, index: int) -> bool:
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text[:index])) % 2 == 1
