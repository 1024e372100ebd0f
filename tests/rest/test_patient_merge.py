"""Patient/$merge (workflow.md 4.10, 6.1; scenario 11): one plan goes on, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import Rest, code
from tests.rest.operating import called, parameter, valid
from tests.rest.persons import (
    DATABASES,
    FNR,
    N1,
    N2,
    in_force,
    now,
    opened_on,
    person,
    plan_of,
    replaced_by,
    team_of,
    two,
)


@pytest.fixture(params=DATABASES)
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rest]:
    with opened_on(request.param, tmp_path) as client:
        yield client


def ref(name: str, resource: Resource) -> Resource:
    return parameter(name, valueReference={"reference": f"{resource['resourceType']}/{resource['id']}"})


def merge(rest: Rest, source: Resource, target: Resource, *more: Resource, **headers: str) -> httpx.Response:
    both = (ref("source-patient", source), ref("target-patient", target))
    return called(rest, "Patient/$merge", *both, *more, **headers)


def result(answer: httpx.Response) -> Any:
    return next(p["resource"] for p in valid(answer)["parameter"] if p["name"] == "result")


def test_the_record_that_stays_has_it_all_and_asking_again_changes_nothing(rest: Rest) -> None:
    old, new = two(rest)
    plan = plan_of(rest, old)
    staying = result(merge(rest, old, new))
    assert staying["id"] == new["id"]
    assert {i["value"] for i in staying["identifier"]} == {N1, N2}
    assert now(rest, old)["link"] == replaced_by(new)
    assert [p["id"] for p in in_force(rest, new)] == [plan["id"]]
    again = result(merge(rest, old, new))
    assert again["meta"]["versionId"] == staying["meta"]["versionId"]
    assert now(rest, old)["meta"]["versionId"] == "2"


@pytest.mark.parametrize("role", [None, "ke"])
@pytest.mark.parametrize("kept", [0, 1])
def test_two_plans_need_a_choice_and_the_other_one_is_revoked(rest: Rest, kept: int, role: str | None) -> None:
    old, new = two(rest)
    headers = {"x_knutepunkt_role": role} if role else {}
    plans = plan_of(rest, old), plan_of(rest, new)
    answer = merge(rest, old, new, **headers)
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert all(plan["id"] in answer.text for plan in plans)
    assert merge(rest, old, new, ref("result-plan", plans[kept]), **headers).status_code == 200
    assert [p["id"] for p in in_force(rest, new)] == [plans[kept]["id"]]
    other = now(rest, plans[1 - kept])
    assert other["status"] == "revoked"
    reason = next(e for e in other["extension"] if e["url"] == names.IP_STATUS_REASON)
    assert reason["valueCodeableConcept"]["coding"][0]["code"] == "merged"
    assert {p["subject"]["reference"] for p in (other, now(rest, plans[kept]))} == {f"Patient/{new['id']}"}
    for plan in plans:
        first = rest.get(f"CarePlan/{plan['id']}/_history/1").json()
        assert first["status"] == "draft"


def test_two_coordinators_end_as_one_with_the_plan_that_goes_on(rest: Rest) -> None:
    """INV-02"""
    old, new = two(rest)
    teams = team_of(rest, old), team_of(rest, new)
    plans = [
        plan_of(rest, patient, careTeam=[{"reference": f"CareTeam/{team['id']}"}])
        for patient, team in zip((old, new), teams, strict=True)
    ]
    assert merge(rest, old, new).status_code == 409
    assert merge(rest, old, new, ref("result-plan", plans[0])).status_code == 200
    assert [now(rest, team)["status"] for team in teams] == ["active", "inactive"]
    ended = next(p for p in now(rest, teams[1])["participant"] if p["role"][0]["coding"][0]["code"] == "coordinator")
    assert ended["period"]["end"]


def test_two_coordinators_without_plans_are_not_chosen_between(rest: Rest) -> None:
    old, new = two(rest)
    team_of(rest, old)
    team_of(rest, new)
    answer = merge(rest, old, new)
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")


def test_patients_are_named_by_their_identifiers_too(rest: Rest) -> None:
    old, new = two(rest)
    named = [
        parameter(f"{kind}-patient-identifier", valueIdentifier={"system": FNR, "value": number})
        for kind, number in (("source", N1), ("target", N2))
    ]
    assert result(called(rest, "Patient/$merge", *named))["id"] == new["id"]
    nobody = parameter("target-patient-identifier", valueIdentifier={"system": FNR, "value": "15821470134"})
    answer = called(rest, "Patient/$merge", ref("source-patient", old), nobody)
    assert (answer.status_code, code(answer)) == (404, "not-found")
    person(rest, (FNR, N2))
    answer = called(rest, "Patient/$merge", ref("source-patient", old), named[1])
    assert (answer.status_code, code(answer)) == (412, "multiple-matches")


def test_the_patient_that_stays_is_given_as_it_is_to_be(rest: Rest) -> None:
    old, new = two(rest)
    wanted = {**new, "birthDate": "1985-11-15"}
    staying = result(merge(rest, old, new, parameter("result-patient", resource=wanted)))
    assert staying["birthDate"] == "1985-11-15"
    third = person(rest)
    answer = merge(rest, third, new, parameter("result-patient", resource=third))
    assert (answer.status_code, code(answer)) == (400, "id-mismatch")


def test_only_the_koordinerende_enhet_merges(rest: Rest) -> None:
    old, new = two(rest)
    plan_of(rest, old)
    second = plan_of(rest, new)
    for role in ("notifier", "service", "coordinator"):
        answer = merge(rest, old, new, x_knutepunkt_role=role)
        assert (answer.status_code, code(answer)) == (403, "forbidden")
        assert second["id"] not in answer.text


def test_an_administrator_joins_records_and_chooses_no_plan(rest: Rest) -> None:
    """Column "By" of P7."""
    old, new = two(rest)
    plans = plan_of(rest, old), plan_of(rest, new)
    answer = merge(rest, old, new, ref("result-plan", plans[0]), x_knutepunkt_role="administrator")
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    third = person(rest)
    assert merge(rest, third, new, x_knutepunkt_role="administrator").status_code == 200


def test_what_cannot_be_merged_is_told(rest: Rest) -> None:
    old, new = two(rest)
    plan = plan_of(rest, new)
    nobody = {"resourceType": "Patient", "id": "nobody"}
    told = {
        (merge(rest, old, old).status_code, "same-patient"),
        (merge(rest, old, nobody).status_code, "not-found"),
        (merge(rest, nobody, new).status_code, "not-found"),
        (merge(rest, old, new, ref("result-plan", {**plan, "id": "none"})).status_code, "rule"),
        (merge(rest, old, new, ref("result-plan", new)).status_code, "bad-parameter-value"),
        (merge(rest, plan, new).status_code, "bad-parameter-value"),
        (called(rest, "Patient/$merge", ref("source-patient", old)).status_code, "required"),
    }
    assert {status for status, _ in told} == {400, 404, 422}
    empty = parameter("target-patient-identifier", valueIdentifier={"system": FNR})
    answer = called(rest, "Patient/$merge", ref("source-patient", old), empty)
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")
    assert "link" not in now(rest, old)


def test_a_record_that_is_replaced_is_no_target(rest: Rest) -> None:
    old, new = two(rest)
    third = person(rest)
    assert merge(rest, old, new).status_code == 200
    answer = merge(rest, third, old)
    assert (answer.status_code, code(answer)) == (422, "rule")
