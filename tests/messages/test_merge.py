"""ADT^A40 joins two records; two current plans wait for the koordinerende enhet (workflow.md 12, scenario 11)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from profiles.resource import Resource
from tests.rest.conftest import code
from tests.rest.persons import FNR, changed, ended, in_force, opened, person, plan_of, replaced_by, tasks, team_of

from .conftest import Hospital, pid, segment

OLD, NEW = "15918512397", "01911560042"


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    with opened(tmp_path) as client:
        yield Hospital(client)


def merge(hospital: Hospital, retired: str = OLD, staying: str = NEW) -> tuple[str, list[str]]:
    mrg = segment("MRG", f1=f"{retired}^^^FNR^FNR")
    return hospital.send("ADT^A40^ADT_A39", "202611221000", pid(staying), mrg)


def both(hospital: Hospital) -> tuple[Resource, Resource]:
    return person(hospital.rest, (FNR, OLD)), person(hospital.rest, (FNR, NEW))


def now(hospital: Hospital, resource: Resource) -> Any:
    return hospital.rest.get(f"{resource['resourceType']}/{resource['id']}").json()


def test_two_records_become_one_and_the_retired_number_leads_to_the_other(hospital: Hospital) -> None:
    old, new = both(hospital)
    plan = plan_of(hospital.rest, old)
    assert merge(hospital)[0] == "AA"
    assert now(hospital, old)["active"] is False
    assert now(hospital, old)["link"] == replaced_by(new)
    assert now(hospital, plan)["subject"]["reference"] == f"Patient/{new['id']}"
    assert hospital.send("ADT^A08", "202611221100", pid(OLD, f8="M"))[0] == "AA"
    assert now(hospital, new)["gender"] == "male"
    assert "gender" not in now(hospital, old)
    assert merge(hospital)[0] == "AA"
    assert len(hospital.find("Patient")) == 2


def test_two_plans_wait_for_ke_which_chooses_by_plain_rest(hospital: Hospital) -> None:
    rest = hospital.rest
    old, new = both(hospital)
    plans = plan_of(rest, old), plan_of(rest, new)
    assert merge(hospital)[0] == "AA"
    assert "link" not in now(hospital, old)
    assert all(now(hospital, plan)["status"] == "draft" for plan in plans)
    (task,) = tasks(rest, "resolve-duplicate")
    assert task["for"]["reference"] == f"Patient/{new['id']}"
    assert task["reasonReference"]["reference"] == f"Patient/{old['id']}"
    assert {i["valueReference"]["reference"] for i in task["input"]} == {f"CarePlan/{p['id']}" for p in plans}
    answer = changed(rest, old, link=replaced_by(new))
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert ended(rest, plans[1]).status_code == 200
    assert changed(rest, old, link=replaced_by(new)).status_code == 200
    assert [p["id"] for p in in_force(rest, new)] == [plans[0]["id"]]
    (task,) = tasks(rest, "resolve-duplicate")
    assert task["status"] == "completed"
    for plan in plans:
        assert rest.get(f"CarePlan/{plan['id']}/_history").json()["total"] >= 2


def test_two_coordinators_wait_as_well(hospital: Hospital) -> None:
    """INV-02"""
    old, new = both(hospital)
    team_of(hospital.rest, old)
    team_of(hospital.rest, new)
    assert merge(hospital)[0] == "AA"
    (task,) = tasks(hospital.rest, "manual-review")
    assert task["reasonReference"]["reference"] == f"Patient/{old['id']}"
    assert "link" not in now(hospital, old)


def test_a_retired_number_that_nobody_has_is_remembered(hospital: Hospital) -> None:
    new = person(hospital.rest, (FNR, NEW))
    plan_of(hospital.rest, new)
    assert merge(hospital)[0] == "AA"
    assert {i["value"] for i in now(hospital, new)["identifier"]} == {OLD, NEW}
    assert "link" not in now(hospital, new)
    assert merge(hospital)[0] == "AA"
    assert "link" not in now(hospital, new)
    assert len(hospital.find("Patient")) == 1


def test_a_patient_that_stays_and_is_not_known_is_made(hospital: Hospital) -> None:
    old = person(hospital.rest, (FNR, OLD))
    plan = plan_of(hospital.rest, old)
    assert merge(hospital)[0] == "AA"
    new = hospital.patient(NEW)
    assert now(hospital, plan)["subject"]["reference"] == f"Patient/{new['id']}"


def test_a_patient_is_not_merged_with_itself(hospital: Hospital) -> None:
    answer, errors = merge(hospital, NEW, NEW)
    assert answer == "AE"
    assert [line.split("|")[3].split("^")[0] for line in errors if "|E|" in line] == ["205"]


def test_the_message_that_waited_does_its_work_when_it_is_sent_again(hospital: Hospital) -> None:
    old, new = both(hospital)
    plans = plan_of(hospital.rest, old), plan_of(hospital.rest, new)
    merge(hospital)
    assert ended(hospital.rest, plans[0]).status_code == 200
    assert merge(hospital)[0] == "AA"
    assert now(hospital, old)["link"] == replaced_by(new)
    (task,) = tasks(hospital.rest, "resolve-duplicate")
    assert task["status"] == "completed"


def test_a_number_of_another_person_is_refused_and_looked_at(hospital: Hospital) -> None:
    """Decision 27: AE 204 and a Task, also where the record is found by the hospital's own number."""
    hospital.send("ADT^A08", "202611221000", pid(OLD, f3=f"{OLD}^^^FNR^FNR~M1^^^DIPS^MR"))
    person(hospital.rest, (FNR, NEW))
    answer, errors = hospital.send("ADT^A08", "202611221100", pid(NEW, f3=f"M1^^^DIPS^MR~{NEW}^^^FNR^FNR"))
    assert answer == "AE"
    assert [line.split("|")[3].split("^")[0] for line in errors if "|E|" in line] == ["204"]
    assert len(tasks(hospital.rest, "manual-review")) == 1
