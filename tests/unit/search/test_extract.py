"""Index rows of whole resources, and whom a resource belongs to."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fhirpathpy import compile as oracle
from fhirpathpy.models import models
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from fhir_service.resources import SERVED
from fhir_service.search import extract, parameters, patient_of
from fhir_service.search.dates import interval
from fhir_service.search.paths import compile_path
from fhir_service.search.query import IndexRows
from profiles.definitions import search_parameters
from profiles.names import FNR, IP_MANAGING_MUNICIPALITY, IP_NEXT_REVIEW, KE_TASK_CODE, PLAN_CATEGORY, TEAM_ROLE
from tests.steps import steps

PLAN: dict[str, Any] = {
    "resourceType": "CarePlan",
    "id": "p1",
    "meta": {"versionId": "1", "lastUpdated": "2026-11-22T08:00:00Z", "tag": [{"system": "http://t", "code": "demo"}]},
    "extension": [
        {"url": IP_MANAGING_MUNICIPALITY, "valueReference": {"reference": "Organization/ke"}},
        {"url": IP_NEXT_REVIEW, "valueDate": "2027-05-22"},
    ],
    "identifier": [{"system": "http://n", "value": "IP-1"}],
    "status": "active",
    "intent": "plan",
    "category": [{"coding": [{"system": PLAN_CATEGORY, "code": "individuell-plan"}]}],
    "subject": {"reference": "Patient/7"},
    "period": {"start": "2026-11-22", "end": "2027-11-21"},
    "author": {"reference": "PractitionerRole/1"},
    "careTeam": [{"reference": "CareTeam/1"}],
    "goal": [{"reference": "Goal/1"}, {"reference": "Goal/2"}],
    "activity": [
        {
            "detail": {
                "status": "in-progress",
                "code": {"coding": [{"system": "http://a", "code": "x"}]},
                "scheduledPeriod": {"start": "2026-12-01", "end": "2026-12-02"},
                "performer": [{"reference": "Organization/4"}],
            }
        },
        {
            "detail": {
                "status": "not-started",
                "scheduledString": "weekly",
                "performer": [{"reference": "Organization/5"}],
            }
        },
        {"reference": {"reference": "ServiceRequest/4"}},
    ],
}
TASK: dict[str, Any] = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "order",
    "code": {"coding": [{"system": KE_TASK_CODE, "code": "assess-need"}]},
    "businessStatus": {"coding": [{"code": "new"}]},
    "groupIdentifier": {"system": "http://c", "value": "2026-1"},
    "focus": {"reference": "ServiceRequest/1"},
    "for": {"reference": "Patient/7"},
    "owner": {"reference": "Organization/ke"},
    "authoredOn": "2026-11-22T08:00:00Z",
    "restriction": {"period": {"end": "2026-12-20"}},
}
CASES = Path(__file__).parents[2] / "cases" / "r4" / "examples.jsonl.gz"
EXAMPLES = [PLAN, TASK, *map(json.loads, gzip.decompress(CASES.read_bytes()).splitlines())]


def interval_of(text: str) -> tuple[int, int]:
    found = interval(text)
    assert found
    return found


def test_plan_is_found_by_every_parameter_that_it_has() -> None:
    lo, hi = interval_of("2026-11-22")[0], interval_of("2027-11-21")[1]
    assert extract(PLAN) == IndexRows(
        tokens=(
            ("_tag", "http://t", "demo"),
            ("activity-code", "http://a", "x"),
            ("category", PLAN_CATEGORY, "individuell-plan"),
            ("identifier", "http://n", "IP-1"),
            ("intent", "http://hl7.org/fhir/request-intent", "plan"),
            ("status", "http://hl7.org/fhir/request-status", "active"),
        ),
        references=(
            ("activity-reference", "ServiceRequest", "4", ""),
            ("care-team", "CareTeam", "1", ""),
            ("goal", "Goal", "1", ""),
            ("goal", "Goal", "2", ""),
            ("managing-municipality", "Organization", "ke", ""),
            ("patient", "Patient", "7", ""),
            ("performer", "Organization", "4", ""),
            ("performer", "Organization", "5", ""),
            ("subject", "Patient", "7", ""),
        ),
        dates=(
            ("activity-date", interval_of("2026-12-01")[0], interval_of("2026-12-02")[1]),
            ("date", lo, hi),
            ("next-review", *interval_of("2027-05-22")),
        ),
    )


def test_case_is_found_by_its_due_date() -> None:
    """workflow.md 9"""
    rows = extract(TASK)
    assert ("due", *interval_of("2026-12-20")) in rows.dates
    assert ("owner", "Organization", "ke", "") in rows.references
    assert ("business-status", "", "new") in rows.tokens
    assert ("group-identifier", "http://c", "2026-1") in rows.tokens


def test_team_is_found_by_its_open_coordinator() -> None:
    def someone(rid: str, role: str, **period: str) -> dict[str, Any]:
        coding = {"system": TEAM_ROLE, "code": role}
        return {"role": [{"coding": [coding]}], "member": {"reference": f"PractitionerRole/{rid}"}, "period": period}

    team = {
        "resourceType": "CareTeam",
        "participant": [
            someone("old", "coordinator", start="2025", end="2026"),
            someone("now", "coordinator", start="2026"),
            someone("child", "child-coordinator", start="2026"),
            someone("other", "member", start="2026"),
        ],
    }
    found = {rid for code, _, rid, _ in extract(team).references if code == "coordinator"}
    assert found == {"now", "child"}


STRICTER = {"ConceptMap.source-uri", "ConceptMap.target-uri"}
"""`as uri` takes an address that is stated as such; the other implementation takes a canonical for one as well."""
TYPES = sorted({r["resourceType"] for r in EXAMPLES})


@pytest.mark.parametrize("rtype", TYPES)
def test_paths_agree_with_an_independent_fhirpath(rtype: str) -> None:
    """On our own resources and HL7's examples, wherever it can evaluate the expression."""
    resources = [r for r in EXAMPLES if r["resourceType"] == rtype][:8]
    for parameter in search_parameters(rtype).values():
        if "resolve()" in parameter.expression or f"{rtype}.{parameter.code}" in STRICTER or parameter.code[0] == "_":
            continue
        branches = compile_path(rtype, parameter.expression)
        theirs = oracle(each_of_type(parameter.expression), model=models["r4"])
        for resource in resources:
            ours = [value for branch in branches for value in branch.getter()(resource)]
            assert as_set(ours) == as_set(theirs(resource)), parameter.code


def each_of_type(expression: str) -> str:
    """R4 writes `as` where there may be several values; the other implementation takes that for one value only."""
    expression = re.sub(r"\(([^()]+) as (\w+)\)", r"(\1).ofType(\2)", expression)
    return re.sub(r"([\w.]+) as (\w+)", r"\1.ofType(\2)", expression).replace(".as(", ".ofType(")


def as_set(values: list[Any]) -> set[str]:
    """A union has each value once. The other implementation makes some floats decimals."""
    return {json.dumps(v, sort_keys=True, default=float) if isinstance(v, dict) else str(v) for v in values}


KEYS = [
    "coding", "code", "system", "value", "reference", "start", "period", "type", "text", "display", "low", "high",
    "origin", "data", "factor", "comparator", "currency", "valueQuantity", "identifier", "latitude", "longitude",
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=8,
)
elements = st.sampled_from(
    [
        "status", "category", "subject", "period", "identifier", "participant", "meta", "extension", "code", "name",
        "valueQuantity", "valueSampledData", "component", "useContext", "position", "length", "onsetRange", "entry",
        "prediction", "characteristic", "relatesTo", "telecom", "address", "class", "url",
    ]
)  # fmt: skip


@given(st.sampled_from(SERVED), st.dictionaries(elements, json_values))
def test_nothing_that_is_json_breaks_the_extraction(rtype: str, resource: dict[str, Any]) -> None:
    """SR-16"""
    odd = resource | {"resourceType": rtype}
    rows = extract(odd, "http://localhost/fhir")
    found = [row for kind in structs.fields(IndexRows) for row in getattr(rows, kind.name)]
    assert {row[0].partition(":")[0] for row in found} <= parameters(rtype).keys()
    assert len(found) == len(set(found))
    patient_of(odd)


def test_resource_of_an_unknown_type_has_no_rows() -> None:
    assert extract({"resourceType": "Nothing"}) == IndexRows()
    assert extract({}) == IndexRows()


@pytest.mark.parametrize(
    ("rtype", "element"),
    [
        ("CarePlan", "subject"),
        ("CareTeam", "subject"),
        ("Goal", "subject"),
        ("Encounter", "subject"),
        ("Condition", "subject"),
        ("ServiceRequest", "subject"),
        ("Communication", "subject"),
        ("DocumentReference", "subject"),
        ("Flag", "subject"),
        ("Task", "for"),
        ("Consent", "patient"),
        ("AllergyIntolerance", "patient"),
        ("RelatedPerson", "patient"),
        ("Observation", "subject"),
        ("DeviceUseStatement", "subject"),
        ("AdverseEvent", "subject"),
        ("SupplyRequest", "deliverTo"),
    ],
)
def test_resource_belongs_to_the_patient_that_it_names(rtype: str, element: str) -> None:
    """SR-14: literal or by national identifier."""
    for reference in ({"reference": "Patient/7"}, {"identifier": {"system": FNR, "value": "15918512397"}}):
        assert patient_of({"resourceType": rtype, element: reference}) == reference


@pytest.mark.parametrize(
    ("rtype", "element", "named"),
    [
        ("Appointment", "participant", "actor"),
        ("Group", "member", "entity"),
        ("Schedule", "actor", None),
        ("Account", "subject", None),
    ],
)
def test_resource_of_several_belongs_to_the_only_patient_among_them(
    rtype: str, element: str, named: str | None
) -> None:
    """R4 patient compartment."""

    def belongs(*references: dict[str, Any]) -> dict[str, Any] | None:
        return patient_of({"resourceType": rtype, element: [{named: r} if named else r for r in references]})

    person, other = {"reference": "Patient/7"}, {"reference": "Patient/8"}
    numbered = {"type": "Patient", "identifier": {"system": FNR, "value": "15918512397"}}
    assert belongs({"reference": "Practitioner/1"}, person, person) == person
    assert belongs(numbered) == numbered
    assert belongs(person, other) is belongs(person, numbered) is belongs({"reference": "Location/1"}) is None


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Communication", "recipient": [{"reference": "Patient/7"}]},
        {"resourceType": "Patient", "link": [{"other": {"reference": "Patient/8"}}]},
        {"resourceType": "CarePlan"},
        {"resourceType": "CarePlan", "subject": {"reference": "Group/1"}},
        {"resourceType": "CarePlan", "subject": {"display": "somebody"}},
        {"resourceType": "Flag", "subject": {"reference": "Location/1"}},
        {"resourceType": "Provenance", "target": [{"reference": "Patient/7"}]},
        {"resourceType": "AuditEvent", "entity": [{"what": {"reference": "Patient/7"}}]},
        {"resourceType": "RelatedPerson", "patient": "Patient/7"},
        {"resourceType": "AdverseEvent", "subject": {"reference": "Practitioner/7"}},
        {"resourceType": "SupplyRequest", "deliverTo": {"reference": "Location/7"}},
        {"resourceType": "Observation", "performer": [{"reference": "Patient/7"}]},
        {"resourceType": "Organization"},
        {"resourceType": "Nothing", "subject": {"reference": "Patient/7"}},
    ],
)
def test_other_resources_belong_to_no_patient(resource: dict[str, Any]) -> None:
    assert patient_of(resource) is None


def test_plan_is_extracted_in_few_steps() -> None:
    """stack.md 1: every write pays for them."""
    extract(PLAN)  # what is made ready once
    assert steps(lambda: extract(PLAN, "http://localhost:8000/fhir")) < 500
