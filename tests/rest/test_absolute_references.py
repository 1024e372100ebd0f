"""References with the address of this server before them are those without.  R4 references.html#literal"""

from typing import Any, cast

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import BASE, Rest

TYPES = ("Patient/", "Organization/", "PractitionerRole/", "CareTeam/", "Consent/", "Goal/", "ServiceRequest/", "Task/")


def absolute(value: Any) -> Any:
    """With the address of the server before every reference to it."""
    if isinstance(value, list):
        return [absolute(one) for one in value]
    if isinstance(value, dict):
        return {name: _written(name, one) for name, one in value.items()}
    return value


def _written(name: str, value: Any) -> Any:
    is_own = name == "reference" and isinstance(value, str) and value.startswith(TYPES)
    return f"{BASE}/{value}" if is_own else absolute(value)


class Absolute:
    """A client whose library writes whole addresses."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._rest(
            method, path, **{name: absolute(one) if name == "json" else one for name, one in more.items()}
        )

    def put(self, resource: Resource, **headers: str) -> httpx.Response:
        return self._rest.put(absolute(resource), **headers)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._rest.get(path, **headers)


@pytest.fixture
def case(rest: Rest) -> Case:
    return Case(cast(Rest, Absolute(rest)), "absolute")


def test_case_comes_to_a_plan_by_absolute_references(rest: Rest, case: Case) -> None:
    state = [one.replace(f"{BASE}/", "") for one in case.planned().state("relative").elements()]
    team = case.reads(case.ref("CareTeam", "team"))
    assert team["subject"] == {"reference": f"{BASE}/{case.ref('Patient', 'person')}"}
    assert sorted(state) == sorted(Case(rest, "relative").planned().state().elements())
    second = {"resourceType": "CarePlan"} | case.plan()
    assert rest.post(absolute(second)).status_code == 409
    case.put(case.reads(case.ref("CarePlan", "plan")), title="Min plan")


def test_member_named_by_an_absolute_reference_sees_its_part(rest: Rest) -> None:
    case = Case(cast(Rest, Absolute(rest)), "member").appointed()
    case.keeps("Organization", "school", name="Skolen")
    shared = case.consent("plan-sharing", actor="school")
    shared["provision"]["provision"][0]["securityLabel"] = [{"system": names.SECTOR, "code": "school"}]
    case.put(shared)
    school = case.ref("Organization", "school")
    team = case.reads(case.ref("CareTeam", "team"))
    sector = {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": "school"}}
    joins = {"role": [concept(names.TEAM_ROLE, "member")], "member": to(school), "period": {"start": "2026-11-22"}}
    case.put(team, participant=[*team["participant"], joins | {"extension": [sector]}])
    detail = {"status": "scheduled", "description": "Lese", "performer": [to(school)]}
    own = {"id": "read", "extension": [sector], "detail": detail}
    plan = case.plan()
    case.keeps("Goal", "goal", lifecycleStatus="active", description={"text": "Lese"}, subject=case.person)
    case.keeps("Goal", "walk", lifecycleStatus="active", description={"text": "Gå"}, subject=case.person)
    case.keeps("CarePlan", "plan", **plan | {"activity": [*plan["activity"], own]})
    seen = rest.get(case.ref("CarePlan", "plan"), x_knutepunkt_organization=school)
    assert [one["id"] for one in seen.json()["activity"]] == ["read"]
    coordinator = {"x_knutepunkt_role": "coordinator", "x_knutepunkt_organization": case.ref("Organization", "unit")}
    whole = rest.get(case.ref("CarePlan", "plan"), **coordinator)
    assert [one["id"] for one in whole.json()["activity"]] == ["a1", "a2", "read"]
