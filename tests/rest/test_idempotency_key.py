"""`Idempotency-Key`: the same request again gets the first answer, and does nothing (workflow.md 7.3, SR-3)."""

from typing import Any

import httpx
import pytest

from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import to
from tests.rest.conftest import FHIR_JSON, Rest, code, issue
from tests.rest.operating import parameter

PATIENT = {"resourceType": "Patient", "name": [{"family": "Én gang"}]}


def post(rest: Rest, body: Resource, key: str, path: str = "Patient", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return rest("POST", path, json=body, headers=FHIR_JSON | {"idempotency-key": key} | named)


def said(answer: httpx.Response) -> tuple[Any, ...]:
    told = ("location", "etag", "last-modified", "content-type", "content-location")
    return answer.status_code, answer.content, *(answer.headers.get(name) for name in told)


def named(rest: Rest, family: str) -> int:
    return int(rest.get(f"Patient?family={family}&_summary=count").json()["total"])


def test_create_again_is_answered_as_at_first(rest: Rest) -> None:
    body = {**PATIENT, "name": [{"family": "Igjen"}]}
    first = post(rest, body, "again")
    assert first.status_code == 201
    rest.put({**body, "id": first.json()["id"], "active": True})
    again = post(rest, body, "again")
    assert said(again) == said(first)
    assert named(rest, "Igjen") == 1


@pytest.mark.parametrize("prefer", ["return=minimal", "return=OperationOutcome"])
def test_answer_again_is_in_the_form_that_is_preferred(rest: Rest, prefer: str) -> None:
    first, again = (post(rest, PATIENT, f"form-{prefer[7:9]}", prefer=prefer) for _ in range(2))
    assert said(again) == said(first)


def test_key_with_another_request_is_refused(rest: Rest) -> None:
    assert post(rest, PATIENT, "mine").status_code == 201
    other = post(rest, {**PATIENT, "active": True}, "mine")
    assert (other.status_code, code(other)) == (422, "idempotency-key-reused")
    assert issue(other)["expression"] == ["Idempotency-Key"]
    elsewhere = post(rest, {"resourceType": "Organization", "name": "x"}, "mine", "Organization")
    assert code(elsewhere) == "idempotency-key-reused"


def test_keys_of_callers_are_apart(rest: Rest) -> None:
    ids = {post(rest, PATIENT, "shared", x_knutepunkt_role=role).json()["id"] for role in ("ke", "service")}
    assert len(ids) == 2


def test_refusal_leaves_the_key_free(rest: Rest) -> None:
    child = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": to("Patient/free")}
    assert post(rest, child, "free", "Observation").status_code == 422
    rest.put({"resourceType": "Patient", "id": "free"})
    assert post(rest, child, "free", "Observation").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "å"])
def test_key_is_printable_and_short(rest: Rest, key: str) -> None:
    headers = {"content-type": "application/fhir+json", b"idempotency-key": key.encode("latin-1")}
    answer = rest("POST", "Patient", json=PATIENT, headers=list(headers.items()))
    assert (answer.status_code, code(answer)) == (400, "bad-request")


def test_body_that_is_too_large_is_refused(rest: Rest) -> None:
    assert post(rest, {**PATIENT, "language": "n" * 300_000}, "large").status_code == 413


def test_conditional_create_finds_what_it_found(rest: Rest) -> None:
    identifier = [{"system": "urn:oid:2.16.578.1.98", "value": "once"}]
    there = rest.stored({**PATIENT, "identifier": identifier})
    condition = {"if_none_exist": "identifier=urn:oid:2.16.578.1.98|once"}
    first = post(rest, PATIENT, "conditional", **condition)
    rest("DELETE", f"Patient/{there['id']}")
    assert (first.status_code, said(post(rest, PATIENT, "conditional", **condition))) == (200, said(first))


def test_twenty_at_once_do_it_once(rest: Rest) -> None:
    body = {**PATIENT, "name": [{"family": "Tjue"}]}
    headers = FHIR_JSON | {"idempotency-key": "twenty"}
    answers = rest.together([("POST", "Patient", {"json": body, "headers": headers})] * 20)
    assert {said(answer) for answer in answers} == {said(answers[0])}
    assert (answers[0].status_code, named(rest, "Tjue")) == (201, 1)


def test_transaction_again_is_answered_as_at_first(rest: Rest) -> None:
    kept = rest.stored({**PATIENT, "active": False})

    def entry(method: str, url: str, **resource: Any) -> Resource:
        return {"request": {"method": method, "url": url}, **({"resource": resource} if resource else {})}

    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            entry("POST", "Patient", **{**PATIENT, "name": [{"family": "Sammen"}]}),
            entry("DELETE", f"Patient/{kept['id']}"),
            entry("DELETE", "Patient/never-there"),
        ],
    }
    first, again = (post(rest, bundle, "together", "", prefer="return=representation") for _ in range(2))
    assert (first.status_code, said(again)) == (200, said(first))
    assert named(rest, "Sammen") == 1
    batch = post(rest, {**bundle, "type": "batch"}, "batch", "")
    assert (batch.status_code, issue(batch)["expression"]) == (400, ["Idempotency-Key"])


def test_operation_again_is_answered_as_at_first(rest: Rest) -> None:
    case = Case(rest, "op-once").assessed()
    given = [
        parameter("decision-coordinator", valueCode="granted"),
        parameter("decision-plan", valueCode="granted"),
        parameter("decision-maker", valueReference=to(case.ref("PractitionerRole", "leader"))),
    ]
    task = case.task
    first, again = (case.called(task, "$decide", *given, idempotency_key="decide") for _ in range(2))
    assert (first.status_code, said(again)) == (200, said(first))
    assert len(case.finds("DocumentReference")) == 1
    task, tagged = case.task, parameter("meta", valueMeta={"tag": [{"code": "x"}]})
    labels = [case.called(task, "$meta-add", tagged, idempotency_key="label") for _ in range(2)]
    assert (labels[0].status_code, said(labels[1])) == (200, said(labels[0]))


def test_answer_again_shows_what_the_caller_sees_now(rest: Rest) -> None:
    case = Case(rest, "op-sees").assessed()
    ke = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": case.ref("Organization", "ke")}
    case.headers = ke
    first = post(rest, case.team() | {"resourceType": "CareTeam"}, "team", "CareTeam", **ke)
    assert first.status_code == 422
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}, "subject": case.person}
    made = [post(rest, goal, "goal", "Goal", **ke) for _ in range(2)]
    assert (made[0].status_code, said(made[1])) == (201, said(made[0]))
