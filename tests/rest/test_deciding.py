"""$decide, $appoint-coordinator and $change-coordinator: what plain REST does, in one transaction (workflow.md 6.1)."""

import base64
from typing import Any

import pytest

from fhir_service.storage.port import InForceConflict
from fhir_service.workflow import Office
from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import Rest, code, issue, matches
from tests.rest.operating import parameter

AGREED = [parameter(name, valueBoolean=True) for name in ("person-accepts", "unit-confirms")]


def decision(case: Case, **more: Any) -> list[Resource]:
    codes = {"decision-coordinator": "granted", "decision-plan": "granted"} | {
        name.replace("_", "-"): value for name, value in more.items()
    }
    maker = parameter("decision-maker", valueReference=to(case.ref("PractitionerRole", "leader")))
    return [maker, *(parameter(name, valueCode=value) for name, value in codes.items())]


def appointment(case: Case, who: str = "kari", **more: Any) -> list[Resource]:
    told = {"person-accepts": True, "unit-confirms": True} | {k.replace("_", "-"): v for k, v in more.items()}
    named = parameter("coordinator", valueReference=to(case.ref("PractitionerRole", who)))
    return [named, *(parameter(name, valueBoolean=value) for name, value in told.items())]


def change(case: Case, who: str = "per") -> list[Resource]:
    return [
        parameter("coordinator", valueReference=to(case.ref("PractitionerRole", who))),
        parameter("reason", valueCodeableConcept={"text": "Slutter"}),
    ]


def test_decision_by_operation_is_what_put_makes(rest: Rest) -> None:
    by_put, by_operation = Case(rest, "dp").decided(), Case(rest, "do").assessed()
    answer = by_operation.called(by_operation.task, "$decide", *decision(by_operation))
    assert answer.status_code == 200, answer.text
    assert by_operation.state() == by_put.state(by_operation.name)
    changed = [one["resourceType"] for one in matches(answer)]
    assert sorted(set(changed)) == ["Communication", "DocumentReference", "Task"]
    assert answer.json()["type"] == "searchset" and answer.json()["total"] == len(changed)
    assert by_operation.task["businessStatus"]["coding"][0]["code"] == "decided"
    assert by_operation.child("appoint-coordinator")["status"] == "requested"


def test_decision_brings_its_own_letter(rest: Rest) -> None:
    case = Case(rest, "letter").assessed()
    text = {"contentType": "text/plain", "data": base64.b64encode(b"Vedtak").decode()}
    answer = case.called(case.task, "$decide", *decision(case), parameter("letter", valueAttachment=text))
    assert answer.status_code == 200, answer.text
    [letter] = case.finds("DocumentReference")
    assert letter["content"] == [{"attachment": text}]
    told = {o["type"]["coding"][0]["code"]: o for o in case.task["output"]}
    assert told["decision-letter"]["valueReference"] == to(f"DocumentReference/{letter['id']}")


def test_decision_refers_to_a_letter_that_there_is(rest: Rest) -> None:
    case = Case(rest, "kept").assessed()
    content = [{"attachment": {"contentType": "text/plain", "data": "VmVkdGFr"}}]
    letter = case.keeps("DocumentReference", "letter", status="current", subject=case.person, content=content)
    named = to(f"DocumentReference/{letter['id']}")
    assert case.called(case.task, "$decide", *decision(case), parameter("letter", valueReference=named)).is_success
    assert [one["id"] for one in case.finds("DocumentReference")] == [letter["id"]]


def test_person_who_wants_nothing_is_noted_as_such(rest: Rest) -> None:
    case = Case(rest, "declines").assessed()
    declined = dict.fromkeys(("decision_coordinator", "decision_plan"), "declined-by-person")
    assert case.called(case.task, "$decide", *decision(case, **declined)).status_code == 200
    assert case.task["businessStatus"]["coding"][0]["code"] == "declined-by-person"


def test_family_chooses_one_of_two_rights(rest: Rest) -> None:
    case = Case(rest, "chooses", born="2015-06-01").assessed()
    both = decision(case, decision_child_coordinator="granted")
    assert (code(case.called(case.task, "$decide", *both)), case.task["meta"]["versionId"]) == ("rule", "4")
    chosen = parameter("chosen-right", valueCode="child-coordinator")
    assert case.called(case.task, "$decide", *both, chosen).status_code == 200


@pytest.mark.parametrize(
    ("more", "status", "expected", "at"),
    [
        ({"decision_plan": "refused"}, 422, "rule", "Task.output"),
        ({"decision_plan": "maybe"}, 400, "bad-parameter-value", "decision-plan"),
        ({"chosen_right": "both"}, 400, "bad-parameter-value", "chosen-right"),
    ],
)
def test_decision_that_is_none_changes_nothing(
    rest: Rest, more: dict[str, str], status: int, expected: str, at: str
) -> None:
    case = Case(rest, f"no-{at[-4:].lower()}{len(more)}{status}").assessed()
    before = case.state()
    answer = case.called(case.task, "$decide", *decision(case, **more))
    assert (answer.status_code, code(answer), issue(answer)["expression"]) == (status, expected, [at])
    assert case.state() == before


def test_refusal_with_a_reason_is_a_decision(rest: Rest) -> None:
    case = Case(rest, "refuses").assessed()
    reason = parameter("reason", valueCodeableConcept={"text": "Bare én tjeneste"})
    refused = dict.fromkeys(("decision_coordinator", "decision_plan"), "refused")
    assert case.called(case.task, "$decide", *decision(case, **refused), reason).status_code == 200


def test_operation_needs_the_version_that_was_read(rest: Rest) -> None:
    case = Case(rest, "versions").assessed()
    without = rest(
        "POST", f"Task/{case.task['id']}/$decide", json={"resourceType": "Parameters", "parameter": decision(case)},
        headers={"content-type": "application/fhir+json"},
    )  # fmt: skip
    assert (without.status_code, code(without)) == (428, "version-required")
    stale = case.called(case.task, "$decide", *decision(case), if_match='W/"1"')
    assert (stale.status_code, code(stale)) == (412, "stale-version")
    assert case.called(case.task, "$decide", *decision(case), if_match="nothing").status_code == 400


def test_operation_is_about_what_is_there(rest: Rest) -> None:
    case = Case(rest, "there").assessed()
    gone = {"resourceType": "Task", "id": "none", "meta": {"versionId": "1"}}
    assert case.called(gone, "$decide", *decision(case)).status_code == 404
    kept = rest.stored({"resourceType": "Task", "status": "draft", "intent": "plan"})
    assert code(case.called(kept, "$decide", *decision(case))) == "rule"
    rest("DELETE", f"Task/{kept['id']}")
    assert case.called(kept, "$decide", *decision(case)).status_code == 410


def test_notifier_does_not_decide(rest: Rest) -> None:
    case = Case(rest, "notifier").assessed()
    before = case.state()
    answer = case.called(case.task, "$decide", *decision(case), x_knutepunkt_role="notifier")
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert case.state() == before


def test_organisation_sees_what_it_has_changed(rest: Rest) -> None:
    case = Case(rest, "seen").assessed()
    ke = {"x_knutepunkt_role": "ke", "x_knutepunkt_organization": case.ref("Organization", "ke")}
    answer = case.called(case.task, "$decide", *decision(case), **ke)
    assert {one["resourceType"] for one in matches(answer)} >= {"Task", "Communication"}
    other = {**ke, "x_knutepunkt_organization": case.ref("Organization", "other-ke")}
    assert case.called(case.task, "$decide", *decision(case), **other).status_code == 404


@pytest.mark.parametrize("on", ["case", "child"])
def test_appointment_by_operation_is_what_post_and_put_make(rest: Rest, on: str) -> None:
    by_rest, by_operation = Case(rest, f"ap{on}").appointed(), Case(rest, f"ao{on}").decided()
    task = by_operation.task if on == "case" else by_operation.child("appoint-coordinator")
    answer = by_operation.called(task, "$appoint-coordinator", *appointment(by_operation))
    assert answer.status_code == 200, answer.text
    assert by_operation.state() == by_rest.state(by_operation.name)
    assert "CareTeam" in {one["resourceType"] for one in matches(answer)}


def test_appointment_takes_role_start_and_deputy(rest: Rest) -> None:
    case = Case(rest, "deputy").decided()
    more = [
        parameter("role", valueCode="child-coordinator"),
        parameter("start", valueDate="2026-11-20"),
        parameter("deputy", valueReference=to(case.ref("PractitionerRole", "per"))),
    ]
    assert case.called(case.task, "$appoint-coordinator", *appointment(case), *more).status_code == 200
    [team] = case.finds("CareTeam")
    told = {p["role"][0]["coding"][0]["code"]: (p["member"]["reference"], p["period"]) for p in team["participant"]}
    since = {"start": "2026-11-20"}
    assert told["child-coordinator"] == (case.ref("PractitionerRole", "kari"), since)
    assert told["deputy"] == (case.ref("PractitionerRole", "per"), since)


def test_team_that_waits_gets_the_coordinator(rest: Rest) -> None:
    case = Case(rest, "waits").decided()
    proposed = case.keeps("CareTeam", "team", **case.team(who="per"))
    assert case.called(case.task, "$appoint-coordinator", *appointment(case)).status_code == 200
    [team] = case.finds("CareTeam")
    assert (team["id"], team["status"]) == (proposed["id"], "active")
    members = [p["member"]["reference"] for p in team["participant"]]
    assert case.ref("PractitionerRole", "kari") in members and case.ref("PractitionerRole", "per") not in members


def test_second_coordinator_is_not_appointed(rest: Rest) -> None:
    case = Case(rest, "second").appointed()
    answer = case.called(case.task, "$appoint-coordinator", *appointment(case, "per"))
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")


@pytest.mark.parametrize(
    ("more", "status", "at"),
    [
        ([parameter("person-accepts", valueBoolean=False), parameter("unit-confirms", valueBoolean=True)], 422,
         "person-accepts"),
        ([parameter("person-accepts", valueBoolean=True), parameter("unit-confirms", valueBoolean=False)], 422,
         "unit-confirms"),
        ([*AGREED, parameter("role", valueCode="deputy")], 400, "role"),
        ([*AGREED, parameter("start", valueDate="2099-01-01")], 422, "start"),
    ],
    ids=["declined", "unconfirmed", "role", "later"],
)  # fmt: skip
def test_appointment_that_lacks_something_changes_nothing(
    rest: Rest, request: pytest.FixtureRequest, more: list[Resource], status: int, at: str
) -> None:
    case = Case(rest, f"lacks-{request.node.callspec.id.split('-')[-1]}").decided()
    before = case.state()
    named = parameter("coordinator", valueReference=to(case.ref("PractitionerRole", "kari")))
    answer = case.called(case.task, "$appoint-coordinator", named, *more)
    assert (answer.status_code, issue(answer)["expression"]) == (status, [at])
    assert case.state() == before


def test_appointment_is_for_a_search(rest: Rest) -> None:
    case = Case(rest, "search").decided()
    answer = case.called(case.child("send-feedback"), "$appoint-coordinator", *appointment(case))
    assert (answer.status_code, issue(answer)["expression"]) == (422, ["Task.code"])
    early = Case(rest, "early").assessed()
    refused = early.called(early.task, "$appoint-coordinator", *appointment(early))
    assert (refused.status_code, early.finds("CareTeam")) == (422, [])


def test_change_by_operation_is_what_put_makes(rest: Rest) -> None:
    by_put, by_operation = Case(rest, "cp").planned(), Case(rest, "co").planned()
    team = by_put.reads(by_put.ref("CareTeam", "team"))
    old, *others = team["participant"]
    new = {**old, "member": to(by_put.ref("PractitionerRole", "per"))}
    reason = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "Slutter"}}
    by_put.put(
        team,
        extension=[reason],
        participant=[{**old, "period": {"start": "2026-11-22", "end": "2026-11-22"}}, *others, new],
    )
    answer = by_operation.called(
        by_operation.reads(by_operation.ref("CareTeam", "team")), "$change-coordinator", *change(by_operation)
    )
    assert answer.status_code == 200, answer.text
    assert by_operation.state() == by_put.state(by_operation.name)
    plan = by_operation.reads(by_operation.ref("CarePlan", "plan"))
    assert plan["author"] == to(by_operation.ref("PractitionerRole", "per"))
    told = by_operation.reads(by_operation.ref("CareTeam", "team"))["extension"]
    assert {"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "Slutter"}} in told


def test_change_begins_when_the_former_ends(rest: Rest) -> None:
    case = Case(rest, "begins").appointed()
    start = parameter("start", valueDateTime="2026-11-22T01:00:00+01:00")
    team = case.reads(case.ref("CareTeam", "team"))
    assert case.called(team, "$change-coordinator", *change(case), start).status_code == 200
    old, *_, new = case.reads(case.ref("CareTeam", "team"))["participant"]
    assert old["period"] == {"start": "2026-11-22", "end": "2026-11-22"}
    assert new["period"] == {"start": "2026-11-22T00:00:00.000Z"}


@pytest.mark.parametrize(("start", "status"), [("2099-01-01T00:00:00Z", 422), ("2026-11", 400)])
def test_change_of_another_time_is_none(rest: Rest, start: str, status: int) -> None:
    case = Case(rest, f"time{status}").appointed()
    team = case.reads(case.ref("CareTeam", "team"))
    answer = case.called(team, "$change-coordinator", *change(case), parameter("start", valueDateTime=start))
    assert (answer.status_code, issue(answer)["expression"]) == (status, ["start"])


def test_suspended_team_goes_on_with_a_new_coordinator(rest: Rest) -> None:
    case = Case(rest, "goes-on").appointed()
    team = case.reads(case.ref("CareTeam", "team"))
    old, *others = team["participant"]
    case.put(team, participant=[{**old, "period": {"start": "2026-11-22", "end": "2026-11-22"}}, *others])
    suspended = case.reads(case.ref("CareTeam", "team"))
    assert suspended["status"] == "suspended"
    assert case.called(suspended, "$change-coordinator", *change(case)).status_code == 200
    assert case.reads(case.ref("CareTeam", "team"))["status"] == "active"


def test_change_is_for_a_team_at_work(rest: Rest) -> None:
    case = Case(rest, "at-work").decided()
    proposed = case.keeps("CareTeam", "team", **case.team())
    answer = case.called(proposed, "$change-coordinator", *change(case))
    assert (answer.status_code, issue(answer)["expression"]) == (422, ["CareTeam.status"])


def test_coordinator_does_not_appoint_a_successor(rest: Rest) -> None:
    case = Case(rest, "successor").appointed()
    team = case.reads(case.ref("CareTeam", "team"))
    answer = case.called(team, "$change-coordinator", *change(case), x_knutepunkt_role="coordinator")
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert concept(names.TEAM_ROLE, "coordinator")["coding"][0]["code"] == "coordinator"


@pytest.mark.parametrize("appointed", [False, True])
def test_coordinator_is_no_task(rest: Rest, appointed: bool) -> None:
    case = Case(rest, f"no-task-{appointed}")
    case = case.appointed() if appointed else case.decided()
    before = case.state()
    wrong = parameter("coordinator", valueReference=to(f"Task/{case.task['id']}"))
    if appointed:
        team = case.reads(case.ref("CareTeam", "team"))
        answer = case.called(team, "$change-coordinator", wrong, change(case)[1])
    else:
        answer = case.called(case.task, "$appoint-coordinator", wrong, *AGREED)
    assert (answer.status_code, code(answer)) == (400, "reference-target")
    assert case.state() == before


def test_constraint_of_the_database_is_told_like_the_rule(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    async def taken(*_: object) -> None:
        raise InForceConflict("The person has another one in force")

    case = Case(rest, "taken").appointed()
    monkeypatch.setattr(Office, "compose", taken)
    team = case.reads(case.ref("CareTeam", "team"))
    answer = case.called(team, "$change-coordinator", *change(case))
    assert (answer.status_code, code(answer)) == (409, "second-coordinator")


def test_one_of_many_appointments_at_once_is_done(rest: Rest) -> None:  # INV-02
    case = Case(rest, "at-once").decided()
    body = {"resourceType": "Parameters", "parameter": appointment(case)}
    headers = {"content-type": "application/fhir+json", "if-match": f'W/"{case.task["meta"]["versionId"]}"'}
    path = f"Task/{case.task['id']}/$appoint-coordinator"
    answers = rest.together([("POST", path, {"json": body, "headers": headers})] * 8)
    assert sorted(answer.status_code for answer in answers)[:2] == [200, 412]
    assert len(case.finds("CareTeam")) == 1


def test_case_is_decided_when_it_is_assessed(rest: Rest) -> None:  # INV-06
    case = Case(rest, "too-early").begins()
    case.moves("received", "registered")
    answer = case.called(case.task, "$decide", *decision(case))
    assert (answer.status_code, code(answer)) == (422, "illegal-transition")
    assert issue(answer)["expression"] == ["Task.businessStatus"]
    assert "registered" in issue(answer)["diagnostics"]


def test_operation_in_a_batch_is_done_and_in_a_transaction_refused(rest: Rest) -> None:
    case = Case(rest, "in-batch").assessed()
    given = {"resourceType": "Parameters", "parameter": decision(case)}
    match = f'W/"{case.task["meta"]["versionId"]}"'
    asked = {"method": "POST", "url": f"Task/{case.task['id']}/$decide", "ifMatch": match}
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": given, "request": asked}],
    }
    headers = {"content-type": "application/fhir+json"}
    assert code(rest("POST", "", json=bundle, headers=headers)) == "not-in-transaction"
    done = rest("POST", "", json={**bundle, "type": "batch"}, headers=headers)
    assert done.json()["entry"][0]["response"]["status"] == "200 OK"
    assert case.task["businessStatus"]["coding"][0]["code"] == "decided"
