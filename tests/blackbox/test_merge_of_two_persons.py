"""Scenario 11 of workflow.md 12: A40 with two current plans waits; KE chooses, by $merge or by plain REST."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fhir_service.demo.hub import Hub
from fhir_service.demo.needs import need, person, reporter
from fhir_service.demo.walk import Case
from profiles import names
from profiles.resource import Resource

from .conftest import Service, msa

OLD, NEW = "81234567802", "01911560042"
JSON = {"content-type": "application/fhir+json"}


def with_plan(hub: Hub, system: str, number: str) -> tuple[Case, Resource, Resource]:
    """A person with coordinator and a draft plan."""
    patient = person(hub, (system, number), ("Vik", "Ane"), "2015-11-01", "female")
    hub.post(need(patient, reporter(hub, "Skolen"), "4601", "obtained-written", "Mange tjenester"))
    case = Case.of_patient(hub, patient)
    case.register()
    case.accept()
    consent = case.consent()
    case.assess()
    case.decide()
    team = case.appoint(("Lie", "Ola"))
    return case, case.draft_plan(team, consent, "Bo hjemme", ["Avlastning"]), team


def merge_message(control: str) -> bytes:
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    segments = [
        f"MSH|^~\\&|DIPS|St. Olavs hospital^883974832^ENH|KNUTEPUNKT|KE|{at}||ADT^A40^ADT_A39|{control}|T|2.5.1||||||"
        "UNICODE UTF-8",
        f"EVN||{at}",
        f"PID|1||{NEW}^^^FNR^FNR||Vik^Ane^^^^^L||20151101|F",
        f"MRG|{OLD}^^^FHN^FHN",
        "",
    ]
    return "\r".join(segments).encode()


def reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def by_operation(service: Service, cases: list[Any]) -> None:
    (old, _, _), (new, kept, _) = cases
    told = {"source-patient": old.patient, "target-patient": new.patient, "result-plan": reference(kept)}
    parameters = [{"name": name, "valueReference": {"reference": value}} for name, value in told.items()]
    body = {"resourceType": "Parameters", "parameter": parameters}
    undecided = httpx.post(f"{service.fhir}/Patient/$merge", json=body | {"parameter": parameters[:2]}, headers=JSON)
    assert undecided.status_code == 409
    assert all(plan["id"] in undecided.text for _, plan, _ in cases)
    headers = JSON | {"x-knutepunkt-role": "ke"}
    for _ in range(2):
        answer = httpx.post(f"{service.fhir}/Patient/$merge", json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text


def by_plain_rest(service: Service, cases: list[Any]) -> None:
    (old, plan, team), (new, _, _) = cases
    ke = service.hub().acting("ke")
    reason = {"coding": [{"system": names.STATUS_REASON, "code": "merged"}]}
    because = [*plan["extension"], {"url": names.IP_STATUS_REASON, "valueCodeableConcept": reason}]
    ke.put(ke.read(reference(plan)), status="revoked", extension=because)
    ke.put(ke.read(reference(team)), status="inactive")
    link = [{"other": {"reference": new.patient}, "type": "replaced-by"}]
    ke.put(ke.read(old.patient), link=link)


@pytest.mark.parametrize("chosen", [by_operation, by_plain_rest])
def test_two_plans_wait_and_become_one(service: Service, chosen: Any) -> None:
    hub = service.hub()
    cases = [with_plan(hub, names.FHN, OLD), with_plan(hub, names.FNR, NEW)]
    (answer,) = service.exchange(merge_message("MERGE-1"))
    assert msa(answer) == ("AA", "MERGE-1")
    (task,) = hub.find("Task", code=f"{names.KE_TASK_CODE}|resolve-duplicate")
    assert task["for"]["reference"] == cases[1][0].patient
    assert all(hub.read(reference(plan))["status"] == "draft" for _, plan, _ in cases)
    chosen(service, cases)
    (_, gone, team), (new, kept, _) = cases
    (current,) = hub.find("CarePlan", patient=new.patient, status="draft,active,on-hold")
    assert current["id"] == kept["id"]
    ended = hub.read(reference(gone))
    assert (ended["status"], ended["subject"]["reference"]) == ("revoked", new.patient)
    assert hub.read(reference(team))["status"] == "inactive"
    for plan in (gone, kept):
        history = httpx.get(f"{service.fhir}/{reference(plan)}/_history").json()
        assert history["entry"][-1]["resource"]["status"] == "draft"
    assert hub.read(reference(task))["status"] == "completed"
    assert hub.read(cases[0][0].patient)["active"] is False
    assert len(hub.find("Task", patient=new.patient, code=f"{names.KE_TASK_CODE}|assess-need")) == 2
    assert service.alive()
