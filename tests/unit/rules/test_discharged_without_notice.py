"""Rune (domain.md 11): home after four months without a word; then a cancelled discharge, then the GP."""

from fhir_service.rules import Settings
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests.unit.rules.world import World

RUNE: Resource = {
    "resourceType": "Patient",
    "id": "rune",
    "address": [{"use": "home", "district": "3224"}],
}


def stay(status: str) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "stay",
        "status": status,
        "class": {"system": names.V3_ACT_CODE, "code": "IMP"},
        "subject": {"reference": "Patient/rune"},
        "period": {"start": "2026-07-20T10:00:00+02:00"},
    }


def discharged() -> World:
    world = World({"Patient/rune": RUNE})
    world.settings = Settings(infer_need=True)
    world.take(world.draft(stay("in-progress"), cause="hl7v2"))
    world.take(world.draft(stay("finished"), cause="hl7v2"))
    return world


def of(world: World, rtype: str) -> list[Resource]:
    return [r for r in world.resources.values() if r["resourceType"] == rtype]


def test_the_case_goes_to_the_municipality_and_says_that_it_is_inferred() -> None:
    [case] = of(discharged(), "Task")
    assert case["owner"]["reference"] == "Organization/ke-3224"
    assert [i["type"]["coding"][0]["code"] for i in case["input"]] == ["inferred-need"]


def test_cancelled_discharge_takes_it_back_and_the_next_one_makes_it_anew() -> None:
    world = discharged()
    world.take(world.draft(stay("in-progress"), cause="hl7v2"))
    assert [r["status"] for r in of(world, "ServiceRequest")] == ["revoked"]
    assert [t["status"] for t in of(world, "Task")] == ["cancelled"]
    world.take(world.draft(stay("finished"), cause="hl7v2"))
    assert sorted(r["status"] for r in of(world, "ServiceRequest")) == ["draft", "revoked"]
    assert sorted(t["status"] for t in of(world, "Task")) == ["cancelled", "requested"]


def test_notice_that_comes_later_joins_the_case() -> None:
    world = discharged()
    notice = {
        "resourceType": "ServiceRequest",
        "id": "notice",
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
        "status": "active",
        "intent": "proposal",
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"),
        "subject": {"reference": "Patient/rune"},
        "authoredOn": "2026-11-22T10:00:00+01:00",
        "requester": {"reference": "Organization/gp"},
    }
    world.take(world.draft(notice))
    [case] = [t for t in of(world, "Task") if t["status"] == "requested"]
    assert {"inferred-need", "possible-duplicate"} == {i["type"]["coding"][0]["code"] for i in case["input"]}
