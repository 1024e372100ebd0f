"""Two records of a person become one: by a link, with everything that hangs on them (workflow.md 4.10, scenario 11)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest, code, matches
from tests.rest.persons import (
    DATABASES,
    FNR,
    N1,
    N2,
    changed,
    ended,
    in_force,
    now,
    numbers,
    opened_on,
    person,
    plan_of,
    planned,
    replaced_by,
    team_of,
    two,
)

N3 = "15821470134"


@pytest.fixture(params=DATABASES)
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rest]:
    with opened_on(request.param, tmp_path) as client:
        yield client


def link(rest: Rest, source: Resource, target: Resource, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return changed(rest, source, named, link=replaced_by(target))


def subject(resource: Resource) -> Any:
    return resource["subject"]["reference"]


def test_what_names_the_replaced_record_follows_with_its_history(rest: Rest) -> None:
    old, new = two(rest)
    plan = plan_of(rest, old)
    answer = link(rest, old, new)
    assert answer.status_code == 200, answer.text
    retired, staying = now(rest, old), now(rest, new)
    assert retired["active"] is False
    assert retired["link"] == replaced_by(new)
    assert staying["link"] == [{"other": {"reference": f"Patient/{old['id']}"}, "type": "replaces"}]
    assert {**numbers((FNR, N1))[0], "use": "old"} in staying["identifier"]
    moved = now(rest, plan)
    assert subject(moved) == f"Patient/{new['id']}"
    assert moved["meta"]["versionId"] == "2"
    assert subject(rest.get(f"CarePlan/{plan['id']}/_history/1").json()) == f"Patient/{old['id']}"
    assert [p["id"] for p in in_force(rest, new)] == [plan["id"]]
    for number in (N1, N2):
        assert code(planned(rest, person(rest, (FNR, number)))) == "duplicate-plan"
    (trace,) = matches(rest.get(f"Provenance?target=CarePlan/{plan['id']}&_sort=-recorded&_count=1"))
    assert {t["reference"].partition("/_history")[0] for t in trace["target"]} >= {
        f"Patient/{old['id']}", f"Patient/{new['id']}", f"CarePlan/{plan['id']}",
    }  # fmt: skip


def test_two_plans_keep_two_records_apart_until_one_has_ended(rest: Rest) -> None:
    old, new = two(rest)
    plans = plan_of(rest, old), plan_of(rest, new)
    answer = link(rest, old, new)
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert all(plan["id"] in answer.text for plan in plans)
    assert subject(now(rest, plans[0])) == f"Patient/{old['id']}"
    assert ended(rest, plans[0]).status_code == 200
    assert link(rest, old, new).status_code == 200
    assert [p["id"] for p in in_force(rest, new)] == [plans[1]["id"]]
    revoked = now(rest, plans[0])
    assert (revoked["status"], subject(revoked)) == ("revoked", f"Patient/{new['id']}")
    assert rest.get(f"CarePlan/{plans[0]['id']}/_history").json()["total"] == 3


def test_the_other_end_of_the_link_says_the_same(rest: Rest) -> None:
    old, new = two(rest)
    plan = plan_of(rest, old)
    replaces = [{"other": {"reference": f"Patient/{old['id']}"}, "type": "replaces"}]
    assert changed(rest, new, link=replaces).status_code == 200
    assert now(rest, old)["link"] == replaced_by(new)
    assert subject(now(rest, plan)) == f"Patient/{new['id']}"


def test_two_coordinators_keep_two_records_apart(rest: Rest) -> None:
    """INV-02"""
    old, new = two(rest)
    team_of(rest, old)
    team_of(rest, new)
    answer = link(rest, old, new)
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")


@pytest.mark.parametrize("role", ["notifier", "service", "coordinator", "person"])
def test_records_are_joined_by_the_koordinerende_enhet(rest: Rest, role: str) -> None:
    old, new = two(rest)
    answer = link(rest, old, new, x_knutepunkt_role=role)
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert link(rest, old, new, x_knutepunkt_role="ke").status_code == 200


@pytest.mark.parametrize("kind", ["refer", "seealso"])
def test_other_links_join_nobody(rest: Rest, kind: str) -> None:
    one, other = two(rest)
    plan_of(rest, one)
    told = [{"other": {"reference": f"Patient/{other['id']}"}, "type": kind}]
    assert changed(rest, one, link=told).status_code == 200
    plan_of(rest, other)


def test_a_record_is_not_replaced_by_itself_or_in_a_circle(rest: Rest) -> None:
    one, other = two(rest)
    assert link(rest, one, one).status_code == 422
    assert link(rest, one, other).status_code == 200
    assert link(rest, other, one).status_code == 422
    third = person(rest, (FNR, N3))
    assert link(rest, third, one).status_code == 422
    assert link(rest, third, other).status_code == 200
    elsewhere = [*now(rest, one)["link"], *replaced_by(third)]
    assert changed(rest, one, link=elsewhere).status_code == 422


def test_a_plan_ends_and_records_join_in_one_transaction(rest: Rest) -> None:
    old, new = two(rest)
    plans = plan_of(rest, old), plan_of(rest, new)
    reason = {
        "url": "https://knutepunkt.no/fhir/StructureDefinition/ip-status-reason",
        "valueCodeableConcept": {
            "coding": [{"system": "https://knutepunkt.no/fhir/CodeSystem/status-reason", "code": "merged"}]
        },
    }
    ending = {**plans[1], "status": "revoked", "extension": [*plans[1]["extension"], reason]}
    linked = {**now(rest, old), "link": replaced_by(new)}
    entries = [
        {
            "resource": resource,
            "request": {
                "method": "PUT",
                "url": f"{resource['resourceType']}/{resource['id']}",
                "ifMatch": f'W/"{resource["meta"]["versionId"]}"',
            },
        }
        for resource in (ending, linked)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = rest("POST", "", json=bundle, headers=FHIR_JSON)
    assert answer.status_code == 200, answer.text
    assert [p["id"] for p in in_force(rest, new)] == [plans[0]["id"]]
    assert subject(now(rest, plans[1])) == f"Patient/{new['id']}"


def test_what_names_the_record_beside_others_follows_too(rest: Rest) -> None:
    old, new = two(rest)
    group = rest.stored(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [{"entity": {"reference": f"Patient/{p['id']}"}} for p in (old, new)],
        }
    )
    versioned = {"reference": f"Patient/{old['id']}/_history/1"}
    note = rest.stored({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": versioned})
    assert link(rest, old, new).status_code == 200
    members = [m["entity"]["reference"] for m in now(rest, group)["member"]]
    assert members == [f"Patient/{new['id']}"] * 2
    assert now(rest, note)["subject"] == versioned
