"""The checker never raises, whatever JSON it gets (SR: hostile input), and always gives Issues that can be rendered."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.definitions import resource_types
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue
from profiles.validate import check

EXAMPLES = [
    msgspec.json.decode(line)
    for line in gzip.decompress(
        (Path(__file__).parents[2] / "cases" / "r4" / "examples.jsonl.gz").read_bytes()
    ).splitlines()
    if len(line) < 6000
]
# fmt: off
WORDS = st.sampled_from([
    "#", "#a", "", " ", "Patient/1", "Patient?", "?", "/", "urn:uuid:", "2026-02-30", "0001-01-01", "9999-12-31",
    "9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00", "2026", "\x00", "\ud800", "<div", "<div/>", "&", "active",
    "http://unitsofmeasure.org", "99999999999999999999", "Resource", "resourceType", "id", "_", "__", "value", "_value",
])
# fmt: on
KEYS = st.sampled_from(["id", "extension", "_status", "status", "contained", "reference", "url", "value"]) | st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | WORDS | st.text(max_size=20)
JSON = st.recursive(SCALARS, lambda c: st.lists(c, max_size=4) | st.dictionaries(KEYS, c, max_size=4), max_leaves=12)


def rendered(issues: tuple[Issue, ...]) -> bool:
    return all(i.code in ISSUE_CODES and i.at and i.text and i.at.isprintable() for i in issues)


@given(JSON)
def test_any_json_gets_issues(value: Any) -> None:
    assert rendered(check(value))
    assert check(value)


@given(st.sampled_from(sorted(resource_types())), st.dictionaries(KEYS, JSON, max_size=6))
def test_any_content_of_any_type_gets_a_verdict(rtype: str, content: dict[str, Any]) -> None:
    assert rendered(check({**content, "resourceType": rtype}))


@settings(max_examples=300)
@given(st.data())
def test_example_with_a_part_replaced_gets_a_verdict(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(EXAMPLES))

    assert rendered(check(replaced(example, data)))


def replaced(value: Any, data: st.DataObject) -> Any:
    """The value with something else at a random depth."""
    if type(value) is dict and value and data.draw(st.integers(0, 4)):
        name = data.draw(st.sampled_from(sorted(value)))
        return {**value, name: replaced(value[name], data)}
    if type(value) is list and value:
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], replaced(value[index], data), *value[index + 1 :]]
    return data.draw(JSON)
