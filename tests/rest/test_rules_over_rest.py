"""What rules need from outside of the person's own resources, and what completes Tasks, by plain REST (SR-13)."""

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import Rest, code, issue
from tests.rest.test_deciding import appointment


def agreement(case: Case, **elements: object) -> Resource:
    return case.keeps(
        "OrganizationAffiliation", "agreement", code=[{"coding": [{"code": "agreement"}]}],
        organization=to(case.ref("Organization", "ke")), period={"start": "2026-01-01"},
        participatingOrganization=to(case.ref("Organization", "unit")), **elements,
    )  # fmt: skip


def test_private_provider_needs_an_agreement_to_coordinate(rest: Rest) -> None:
    """Decision 42."""
    case = Case(rest, "private").decided()
    private = [concept(names.SECTOR, "private")]
    case.keeps("Organization", "hired", name="Privat AS", type=private)
    role = case.reads(case.ref("PractitionerRole", "kari"))
    case.put(role, organization=to(case.ref("Organization", "hired")))
    team = {"resourceType": "CareTeam", "id": "private-team", **case.team()}
    refused = case.rest.put(team)
    assert refused.status_code == 422
    assert issue(refused)["expression"] == ["CareTeam.participant[0].member"]
    agreed = agreement(case, active=False)
    case.put(agreed, participatingOrganization=to(case.ref("Organization", "hired")))
    assert case.rest.put(team).status_code == 422
    case.put(case.reads("OrganizationAffiliation/private-agreement"), active=True)
    assert case.rest.put(team).status_code == 201


def test_unit_that_was_asked_confirms_first(rest: Rest) -> None:
    """K2"""
    case = Case(rest, "unit").decided()
    given_on = case.put(case.child("appoint-coordinator"), owner=to(case.ref("Organization", "unit")))
    team = case.keeps("CareTeam", "team", **case.team())
    refused = case.puts(team, status="active")
    assert (refused.status_code, code(refused)) == (422, "rule")
    assert case.reads("CareTeam/unit-team")["meta"]["versionId"] == "1"
    case.put(given_on, status="accepted")
    assert case.puts(team, status="active").status_code == 200


def test_unit_confirms_by_the_operation(rest: Rest) -> None:
    case = Case(rest, "confirms").decided()
    given_on = case.put(case.child("appoint-coordinator"), owner=to(case.ref("Organization", "unit")))
    answer = case.called(given_on, "$appoint-coordinator", *appointment(case))
    assert answer.status_code == 200, answer.text
    assert case.child("appoint-coordinator")["status"] == "completed"


def test_meeting_and_documents_complete_their_tasks(rest: Rest) -> None:
    case = Case(rest, "met").appointed()
    kind = concept(names.MEETING_KIND, "samarbeidsmote")
    held = {"status": "finished", "class": {"system": names.V3_ACT_CODE, "code": "AMB"}, "type": [kind]}
    held |= {
        "period": {"start": "2026-11-20"},
        "participant": [{"individual": to(case.ref("PractitionerRole", "kari"))}],
    }
    meeting = case.keeps("Encounter", "meeting", subject=case.person, **held)
    done = case.child("first-meeting")
    assert done["status"] == "completed"
    assert done["output"][0]["valueReference"] == to(f"Encounter/{meeting['id']}")
    asked = {"code": concept(names.KE_TASK_CODE, "map-needs"), "intent": "order", "status": "requested"}
    case.keeps(
        "Task", "map", **asked, partOf=[to(f"Task/{case.task['id']}")], owner=to(case.ref("Organization", "unit")),
        restriction={"period": {"end": "2030-01-01"}}, **{"for": case.person},
    )  # fmt: skip
    content = [{"attachment": {"contentType": "text/plain", "data": "QmVob3Y="}}]
    case.keeps(
        "DocumentReference", "needs", status="current", subject=case.person, content=content,
        context={"related": [to("Task/met-map")]},
    )  # fmt: skip
    assert case.reads("Task/met-map")["status"] == "completed"
