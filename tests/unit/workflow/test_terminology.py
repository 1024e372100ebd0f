"""Searches that ask the terminology."""

import asyncio

import pytest

from fhir_service.search.query import (
    AnyOf,
    Chain,
    ConceptSet,
    Condition,
    Criterion,
    FullText,
    Has,
    ParameterType,
    SearchQuery,
    TokenValue,
    TypeSearch,
)
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Page
from fhir_service.workflow import terminology
from fhir_service.workflow.terminology import NO_TOKEN, asks_terminology, resolved
from profiles import names
from profiles.issues import Issue

GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
TWO_SYSTEMS = "http://hl7.org/fhir/ValueSet/relatedperson-relationshiptype"


class Nothing:
    """A server on which nothing is stored."""

    async def search(self, _query: SearchQuery, _access: Access) -> Page:
        return Page(())


def told(query: SearchQuery) -> SearchQuery | tuple[Issue, ...]:
    return asyncio.run(resolved(query, Nothing(), EVERYTHING))


def token(*values: ConceptSet | TokenValue, modifier: str | None = None) -> Criterion:
    return Criterion("code", ParameterType.TOKEN, values, modifier)


def first(condition: Condition) -> Condition:
    found = told(SearchQuery("Observation", (condition,)))
    assert isinstance(found, SearchQuery)
    return found.criteria[0]


def values(condition: Condition) -> set[object]:
    found = first(condition)
    assert isinstance(found, Criterion)
    return set(found.values)


def issues(condition: Condition) -> tuple[Issue, ...]:
    found = told(SearchQuery("Observation", (condition,)))
    assert isinstance(found, tuple)
    return found


def test_query_that_asks_nothing_is_left_as_it_is() -> None:
    query = SearchQuery("Patient", (token(TokenValue("s", "c")), FullText("_text", (("x",),))))
    assert not asks_terminology(query)
    assert told(query) is query


def test_value_set_of_a_whole_system_becomes_the_system() -> None:
    assert values(token(ConceptSet(value_set=GENDERS), modifier="in")) == {
        TokenValue("http://hl7.org/fhir/administrative-gender", None)
    }


def test_value_set_becomes_its_codes() -> None:
    found = values(token(ConceptSet(value_set=names.BASE + "/ValueSet/team-role"), modifier="in"))
    assert found == {TokenValue(names.TEAM_ROLE, None)}
    many = values(token(ConceptSet(value_set=TWO_SYSTEMS)))
    assert TokenValue(ROLES, "MTH") in many
    assert len(many) > 50


def test_values_that_are_plain_already_stay_beside_those_that_are_looked_up() -> None:
    plain = TokenValue("s", "c")
    assert values(token(plain, ConceptSet(value_set=GENDERS))) >= {plain}


def test_hierarchy_becomes_the_codes_below_or_above() -> None:
    below = values(token(ConceptSet(system=ROLES, code="PRN"), modifier="below"))
    assert {TokenValue(ROLES, c) for c in ("PRN", "MTH", "FTH")} <= below
    above = values(token(ConceptSet(system=ROLES, code="MTH"), modifier="above"))
    assert {TokenValue(ROLES, c) for c in ("MTH", "PRN", "FAMMEMB")} <= above
    assert TokenValue(ROLES, "FTH") not in above


def test_modifier_is_gone_afterwards_but_for_not_in() -> None:
    for modifier, kept in (("in", None), ("below", None), ("not-in", "not-in")):
        asked = ConceptSet(value_set=GENDERS) if "in" in modifier else ConceptSet(system=ROLES, code="MTH")
        found = first(token(asked, modifier=modifier))
        assert isinstance(found, Criterion)
        assert found.modifier == kept


def test_conditions_are_resolved_however_deep_they_lie() -> None:
    asked = token(ConceptSet(value_set=GENDERS))
    plain = token(TokenValue("http://hl7.org/fhir/administrative-gender", None))
    nested: Condition = AnyOf((Has("X", "p", Chain("q", (("Y", asked), ("Z", FullText("_text", ()))))),))
    expected = AnyOf((Has("X", "p", Chain("q", (("Y", plain), ("Z", FullText("_text", ()))))),))
    assert asks_terminology(SearchQuery("A", (nested,)))
    assert first(nested) == expected
    several = told(SearchQuery("", among=(TypeSearch("A", (asked,)),)))
    assert isinstance(several, SearchQuery)
    assert several.among == (TypeSearch("A", (plain,)),)


def test_everything_that_cannot_be_looked_up_is_told_by_name() -> None:
    unknown = AnyOf(
        (
            token(ConceptSet(value_set="http://example.org/vs")),
            token(ConceptSet(system="http://example.org/cs", code="x"), modifier="below"),
            token(ConceptSet(code="x"), modifier="below"),
            token(ConceptSet(system=ROLES, code="no such code"), modifier="below"),
            token(ConceptSet(value_set="http://hl7.org/fhir/ValueSet/body-site"), modifier="in"),
        )
    )
    found = issues(unknown)
    assert {issue.code for issue in found} == {"bad-parameter-value"}
    assert {issue.at for issue in found} == {"code"}
    for words, issue in zip(("/vs", "/cs", "SYSTEM|", "no such", "sct"), found, strict=True):
        assert words in issue.text


def test_too_many_codes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """SR-8"""
    monkeypatch.setattr(terminology, "MOST_TOKENS", 3)
    assert "more than 3" in issues(token(ConceptSet(value_set=TWO_SYSTEMS)))[0].text


def test_value_set_without_codes_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = {"resourceType": "ValueSet", "compose": {"include": [], "exclude": [{"system": "x"}]}}
    monkeypatch.setattr("fhir_service.workflow.terminology_content.bundled", lambda *_: {**empty, "compose": {}})
    assert values(token(ConceptSet(value_set="http://example.org/empty"))) == {NO_TOKEN}
