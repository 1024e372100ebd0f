"""A plan that waits, goes on, ends or is replaced, by plain REST (workflow.md 4.6 P4-P6, P8)."""

from typing import Any

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case, version
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code


def as_coordinator(case: Case) -> Case:
    case.headers = {
        "x-knutepunkt-role": "coordinator",
        "x-knutepunkt-organization": case.ref("Organization", "unit"),
    }
    return case


def why(plan: Resource, text: str) -> list[Resource]:
    return [*plan["extension"], {"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": text}}]


def replaced(case: Case, old: Resource, status: str, **new: Any) -> Any:
    """P8: one transaction that ends the plan and drafts the one that replaces it."""
    draft = {"resourceType": "CarePlan", **case.plan(), "replaces": [to(case.ref("CarePlan", "plan"))], **new}
    entries = [
        {"resource": draft, "request": {"method": "POST", "url": "CarePlan"}},
        {
            "resource": {**old, "status": status},
            "request": {"method": "PUT", "url": f"CarePlan/{old['id']}", "ifMatch": version(old)["if-match"]},
        },
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return case.rest("POST", "", json=bundle, headers=FHIR_JSON | case.headers)


def test_review_waits_with_its_plan_and_is_asked_for_again(rest: Rest) -> None:
    case = as_coordinator(Case(rest, "waits").planned())
    plan = case.reads(case.ref("CarePlan", "plan"))
    plan = case.put(plan, status="on-hold", extension=why(plan, "Personen er på reise"))
    review = case.child("review-plan")
    assert (review["status"], review["statusReason"]) == ("on-hold", {"text": "Personen er på reise"})
    answer = case.puts(review, status="in-progress")
    assert (answer.status_code, code(answer)) == (422, "illegal-transition")
    case.put(plan, status="active")
    review = case.child("review-plan")
    assert review["status"] == "requested"
    assert "statusReason" not in review


def test_plan_is_replaced_in_one_transaction(rest: Rest) -> None:
    case = as_coordinator(Case(rest, "replaced").planned())
    old = case.reads(case.ref("CarePlan", "plan"))
    answer = replaced(case, old, "revoked")
    assert answer.status_code == 200, answer.text
    (current,) = case.current
    assert (current["status"], current["replaces"]) == ("draft", [to(case.ref("CarePlan", "plan"))])
    assert case.child("review-plan")["status"] == "cancelled"
    assert case.reads(case.ref("CareTeam", "team"))["status"] == "active"


def test_plan_that_another_one_does_not_replace_ends_for_a_reason(rest: Rest) -> None:
    case = as_coordinator(Case(rest, "apart").planned())
    old = case.reads(case.ref("CarePlan", "plan"))
    answer = replaced(case, old, "revoked", replaces=[{"display": "en annen plan"}])
    assert (answer.status_code, code(answer)) == (422, "rule")
    assert case.current == [old]


def test_plan_is_completed_when_goals_have_ended_for_a_reason(rest: Rest) -> None:
    case = as_coordinator(Case(rest, "ends").planned())
    meeting = {
        "resourceType": "Encounter", "status": "finished", "subject": case.person,
        "class": {"system": names.V3_ACT_CODE, "code": "AMB"}, "type": [concept(names.MEETING_KIND, "evaluering")],
        "participant": [{"individual": to(case.ref("PractitionerRole", "kari"))}],
        "period": {"start": "2026-11-22T10:00:00+01:00", "end": "2026-11-22T11:00:00+01:00"},
    }  # fmt: skip
    rest.stored(meeting)
    plan = case.reads(case.ref("CarePlan", "plan"))
    case.put(case.reads(case.ref("Goal", "goal")), lifecycleStatus="completed")
    walk = case.put(case.reads(case.ref("Goal", "walk")), lifecycleStatus="cancelled")
    answer = case.puts(plan, status="completed")
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["CarePlan.goal"])
    case.put(walk, statusReason="Personen vil heller sykle")
    coordinator, ke = case.headers, {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": "Organization/ke-5001"}
    case.headers = ke
    by_ke = case.puts(plan, status="completed")
    case.headers = coordinator
    assert (by_ke.status_code, code(by_ke)) == (403, "forbidden")
    assert case.put(plan, status="completed")["status"] == "completed"
