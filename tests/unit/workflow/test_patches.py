"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) as functions from one resource to the next."""

from typing import Any

import pytest

from fhir_service.workflow.patches import JSON_PATCH, MERGE_PATCH, patch_of
from profiles.issues import Issue


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": "x"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_merge_patch_does_what_the_examples_of_the_rfc_say(target: Any, patch: Any, expected: Any) -> None:
    made = patch_of(MERGE_PATCH, patch)
    assert not isinstance(made, Issue)
    kept = repr(target)
    assert made(target) == expected
    assert repr(target) == kept


@pytest.mark.parametrize("value", [[], "x", 7, None])
def test_what_is_no_object_is_no_merge_patch(value: Any) -> None:
    assert isinstance(patch_of(MERGE_PATCH, value), Issue)


def test_json_patch_leaves_the_resource_and_itself_as_they_are() -> None:
    operations = [{"op": "add", "path": "/name", "value": [{}]}, {"op": "add", "path": "/name/0/text", "value": "x"}]
    made = patch_of(JSON_PATCH, operations)
    assert not isinstance(made, Issue)
    before: dict[str, Any] = {"resourceType": "Patient"}
    for _ in range(2):
        assert made(before) == {"resourceType": "Patient", "name": [{"text": "x"}]}
    assert (before, operations[0]["value"]) == ({"resourceType": "Patient"}, [{}])


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": "", "value": "no resource"}],
        [{"op": "test", "path": "/active", "value": False}],
        [{"op": "remove", "path": "/active/x"}],
        [{"op": "add", "path": "active", "value": 1}],
    ],
)
def test_json_patch_that_does_not_apply_is_told_so(operations: Any) -> None:
    made = patch_of(JSON_PATCH, operations)
    assert not isinstance(made, Issue)
    told = made({"resourceType": "Patient", "active": True})
    assert isinstance(told, Issue)
    assert told.code == "bad-patch"
