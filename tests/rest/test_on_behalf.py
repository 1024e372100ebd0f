"""What KE or the coordinator writes for the party who told them (workflow.md 1): author and enterer."""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code, matches

KE = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": "Organization/ke-5001"}


def agents(rest: Rest, made: Resource) -> dict[str, Any]:
    """Who did what, by the first Provenance of what was made."""
    found = matches(rest.get(f"Provenance?target={made['resourceType']}/{made['id']}"))
    return {a["type"]["coding"][0]["code"]: a["who"] for a in found[-1]["agent"]}


def made(rest: Rest, resource: Resource, headers: dict[str, str]) -> Resource:
    answer = rest("POST", resource["resourceType"], json=resource, headers=FHIR_JSON | headers)
    assert answer.status_code == 201, answer.text
    told: Resource = answer.json()
    return told


def test_need_that_somebody_phoned_about_is_theirs(rest: Rest) -> None:
    case = Case(rest, "phoned").begins()
    need = {"resourceType": "ServiceRequest", **case.need(value="2"), "requester": case.person}
    told = agents(rest, made(rest, need, KE))
    assert (told["author"], told["enterer"]) == (case.person, to("Organization/ke-5001"))


def test_goal_and_consent_are_the_persons(rest: Rest) -> None:
    case = Case(rest, "met").appointed()
    coordinator = {"x-knutepunkt-role": "coordinator", "x-knutepunkt-organization": case.ref("Organization", "unit")}
    goal = {"resourceType": "Goal", "lifecycleStatus": "proposed", "description": {"text": "Reise"}}
    told = agents(rest, made(rest, {**goal, "subject": case.person, "expressedBy": case.person}, coordinator))
    assert (told["author"], told["enterer"]) == (case.person, to(case.ref("Organization", "unit")))
    consent = case.reads(case.ref("Consent", "plan-creation"))
    again = {k: v for k, v in consent.items() if k not in ("id", "meta")}
    told = agents(rest, made(rest, again, {"x-knutepunkt-role": "ke"}))
    assert (told["author"], told["enterer"]) == (case.person, {"display": "Client"})


def test_own_words_have_no_enterer(rest: Rest) -> None:
    case = Case(rest, "own").begins()
    need = {"resourceType": "ServiceRequest", **case.need(value="2"), "requester": case.person}
    person = {"x-knutepunkt-role": "person", "x-knutepunkt-person": case.ref("Patient", "person")}
    told = agents(rest, made(rest, need, person))
    assert (told["author"], "enterer" in told) == (case.person, False)
    ours = {**case.need(value="3"), "resourceType": "ServiceRequest", "requester": to("Organization/ke-5001")}
    assert "enterer" not in agents(rest, made(rest, ours, KE))


@pytest.mark.parametrize("requester", ["unit", "ke"])
def test_notifier_writes_for_nobody_else(rest: Rest, requester: str) -> None:
    case = Case(rest, f"else{requester}").begins()
    number = {"system": names.FNR, "value": "15918512397"}
    known = case.reads(case.ref("Patient", "person"))
    case.put(known, identifier=[number])
    need = {"resourceType": "ServiceRequest", **case.need(requester=requester, value="2")}
    need["subject"] = {"type": "Patient", "identifier": number}
    notifier = {"x-knutepunkt-role": "notifier", "x-knutepunkt-organization": case.ref("Organization", "gp")}
    answer = rest("POST", "ServiceRequest", json=need, headers=FHIR_JSON | notifier)
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert answer.json()["issue"][0]["expression"] == ["ServiceRequest.requester"]
    reminder = {
        "resourceType": "Communication", "status": "completed", "subject": need["subject"],
        "category": [concept(names.FEEDBACK_CATEGORY, "reminder")], "sender": to(case.ref("Organization", "unit")),
        "basedOn": [to(case.ref("ServiceRequest", "need"))], "about": [to(f"Task/{case.task['id']}")],
        "recipient": [to("Organization/ke-5001")], "payload": [{"contentString": "Hvordan går det?"}],
    }  # fmt: skip
    answer = rest("POST", "Communication", json=reminder, headers=FHIR_JSON | notifier)
    assert (answer.status_code, code(answer)) == (403, "forbidden")
