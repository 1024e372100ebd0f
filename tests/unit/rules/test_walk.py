"""The whole way by plain CRUD without a role: need to plan in force, and a discharge (workflow.md 12, scenario 14)."""

from datetime import date, datetime

from fhir_service.rules import Settings
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests.unit.rules.world import (
    COORDINATOR,
    KE,
    NOW,
    World,
    business_status,
    consent,
    decision,
    goal,
    need,
    need_by_message,
    participant,
    patient,
    plan,
    reason,
    stay,
    team,
    world_at,
)


def codes(element: Resource) -> set[str]:
    return {c["code"] for c in element["coding"]}


def test_plain_client_walks_from_need_to_plan_in_force_and_discharge() -> None:
    world = World()
    world.write(patient())
    world.write(stay())
    sent = need()
    assert world.write(sent) == sent  # the notifier's content stays as sent

    case = world.case
    assert (case["status"], codes(case["businessStatus"])) == ("requested", {"new"})
    assert case["owner"]["reference"] == KE
    assert case["focus"] == {"reference": "ServiceRequest/need"}
    assert case["encounter"] == {"reference": "Encounter/stay"}
    due = datetime.fromisoformat(case["restriction"]["period"]["end"])
    assert due.isoformat() == "2026-12-20T10:02:00+01:00"  # 28 calendar days after receipt (decision 5)

    world.move("received", "registered")
    assert [codes(c["category"][0]) for c in world.of("Communication")] == [{"receipt"}]

    world.move("accepted", "awaiting-consent")
    assert world.task("obtain-consent")["status"] == "requested"
    world.write(consent())
    assert world.task("obtain-consent")["status"] == "completed"

    world.move("in-progress", "under-assessment")
    decided = world.move("in-progress", "decided", output=decision())
    assert [codes(o["type"]) for o in decided["output"]][-1] == {"decision-letter"}
    assert len(world.of("DocumentReference")) == 1
    assert world.task("send-feedback")["status"] == "requested"

    world.write(team())
    assert world.task("appoint-coordinator")["status"] == "requested"
    world.change(team(), status="active")
    assert world.task("appoint-coordinator")["status"] == "completed"
    assert codes(world.case["businessStatus"]) == {"coordinator-appointed"}
    assert world.task("first-meeting")["owner"] == COORDINATOR
    assert world.task("draft-plan")["owner"] == COORDINATOR

    world.write(goal())
    drafted = world.write(plan())
    assert [i["system"] for i in drafted["identifier"]] == [names.PLAN_NUMBER]
    world.change(plan(), status="active")
    assert world.task("draft-plan")["status"] == "completed"
    assert world.task("review-plan")["restriction"]["period"]["end"].startswith("2027-05-20")
    before = world.resources["CarePlan/plan"]

    world.change(stay(), status="finished")
    follow_up = world.task("person-discharged")
    assert (follow_up["owner"], follow_up["focus"]) == (COORDINATOR, {"reference": "Encounter/stay"})
    assert world.case["priority"] == "urgent"
    assert world.resources["CarePlan/plan"] == before


def test_case_is_closed_by_hand_when_feedback_was_given_by_phone() -> None:
    world = world_at("appointed")
    assert ("rule", "Task.status") in world.refuse(
        world.case, status="completed", businessStatus=business_status("closed")
    )
    by_hand = {"system": names.FEEDBACK_STATUS, "code": "manual"}
    told = world.task("send-feedback")
    world.change(told, status="completed", businessStatus={"coding": [by_hand]}, statusReason={"text": "Ringt"})
    closed = world.move("completed", "closed")
    assert closed["executionPeriod"]["end"]
    assert world.resources["ServiceRequest/need"]["status"] == "completed"  # S4


def test_acknowledgements_of_a_hospital_close_the_case() -> None:
    """Scenario 1 of workflow.md 12."""
    world = World()
    world.write(patient())
    world.write(need_by_message(), cause="hl7v2")
    world.move("received", "registered")
    world.move("accepted", "awaiting-consent")
    world.write(consent())
    world.move("in-progress", "under-assessment")
    world.move("in-progress", "decided", output=decision())
    world.write(team())
    world.change(team(), status="active")
    assert [d.payload["status"] for d in world.sent] == ["P", "A", "A"]
    assert {d.destination for d in world.sent} == {"EPJ|STOLAV"}
    last = world.sent[-1].payload
    assert last["coordinator"] == {"name": "Kari Nordmann", "role": "Koordinator"}
    assert last["referral"]["value"] == "REF-need"
    for dispatch in world.sent:
        assert world.case["status"] == "in-progress"
        told = world.resources[dispatch.payload["communication"]]
        assert told["status"] == "preparation"
        told = world.change(told, status="in-progress", cause="hl7v2")
        world.change(told, status="completed", cause="hl7v2")
    assert world.case["status"] == "completed"
    assert world.task("send-feedback")["status"] == "completed"


def test_person_who_declines_the_plan_gets_a_coordinator_and_no_draft() -> None:
    """Scenario 9 of workflow.md 12."""
    world = world_at("in-progress")
    world.move("in-progress", "decided", output=decision(plan="declined-by-person"))
    world.write(team())
    world.change(team(), status="active")
    assert world.tasks("draft-plan") == []
    assert len(world.tasks("first-meeting")) == 1


def test_discharge_is_undone_and_done_again_without_doubling() -> None:
    world = world_at("active")
    world.write(stay())
    for status in ("finished", "finished", "in-progress", "in-progress", "finished"):
        world.change(stay(), status=status)
    assert sorted(t["status"] for t in world.tasks("person-discharged")) == ["cancelled", "requested"]
    world.change(stay(), status="cancelled")  # A11
    assert {t["status"] for t in world.tasks("person-discharged")} == {"cancelled"}


def test_coordinator_learns_of_admission_once() -> None:
    world = world_at("active")
    known = len(world.of("Communication"))
    world.write(stay())
    world.change(stay(), status="finished")
    world.change(stay(), status="in-progress")
    assert len(world.of("Communication")) == known + 1


def test_withdrawn_consent_pauses_the_plan() -> None:
    world = world_at("active")
    world.change(consent(), status="inactive")
    paused = world.resources["CarePlan/plan"]
    assert paused["status"] == "on-hold"
    assert world.refuse(plan(), status="active") == [("incomplete-plan", "CarePlan.supportingInfo")]


def test_coordinator_who_leaves_suspends_the_team_and_a_new_one_takes_over() -> None:
    world = world_at("active")
    left = team()["participant"]
    gone = left[0] | {"period": {"start": "2026-11-22", "end": "2026-11-23"}}
    suspended = world.change(team(), participant=[gone, *left[1:]])
    assert suspended["status"] == "suspended"
    search = world.task("change-coordinator")
    assert search["owner"] == {"reference": KE}
    flags = [f for f in world.of("Flag") if f["code"]["coding"][0]["code"] == "no-coordinator"]
    assert [f["status"] for f in flags] == ["active"]
    assert world.task("review-plan")["owner"] == {"reference": KE}  # K5: there is no deputy
    new = {"reference": "PractitionerRole/per"}
    fresh = gone | {"member": new, "period": {"start": "2026-11-23"}}
    world.change(team(), status="active", participant=[gone, fresh, *left[1:]])
    assert world.task("change-coordinator")["status"] == "completed"
    assert world.resources["CarePlan/plan"]["author"] == new
    assert {t["owner"]["reference"] for t in (world.task("review-plan"), world.task("first-meeting"))} == {
        "PractitionerRole/per"
    }
    assert names.IP_STATUS_REASON not in [e["url"] for e in world.resources["CareTeam/team"].get("extension", ())]
    assert world.resources[f"Flag/{flags[0]['id']}"]["status"] == "inactive"


def test_deputy_has_the_open_work_while_there_is_no_coordinator() -> None:
    """K5"""
    world = world_at("active")
    deputy = participant("deputy", {"reference": "PractitionerRole/dag"})
    gone = team()["participant"][0] | {"period": {"start": "2026-11-22", "end": "2026-11-23"}}
    world.change(team(), participant=[gone, deputy, *team()["participant"][1:]])
    assert world.task("review-plan")["owner"] == {"reference": "PractitionerRole/dag"}
    assert world.task("change-coordinator")["owner"] == {"reference": KE}


def test_status_reason_goes_with_its_status() -> None:
    """An active plan is not `consent-withdrawn`, and does not end for the reason that it once waited for."""
    world = world_at("active")
    world.change(consent(), status="inactive")
    world.write(consent("again"))
    resumed = world.change(plan(), status="active")
    assert names.IP_STATUS_REASON not in [e["url"] for e in resumed["extension"]]
    assert world.refuse(plan(), status="revoked") == [("rule", "CarePlan.extension")]

    world = world_at("in-progress")
    world.move("on-hold", "awaiting-information", statusReason=reason("awaiting-information"))
    assert "statusReason" not in world.move("in-progress", "under-assessment")


def test_change_of_coordinator_leaves_no_gap_and_open_work_follows() -> None:
    world = world_at("active")
    left = team()["participant"]
    gone = left[0] | {"period": {"start": "2026-11-22", "end": "2026-11-23"}}
    new = {"reference": "PractitionerRole/per"}
    fresh = left[0] | {"member": new, "period": {"start": "2026-11-23"}}
    why = [{"url": names.IP_STATUS_REASON, "valueCodeableConcept": {"text": "Byttet stilling"}}]
    changed = world.change(team(), participant=[gone, fresh, *left[1:]], extension=why)
    assert changed["status"] == "active"
    assert world.task("review-plan")["owner"] == new
    assert world.tasks("change-coordinator") == []
    assert world.refuse(team(), participant=[left[0], fresh])[0][0] == "second-coordinator"


def test_withdrawn_need_cancels_a_case_not_begun_and_asks_to_abort_one_in_progress() -> None:
    world = world_at("accepted")
    world.change(need(), status="revoked")
    assert (world.case["status"], codes(world.case["businessStatus"])) == ("cancelled", {"withdrawn"})
    assert world.task("obtain-consent")["status"] == "cancelled"

    world = world_at("decided")
    world.change(need(), status="revoked")
    assert world.case["status"] == "in-progress"
    world.change(world.task("abort"), status="accepted")
    assert (world.case["status"], codes(world.case["businessStatus"])) == ("completed", {"withdrawn"})
    assert world.task("abort")["status"] == "completed"
    assert world.task("appoint-coordinator")["status"] == "cancelled"
    (told,) = [c for c in world.of("Communication") if c["recipient"] == [{"reference": "Patient/arne"}]]
    assert (told["status"], codes(told["category"][0])) == ("preparation", {"notification"})


def test_case_for_another_municipality_is_forwarded_with_its_clock() -> None:
    world = world_at("received")
    first = world.case
    to = {"type": {"coding": [{"system": names.TASK_OUTPUT, "code": "forward-to"}]}}
    bergen = to | {"valueIdentifier": {"system": names.MUNICIPALITY, "value": "4601"}}
    world.move("rejected", "forwarded", statusReason=reason("wrong-municipality"), output=[bergen])
    (forwarded,) = [t for t in world.tasks("assess-need") if t["status"] == "requested"]
    assert forwarded["owner"]["reference"] == "Organization/ke-4601"
    assert forwarded["authoredOn"] == first["authoredOn"]
    assert forwarded["restriction"] == first["restriction"]
    assert forwarded["focus"] == first["focus"]


def test_second_need_of_the_same_notifier_joins_the_open_case() -> None:
    world = world_at("received")
    world.write(need("again"))
    world.write(need("gp", requester={"reference": "PractitionerRole/fastlege"}))
    joined = [i["valueReference"]["reference"] for i in world.case["input"]]
    assert joined == ["ServiceRequest/again", "ServiceRequest/gp"]
    amendments = [c for c in world.of("Communication") if codes(c["category"][0]) == {"amendment"}]
    assert len(amendments) == 1
    world.move("accepted", "awaiting-consent")
    world.write(consent())
    world.move("in-progress", "under-assessment")
    world.move(
        "in-progress",
        "decided",
        output=decision(
            "refused",
            "refused",
            {
                "type": {"coding": [{"system": names.DECISION_OUTPUT, "code": "decision-reason"}]},
                "valueCodeableConcept": {"text": "Ikke behov"},
            },
        ),
    )
    assert len(world.tasks("send-feedback")) == 3  # everyone who notified is told


def test_plan_is_replaced_in_one_transaction() -> None:
    """P8, INV-01 on the end state: new before old."""
    world = world_at("active")
    old = world.resources["CarePlan/plan"]
    ended = old | {
        "status": "revoked",
        "extension": [*old["extension"], {"url": names.IP_STATUS_REASON, "valueCodeableConcept": reason("merged")}],
    }
    world.take(world.draft(plan("new", replaces=[{"reference": "CarePlan/plan"}])), world.draft(ended))
    assert world.resources["CarePlan/new"]["status"] == "draft"
    assert world.task("review-plan")["status"] == "cancelled"


def test_deadline_of_a_sub_step_is_the_municipality_s() -> None:
    """Decisions 6 and 30."""
    world = world_at("received")
    world.settings = Settings(child_days={"obtain-consent": 3})
    world.move("accepted", "awaiting-consent")
    end = date.fromisoformat(world.task("obtain-consent")["restriction"]["period"]["end"][:10])
    assert (end - NOW.date()).days == 3


def test_who_joins_a_case_late_is_told_what_the_others_know_and_is_waited_for() -> None:
    """7.4 (both get feedback), INV-05."""
    world = world_at("appointed")
    gp: Resource = {"requester": {"reference": "Organization/legekontor"}}
    world.write(need("from-gp", **gp))
    about = [{"reference": "ServiceRequest/from-gp"}]
    told = [c for c in world.of("Communication") if c.get("basedOn") == about]
    assert sorted(c["category"][0]["coding"][0]["code"] for c in told) == ["coordinator", "decision", "receipt"]
    closing = {"status": "completed", "businessStatus": business_status("closed")}
    by_phone = {"status": "completed", "businessStatus": concept(names.FEEDBACK_STATUS, "manual")}
    first, second = world.tasks("send-feedback")
    world.change(first, **by_phone, statusReason={"text": "Ringt"})
    assert world.refuse(world.case, **closing) == [("rule", "Task.status")]
    world.change(second, **by_phone, statusReason={"text": "Ringt"})
    assert world.change(world.case, **closing)["status"] == "completed"


def test_reminder_is_answered_to_the_one_who_reminds() -> None:
    world = world_at("appointed")
    world.write(need("from-gp", requester={"reference": "Organization/legekontor"}))
    before = len(world.of("Communication"))
    about = [{"reference": "ServiceRequest/from-gp"}]
    reminder: Resource = {
        "resourceType": "Communication",
        "id": "reminder",
        "status": "completed",
        "category": [concept(names.FEEDBACK_CATEGORY, "reminder")],
        "basedOn": about,
        "payload": [{"contentString": "Hvor er svaret?"}],
    }
    asked = world.write(reminder)
    assert asked["about"] == [{"reference": f"Task/{world.case['id']}"}]
    assert len(world.of("Communication")) == before + 2
    answer = world.of("Communication")[-1]
    assert answer["basedOn"] == about
    assert "Koordinator oppnevnt" in answer["payload"][0]["contentString"]
    assert {t["businessStatus"]["coding"][0]["code"] for t in world.tasks("send-feedback")} == {"chased"}


def test_feedback_tells_the_phone_of_the_unit_and_how_an_ended_case_stands() -> None:
    world = World()
    telecom = [{"system": "phone", "value": "72540000"}]
    world.resources["Organization/ke-5001"] = {"resourceType": "Organization", "id": "ke-5001", "telecom": telecom}
    world.write(patient())
    world.write(need_by_message(), cause="hl7v2")
    world.move("received", "registered")
    (told,) = world.of("Communication")
    assert told["payload"][-1]["contentString"].endswith("72540000.")
    assert world.sent[-1].payload["ke"]["phone"] == "72540000"
    world.move("rejected", "not-applicable", statusReason=reason("not-a-need-notification"))
    asks = {"resourceType": "Communication", "id": "asks", "status": "completed"}
    about = {"basedOn": [{"reference": "ServiceRequest/need"}], "payload": [{"contentString": "?"}]}
    world.write({**asks, **about, "category": [concept(names.FEEDBACK_CATEGORY, "reminder")]})
    assert [d.payload["status"] for d in world.sent] == ["P", "R", "R"]
