"""Which searches PostgreSQL plans once for all values: those that have one way to go (stack.md 5, trap 1)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import true

from fhir_service.principal import Principal
from fhir_service.search import parse
from fhir_service.storage.access import EVERYTHING, Access, access_of, in_emergency
from fhir_service.storage.planning import is_planned_once
from fhir_service.storage.shape import shape_of


def planned_once(rtype: str, *params: tuple[str, str], access: Access = EVERYTHING) -> bool:
    query: Any = parse(rtype, params, base_url="http://x/fhir").query
    assert query
    return is_planned_once(query, shape_of(query)[0], access)


@pytest.mark.parametrize(
    ("rtype", "params"),
    [
        ("CarePlan", [("subject", "Patient/7")]),
        ("CarePlan", [("patient", "7"), ("status", "active")]),
        ("CarePlan", [("category", "s|x")]),
        ("CarePlan", [("category", "x"), ("_include", "CarePlan:subject")]),
        ("CarePlan", [("care-team", "CareTeam/1")]),
        ("CarePlan", [("subject:Patient.identifier", "s|1")]),
        ("CarePlan", [("subject:Patient.identifier", "s|1"), ("status", "active")]),
        ("Task", [("focus:CarePlan.subject:Patient.identifier", "s|1")]),
        ("Patient", [("identifier", "s|1")]),
        ("Task", [("_id", "7")]),
        ("Condition", [("subject", "Patient/7")]),
    ],
)
def test_search_that_goes_one_way_is_planned_once(rtype: str, params: list[tuple[str, str]]) -> None:
    assert planned_once(rtype, *params)


@pytest.mark.parametrize(
    ("rtype", "params"),
    [
        ("CarePlan", []),
        ("CarePlan", [("status", "active")]),  # or along the newest: that depends on how common it is
        ("CarePlan", [("category", "x"), ("status", "active")]),
        ("CarePlan", [("category", "x,y")]),
        ("CarePlan", [("patient", "7,8")]),
        ("CarePlan", [("patient", "7"), ("date", "2026")]),
        ("CarePlan", [("patient", "7"), ("category", "x")]),
        ("CarePlan", [("patient", "7"), ("_sort", "date")]),
        ("CarePlan", [("patient", "7"), ("_total", "accurate")]),
        ("CarePlan", [("patient", "7"), ("_revinclude", "Task:focus")]),
        ("CarePlan", [("subject:Patient.identifier", "s|1,s|2")]),
        ("CarePlan", [("subject:Patient.identifier", "s|1"), ("category", "x")]),
        ("CarePlan", [("subject:Patient.name", "a")]),
        ("Task", [("owner", "Organization/1"), ("status", "requested")]),
        ("Patient", [("identifier", "s|1"), ("gender", "male")]),
        ("Patient", [("name", "a")]),
        ("Condition", [("subject", "Patient/7"), ("code", "x")]),
    ],
)
def test_search_that_has_a_choice_is_planned_for_its_values(rtype: str, params: list[tuple[str, str]]) -> None:
    assert not planned_once(rtype, *params)


def test_search_with_a_condition_on_access_is_planned_for_its_values() -> None:
    some = Access("some", lambda _: true())
    assert not planned_once("CarePlan", ("subject", "Patient/7"), access=some)


@pytest.mark.parametrize("by", [Principal(organization="Organization/o"), Principal(person="Patient/p")])
def test_search_of_who_sees_by_grants_goes_the_same_way_as_of_others(by: Principal) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for access in (access_of(by, now), in_emergency(by, "person", now)):
        assert planned_once("CarePlan", ("subject", "Patient/7"), access=access)
