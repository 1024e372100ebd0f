"""Names that lead on: chains, `_has`, and what every type has.  https://hl7.org/fhir/R4/search.html#chaining"""

import pytest

from fhir_service.search import parse
from fhir_service.search.names import MAX_STEPS
from fhir_service.search.query import (
    Chain,
    Condition,
    Criterion,
    FullText,
    Has,
    ParameterType,
    ReferenceValue,
    StringValue,
    TokenValue,
)
from profiles.issues import Severity
from tests.steps import steps
from tests.unit.search.asked import BASE, condition, query, refusals, search, told

TOKEN, REFERENCE, STRING = ParameterType.TOKEN, ParameterType.REFERENCE, ParameterType.STRING
NAME = Criterion("name", STRING, (StringValue("peter"),))


@pytest.mark.parametrize(
    ("rtype", "name", "value", "found"),
    [
        # the examples of R4
        ("DiagnosticReport", "subject.name", "peter",
         Chain("subject", (("Location", NAME), ("Patient", NAME)))),
        ("DiagnosticReport", "subject:Patient.name", "peter", Chain("subject", (("Patient", NAME),))),
        ("Patient", "general-practitioner:Practitioner.name", "Peter",
         Chain("general-practitioner", (("Practitioner", NAME),))),
        ("Patient", "_has:Observation:patient:code", "1234-5",
         Has("Observation", "patient", Criterion("code", TOKEN, (TokenValue(None, "1234-5"),)))),
        ("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent", "7",
         Has("Observation", "patient", Has("AuditEvent", "entity",
             Criterion("agent", REFERENCE, (ReferenceValue(None, "7"),))))),
        # and beyond
        ("Observation", "subject:Patient.organization.name", "peter",
         Chain("subject", (("Patient", Chain("organization", (("Organization", NAME),))),))),
        ("Encounter", "patient._has:Observation:patient:status", "final",
         Chain("patient", (("Patient", Has("Observation", "patient",
               Criterion("status", TOKEN, (TokenValue(None, "final"),)))),))),
        ("Location", "_has:Encounter:location:patient.name", "peter",
         Has("Encounter", "location", Chain("patient", (("Patient", NAME),)))),
        ("Observation", "patient.name:exact", "Peter",
         Chain("patient", (("Patient", Criterion("name", STRING, (StringValue("Peter"),), "exact")),))),
        ("Observation", "patient.birthdate:missing", "true",
         Chain("patient", (("Patient", Criterion("birthdate", ParameterType.DATE, (), missing=True)),))),
        ("Observation", "patient._id", "7",
         Chain("patient", (("Patient", Criterion("_id", TOKEN, (TokenValue(None, "7"),))),))),
        ("Patient", "_has:Group:member:_id", "102",
         Has("Group", "member", Criterion("_id", TOKEN, (TokenValue(None, "102"),)))),
        ("Observation", "patient.organization:missing", "false",
         Chain("patient", (("Patient", Criterion("organization", REFERENCE, (), missing=False)),))),
        ("Observation", "patient._text", "peter", Chain("patient", (("Patient", FullText("_text", (("peter",),))),))),
    ],
)  # fmt: skip
def test_name_leads_to_what_is_asked(rtype: str, name: str, value: str, found: Condition) -> None:
    assert condition(rtype, name, value) == found


def test_untyped_chain_leads_to_the_types_that_take_the_value() -> None:
    """A Group is no `birthdate`, and what is `status` of one type may be no status of another."""
    found = condition("AuditEvent", "entity.birthdate", "1980")
    assert isinstance(found, Chain)
    assert {rtype for rtype, _ in found.links} == {"Patient", "Person", "RelatedPerson"}
    assert refusals("AuditEvent", ("entity.birthdate", "x")) == [("bad-parameter-value", "entity.birthdate")]


def test_chain_leads_to_what_is_served_only() -> None:
    served = ("Observation", "Patient")
    assert condition("Observation", "subject.name", "peter", types=served) == Chain("subject", (("Patient", NAME),))
    assert refusals("Observation", ("encounter.status", "x"), types=served) == [
        ("unknown-parameter", "encounter.status")
    ]
    assert refusals("Patient", ("_has:Encounter:patient:status", "x"), types=served) == [
        ("unknown-parameter", "_has:Encounter:patient:status")
    ]
    assert refusals("Patient", ("_list", "7"), types=served) == [("unknown-parameter", "_list")]


def test_hint_is_told_where_no_type_has_the_code() -> None:
    (issue,) = search("Observation", ("encounter.status", "ended")).issues
    assert (issue.severity, issue.code) == (Severity.WARNING, "code-invalid")
    assert search("AuditEvent", ("entity.status", "active")).issues == ()


@pytest.mark.parametrize(
    ("rtype", "name", "code"),
    [
        ("Observation", "nothing.name", "unknown-parameter"),
        ("Observation", "subject.nothing", "unknown-parameter"),
        ("Observation", "subject:Patient.nothing", "unknown-parameter"),
        ("Observation", "code.name", "unknown-parameter"),
        ("Observation", "subject.", "unknown-parameter"),
        ("Observation", "subject..name", "unknown-parameter"),
        ("Bundle", "composition.status", "unknown-parameter"),
        ("Observation", "subject:Practitioner.name", "unknown-modifier"),
        ("Observation", "subject:identifier.name", "unknown-modifier"),
        ("Observation", "subject:.name", "unknown-modifier"),
        ("Observation", "subject:Patient.name:not", "unknown-modifier"),
        ("Observation", "subject.name:not", "unknown-modifier"),
        ("Observation", "subject._text:exact", "unknown-modifier"),
        ("Observation", "subject._sort", "unknown-parameter"),
        ("Patient", "_has", "unknown-parameter"),
        ("Patient", "_has:Observation", "unknown-parameter"),
        ("Patient", "_has:Observation:patient", "unknown-parameter"),
        ("Patient", "_has:Observation:patient:nothing", "unknown-parameter"),
        ("Patient", "_has:Observation:encounter:code", "unknown-parameter"),
        ("Patient", "_has:Observation:code:code", "unknown-parameter"),
        ("Patient", "_has:Nothing:patient:code", "unknown-parameter"),
        ("Patient", "_has:Observation:patient:code:exact", "unknown-modifier"),
        ("Patient", "_filter", "unknown-parameter"),
        ("Patient", "_query", "unknown-parameter"),
        ("Patient", "_type", "unknown-parameter"),
    ],
)
def test_other_names_are_refused(rtype: str, name: str, code: str) -> None:
    assert refusals(rtype, (name, "x")) == [(code, name)]


@pytest.mark.parametrize(
    ("rtype", "name", "text"),
    [
        ("Observation", "subject:Patient.nothing", "A Patient has no such parameter, but: "),
        ("Observation", "subject.nothing", "Nothing that is served here and that subject may lead to"),
        ("Observation", "code.name", "Only references lead to other resources: code is none."),
        ("QuestionnaireResponse", "questionnaire.title", "questionnaire holds canonical addresses"),
        ("Patient", "_has:Observation:encounter:code", "What leads from a Observation to a Patient is: "),
        ("Patient", "_has:x:code", "_has is written _has:[type]:[reference]:[parameter]."),
        ("Patient", "_filter", "_filter is not served here."),
    ],
)
def test_refusal_of_a_name_tells_what_would_be_valid(rtype: str, name: str, text: str) -> None:
    assert text in told(rtype, (name, "x"))


def test_lenient_passes_over_what_is_unknown_along_the_way_only() -> None:
    """Decision 26"""
    assert query("Observation", ("subject:Patient.nothing", "x"), lenient=True).criteria == ()
    assert refusals("Observation", ("subject:Practitioner.name", "x"), lenient=True) == [
        ("unknown-modifier", "subject:Practitioner.name")
    ]


def test_steps_are_bounded() -> None:
    """SR-8"""
    name = "partof:Organization." * MAX_STEPS + "name"
    assert condition("Organization", name, "x")
    longer = "partof:Organization." + name
    assert refusals("Organization", (longer, "x")) == [("bad-parameter-value", longer)]
    assert refusals("Patient", ("_has:Patient:link:" * 20 + "name", "x")) == [("bad-parameter-value", "(not shown)")]


def test_ways_of_an_untyped_chain_are_bounded() -> None:
    """SR-8: from anything to anything."""
    assert isinstance(condition("AuditEvent", "entity._id", "x"), Chain)
    assert isinstance(condition("AuditEvent", "entity:Provenance.entity._id", "x"), Chain)
    assert refusals("AuditEvent", ("entity.entity._id", "x")) == [("bad-parameter-value", "entity.entity._id")]
    assert "entity:[type]" in told("AuditEvent", ("entity.entity._id", "x"))


@pytest.mark.parametrize("code", ["subject", "focus", "target", "entity", "part-of", "based-on", "patient"])
def test_untyped_chains_are_followed_in_few_steps(code: str) -> None:
    """SR-8: the types that may lie along the way are many, and more with each step."""

    def follow() -> None:
        for rtype in ("AuditEvent", "Provenance", "Composition", "Task", "List"):
            for first in ("entity", "target", "subject", "focus"):
                way = f"{first}." + f"{code}." * 4
                search(rtype, (f"{way}nothing", "x"), (f"{way}_id", "x"))

    assert steps(follow) < 1_000_000


def test_name_without_end_is_refused_at_once() -> None:
    for name in ("subject." * 50_000, "_has:Observation:patient:" * 50_000, "a" * 1_000_000):
        assert refusals("Patient", (name, "x")) == [("unknown-parameter", "(not shown)")]


@pytest.mark.parametrize(
    ("value", "ids"), [("7", ["7"]), ("List/7", ["7"]), ("7,8", ["7", "8"])]
)  # fmt: skip
def test_list_is_what_is_an_item_of_it(value: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#list"""
    of = Criterion("_id", TOKEN, tuple(TokenValue(None, rid) for rid in ids))
    assert condition("Patient", "_list", value) == Has("List", "item", of)


@pytest.mark.parametrize("value", ["$current-problems", "a b", "7,", "Patient/7", r"7\x", ",".join("7" * 201)])
def test_other_lists_are_refused(value: str) -> None:
    assert refusals("Patient", ("_list", value)) == [("bad-parameter-value", "_list")]


def test_list_that_works_itself_out_is_said_not_to_be_served() -> None:
    assert "$current-problems" in told("Patient", ("_list", "$current-allergies"))


def test_alternatives_of_dates_may_have_prefixes_each() -> None:
    found = parse("Patient", [("birthdate", "gt1948,lt1900")], base_url=BASE).query
    assert found
    assert len(found.criteria) == 1


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("RiskAssessment", "probability", "gt0.8"),
        ("Location", "near", "59.9|10.7"),
        ("Patient", "active", "http://hl7.org/fhir/special-values|true"),
    ],
)
def test_each_type_of_value_has_its_reader(rtype: str, name: str, value: str) -> None:
    assert isinstance(condition(rtype, name, value), Criterion)
    assert refusals(rtype, (name, "x|y|z")) == [("bad-parameter-value", name)]
