"""Which codes a value set holds."""

from typing import Any

from fhir_service.workflow import terminology_expand
from fhir_service.workflow.terminology_expand import Content, expanded, named, whole_systems
from fhir_service.workflow.terminology_systems import System, system_of
from profiles.issues import Issue
from profiles.resource import Resource

A, B = "http://example.org/a", "http://example.org/b"


def system(url: str, *codes: str) -> System:
    return system_of({"resourceType": "CodeSystem", "url": url, "concept": [{"code": c, "display": c} for c in codes]})


RETIRED = {"code": "old", "property": [{"code": "status", "valueCode": "retired"}]}
SYSTEMS: dict[str, System | None] = {
    A: system(A, "1", "2", "3"),
    B: system_of({"resourceType": "CodeSystem", "url": B, "concept": [{"code": "x"}, RETIRED]}),
    "http://example.org/none": None,
}


def value_set(*include: Any, exclude: Any = (), url: str = "", **compose: Any) -> Resource:
    told = {"include": list(include), "exclude": list(exclude), **compose}
    return {"resourceType": "ValueSet", "url": url, "compose": {k: v for k, v in told.items() if v != []}}


SETS: dict[str, Resource | None] = {
    "set/12": value_set({"system": A, "concept": [{"code": "1"}, {"code": "2"}]}),
    "set/23": value_set({"system": A, "concept": [{"code": "2"}, {"code": "3"}]}),
    "set/self": value_set({"valueSet": ["set/self"]}, url="set/self"),
    "set/gone": None,
}


def codes(resource: Resource) -> list[str] | Issue:
    found = expanded(resource, Content(SYSTEMS, SETS))
    return found if isinstance(found, Issue) else [code for _, code in found]


def refused(resource: Resource) -> str:
    issue = codes(resource)
    assert isinstance(issue, Issue)
    return issue.code


def test_include_of_a_system_has_all_of_its_codes() -> None:
    assert codes(value_set({"system": A}, {"system": B})) == ["1", "2", "3", "x", "old"]


def test_listed_codes_need_no_system_and_keep_their_own_display() -> None:
    far = "http://example.org/none"
    found = expanded(value_set({"system": far, "concept": [{"code": "9", "display": "Nine"}]}), Content(SYSTEMS, SETS))
    assert not isinstance(found, Issue)
    assert [(m.system, m.code, m.display) for m in found.values()] == [(far, "9", "Nine")]


def test_listed_codes_take_what_they_do_not_tell_from_the_system() -> None:
    found = expanded(value_set({"system": B, "concept": [{"code": "old"}]}), Content(SYSTEMS, SETS))
    assert not isinstance(found, Issue)
    assert found[B, "old"].inactive


def test_value_sets_within_one_rule_are_intersected_and_rules_are_joined() -> None:
    assert codes(value_set({"valueSet": ["set/12", "set/23"]})) == ["2"]
    assert codes(value_set({"valueSet": ["set/12"]}, {"valueSet": ["set/23"]})) == ["1", "2", "3"]
    assert codes(value_set({"system": A, "valueSet": ["set/23"]})) == ["2", "3"]


def test_excluded_codes_are_left_out() -> None:
    assert codes(value_set({"system": A}, exclude=[{"valueSet": ["set/12"]}])) == ["3"]


def test_inactive_codes_are_left_out_where_the_value_set_says_so() -> None:
    assert codes(value_set({"system": B}, inactive=False)) == ["x"]


def test_stored_expansion_counts_where_there_is_no_compose() -> None:
    nested = [{"system": A, "code": "1", "contains": [{"system": A, "code": "2"}]}, {"display": "a heading"}]
    assert codes({"resourceType": "ValueSet", "expansion": {"contains": nested}}) == ["1", "2"]
    assert refused({"resourceType": "ValueSet"}) == "not-expandable"


def test_what_is_not_known_is_named() -> None:
    issue = codes(value_set({"system": "http://example.org/none"}))
    assert isinstance(issue, Issue)
    assert (issue.code, "/none" in issue.text) == ("unknown-terminology", True)
    assert refused(value_set({"valueSet": ["set/gone"]})) == "unknown-terminology"
    assert refused(value_set({"system": A}, exclude=[{"valueSet": ["set/gone"]}])) == "unknown-terminology"


def test_value_set_that_includes_itself_is_refused() -> None:
    included = SETS["set/self"]
    assert included
    assert refused(included) == "not-expandable"


def test_filter_that_cannot_be_applied_refuses_the_value_set() -> None:
    assert (
        refused(value_set({"system": A, "filter": [{"property": "p", "op": "moon", "value": "x"}]})) == "not-expandable"
    )


def test_value_set_with_too_many_codes_or_sets_is_refused(monkeypatch: Any) -> None:
    """SR-8"""
    monkeypatch.setattr(terminology_expand, "MOST", 2)
    assert refused(value_set({"system": A})) == "too-costly"
    monkeypatch.setattr(terminology_expand, "MOST_SETS", 1)
    assert refused(value_set({"valueSet": ["set/12"]})) == "too-costly"


def test_what_a_compose_names_is_listed_once() -> None:
    compose = value_set({"system": A, "valueSet": ["v"]}, {"system": A}, exclude=[{"system": B, "valueSet": ["v"]}])
    assert named(compose["compose"]) == ((A, B), ("v",))


def test_value_set_of_whole_systems_is_recognised() -> None:
    assert whole_systems(value_set({"system": A}, {"system": B})) == (A, B)
    assert whole_systems(value_set({"system": A, "concept": [{"code": "1"}]})) is None
    assert whole_systems(value_set({"system": A}, exclude=[{"system": B}])) is None
    assert whole_systems({"resourceType": "ValueSet"}) is None
