"""Criteria of conditional interactions: what narrows down, and what matches what is being written (SR-19)."""

from typing import Any

import pytest

from fhir_service.search import extract
from fhir_service.search.query import AnyOf, Criterion, IndexRows, ParameterType, SearchQuery, TokenValue
from fhir_service.workflow import drafted_matches
from fhir_service.workflow.conditions import _narrows, criteria_of
from fhir_service.workflow.drafted_matches import Drafted
from profiles.resource import Resource

BASE = "http://knutepunkt.test/fhir"
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "urn:s", "code": "c"}], "text": "Å gå"},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-01-01",
}


def finds(asked: SearchQuery, resource: Resource) -> bool | None:
    found = Drafted([("o", resource)], BASE).matching(asked)
    return None if found.unclear else bool(found.certain)


def query(rtype: str, *criteria: tuple[str, str]) -> SearchQuery:
    found = criteria_of(rtype, criteria, BASE, "")
    assert isinstance(found, SearchQuery), found
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject:Patient.identifier", "urn:x|1"),
        ("_has:Provenance:target:agent", "Practitioner/1"),
        ("subject:missing", "true"),
        ("_lastUpdated", "lt2000-01-01"),
    ],
)
def test_criteria_of_every_kind_narrow_down(name: str, value: str) -> None:
    assert query("Observation", (name, value)).criteria


def test_one_criterion_that_narrows_down_is_enough() -> None:
    assert len(query("Observation", ("status:not", "final"), ("code", "c")).criteria) == 2


def test_alternatives_narrow_down_when_each_does() -> None:
    sure = Criterion("code", ParameterType.TOKEN, (TokenValue(None, "c"),))
    unsure = Criterion("code", ParameterType.TOKEN, (TokenValue(None, "c"),), modifier="not")
    assert [_narrows(AnyOf(parts)) for parts in ((sure, sure), (sure, unsure), ())] == [True, False, True]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ([("code", "urn:s|c")], True),
        ([("code", "c"), ("status", "amended")], False),
        ([("code", "other|c")], False),
        ([("code", "b,urn:s|c")], True),
        ([("code", "urn:s|")], True),
        ([("subject", "Patient/1")], True),
        ([("subject", f"{BASE}/Patient/1")], True),
        ([("subject", "Patient/2")], False),
        ([("_id", "o")], True),
        ([("_id", "p")], False),
        ([("date", "2026")], None),
        ([("date", "2026"), ("status", "amended")], False),
        ([("status:not", "amended"), ("code", "c")], None),
        ([("subject:Patient.name", "x")], None),
    ],
)
def test_what_is_being_written_is_judged_by_what_it_is_found_by(
    criteria: list[tuple[str, str]], expected: bool | None
) -> None:
    assert finds(query("Observation", *criteria), OBSERVATION) is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"), [("name", "ola", True), ("name:exact", "Ola", True), ("name:exact", "ola", False)]
)
def test_names_are_judged_as_in_a_search(name: str, value: str, expected: bool) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Ola"}]}
    assert finds(query("Patient", (name, value)), patient) is expected


def test_a_thousand_questions_about_a_thousand_resources_read_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """SR-8: a transaction that refers to what it makes by criteria does not keep the others waiting."""
    read: list[str] = []

    def extracted(resource: Resource, base_url: str) -> IndexRows:
        read.append(resource["id"])
        return extract(resource, base_url)

    judged: list[object] = []
    holds = drafted_matches._judged

    def counted(*asked: Any) -> bool | None:
        judged.append(asked[0])
        return holds(*asked)

    monkeypatch.setattr(drafted_matches, "extract", extracted)
    monkeypatch.setattr(drafted_matches, "_judged", counted)
    made = [(f"{n}", {"resourceType": "Patient", "id": f"{n}", "identifier": [{"value": f"v{n}"}]}) for n in range(50)]
    drafted = Drafted(made, BASE)
    found = [drafted.matching(query("Patient", ("identifier", f"v{n}"))).certain for n in range(50)]
    assert found == [frozenset({f"{n}"}) for n in range(50)]
    assert (len(read), len(judged)) == (50, 50)
