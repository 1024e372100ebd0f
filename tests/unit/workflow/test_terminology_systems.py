"""Concepts by code, above and below, and filters over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.workflow.terminology_filters import LONGEST_CODE, filtered
from fhir_service.workflow.terminology_systems import system_of
from profiles.issues import Issue
from profiles.resource import Resource

ANIMALS: Resource = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/animals",
    "version": "3",
    "name": "Animals",
    "status": "active",
    "content": "complete",
    "concept": [
        {
            "code": "mammal",
            "display": "Mammal",
            "property": [{"code": "notSelectable", "valueBoolean": True}],
            "concept": [
                {"code": "cat", "display": "Cat", "designation": [{"language": "nb", "value": "Katt"}]},
                {
                    "code": "dog",
                    "display": "Dog",
                    "property": [{"code": "legs", "valueInteger": 4}],
                    "concept": [{"code": "poodle", "display": "Poodle"}],
                },
            ],
        },
        {
            "code": "wolf",
            "display": "Wolf",
            "property": [
                {"code": "parent", "valueCode": "mammal"},
                {"code": "child", "valueCode": "dog"},
                {"code": "status", "valueCode": "retired"},
                {"code": "kin", "valueCoding": {"system": "http://example.org", "code": "dog"}},
            ],
        },
    ],
}
SYSTEM = system_of(ANIMALS)


def codes(*filters: tuple[str, str, str]) -> list[str] | Issue:
    found = filtered(SYSTEM, [{"property": p, "op": op, "value": value} for p, op, value in filters])
    return found if isinstance(found, Issue) else [concept.code for concept in found]


def test_nested_concepts_come_in_the_order_they_are_written() -> None:
    assert list(SYSTEM.concepts) == ["mammal", "cat", "dog", "poodle", "wolf"]


def test_hierarchy_is_that_of_the_nesting_and_of_the_properties() -> None:
    assert {c.code for c in SYSTEM.below("mammal")} == {"mammal", "cat", "dog", "poodle", "wolf"}
    assert {c.code for c in SYSTEM.below("wolf")} == {"wolf", "dog", "poodle"}
    assert {c.code for c in SYSTEM.above("poodle")} == {"poodle", "dog", "mammal", "wolf"}
    assert SYSTEM.below("fish") == ()


def test_hierarchy_with_a_circle_comes_to_an_end() -> None:
    circle = [{"code": c, "property": [{"code": "subsumedBy", "valueCode": p}]} for c, p in (("a", "b"), ("b", "a"))]
    system = system_of({"resourceType": "CodeSystem", "concept": circle})
    assert {c.code for c in system.below("a")} == {"a", "b"}


def test_parent_that_is_no_concept_is_passed_over() -> None:
    orphan = {"code": "a", "property": [{"code": "parent", "valueCode": "gone"}, {"code": "child", "valueCode": "far"}]}
    system = system_of({"resourceType": "CodeSystem", "concept": [orphan]})
    assert [c.code for c in (*system.above("a"), *system.below("a"))] == ["a", "a"]


def test_case_counts_unless_the_system_says_otherwise() -> None:
    assert SYSTEM.find("CAT") is None
    folded = system_of({**ANIMALS, "caseSensitive": False})
    assert folded.find("CAT") is folded.concepts["cat"]
    assert folded.find("FISH") is None


def test_inactive_and_abstract_concepts_are_known_by_their_properties() -> None:
    assert SYSTEM.concepts["wolf"].inactive
    assert not SYSTEM.concepts["cat"].inactive
    assert SYSTEM.concepts["mammal"].abstract
    assert not SYSTEM.concepts["dog"].abstract


def test_display_is_told_in_the_language_asked_for_where_there_is_one() -> None:
    cat = SYSTEM.concepts["cat"]
    assert (cat.shown("NB"), cat.shown("de"), cat.shown(None)) == ("Katt", "Cat", "Cat")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("concept", "is-a", "dog"), ["dog", "poodle"]),
        (("concept", "descendent-of", "dog"), ["poodle"]),
        (("concept", "is-not-a", "wolf"), ["mammal", "cat"]),
        (("code", "generalizes", "cat"), ["mammal", "cat"]),
        (("concept", "is-a", "fish"), []),
        (("parent", "=", "dog"), ["poodle"]),
        (("child", "=", "poodle"), ["dog"]),
        (("code", "=", "cat"), ["cat"]),
        (("display", "=", "Dog"), ["dog"]),
        (("legs", "=", "4"), ["dog"]),
        (("notSelectable", "=", "true"), ["mammal"]),
        (("kin", "=", "dog"), ["wolf"]),
        (("code", "in", "cat, dog"), ["cat", "dog"]),
        (("code", "not-in", "cat,dog"), ["mammal", "poodle", "wolf"]),
        (("legs", "exists", "true"), ["dog"]),
        (("legs", "exists", "false"), ["mammal", "cat", "poodle", "wolf"]),
        (("code", "regex", "[cd].*"), ["cat", "dog"]),
        (("display", "regex", "C.t"), ["cat"]),
    ],
)
def test_filter_keeps_what_it_is_about(condition: tuple[str, str, str], expected: list[str]) -> None:
    assert codes(condition) == expected


def test_every_filter_has_to_hold() -> None:
    assert codes(("concept", "is-a", "mammal"), ("code", "regex", ".*o.*")) == ["dog", "poodle", "wolf"]


@pytest.mark.parametrize(
    "condition",
    [
        ("legs", "is-a", "4"),
        ("code", "of-the-moon", "x"),
        ("<script>", "is-a", "x"),
        ("code", "regex", "(a+)+b"),
        ("code", "regex", "a**"),
        ("code", "regex", r"(a)\1"),
        ("code", "regex", "(?=a)"),
        ("code", "regex", "a*b*c*d*"),
        ("code", "regex", "a{1,}b{1,}c{1,}d{1,}"),
        ("code", "regex", "x" * 201),
        ("code", "regex", "["),
    ],
)
def test_filter_that_cannot_be_applied_is_told(condition: tuple[str, str, str]) -> None:
    """SR-21: no pattern of a stranger runs for long."""
    issue = codes(condition)
    assert isinstance(issue, Issue)
    assert issue.code == "not-expandable"
    assert "<" not in issue.text


def test_pattern_is_not_tried_on_absurdly_long_codes() -> None:
    system = system_of({"resourceType": "CodeSystem", "concept": [{"code": "a" * (LONGEST_CODE + 1)}, {"code": "aa"}]})
    found = filtered(system, [{"property": "code", "op": "regex", "value": "a*"}])
    assert not isinstance(found, Issue)
    assert [c.code for c in found] == ["aa"]


@given(st.text(max_size=30))
def test_any_pattern_is_applied_or_refused(pattern: str) -> None:
    found = codes(("code", "regex", pattern))
    assert isinstance(found, Issue | list)
