"""Who may see what follows every change at the next request (SR-27, workflow.md 4.5-4.7, decision 42)."""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest
from tests.rest.probing import RELATED
from tests.rest.probing_worlds import ARNE, FULL, IMPORT, IMPORTED, MARK, build, concept, sector, to

SCHOOL = RELATED["school"]
STRANGER = {"x-knutepunkt-organization": "Organization/stranger"}
COORDINATOR = {"x-knutepunkt-organization": "Organization/unit", "x-knutepunkt-role": "coordinator"}
KE = {"x-knutepunkt-organization": "Organization/ke", "x-knutepunkt-role": "ke"}


@pytest.fixture(scope="module")
def world(rest: Rest) -> Rest:
    build(rest, FULL)
    return rest


def seen(rest: Rest, path: str, caller: dict[str, str]) -> bool:
    answer = rest("GET", path, headers=caller)
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


def changed(rest: Rest, path: str, **elements: Any) -> Resource:
    """The resource with some elements replaced, by a developer."""
    now: Resource = rest("GET", path).json()
    headers = {**FHIR_JSON, **IMPORT, "if-match": f'W/"{now["meta"]["versionId"]}"'}
    answer = rest("PUT", path, json={**now, **elements}, headers=headers)
    assert answer.status_code == 200, answer.text
    told: Resource = answer.json()
    return told


def test_coordinator_and_ke_see_what_others_do_not(world: Rest) -> None:
    for caller in (COORDINATOR, KE, {"x-knutepunkt-person": ARNE}):
        assert seen(world, f"Goal/{MARK}-goal-open", caller)
        assert MARK in world("GET", "CarePlan/plan", headers=caller).text


def test_permission_that_is_withdrawn_shuts_and_another_one_opens(world: Rest) -> None:
    assert seen(world, "Goal/goal-school", SCHOOL)
    assert seen(world, "DocumentReference/school-document", SCHOOL)
    before = changed(world, f"Consent/{MARK}-plan-sharing", status="inactive")
    assert not seen(world, "Goal/goal-school", SCHOOL)
    assert not seen(world, "DocumentReference/school-document", SCHOOL)
    assert seen(world, "CareTeam/team", SCHOOL)
    again = {name: value for name, value in before.items() if name not in ("id", "meta")} | {"status": "active"}
    entry = {"resource": again, "request": {"method": "POST", "url": "Consent"}}
    answer = world(
        "POST", "", json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, headers=FHIR_JSON
    )
    assert answer.status_code == 200, answer.text
    assert seen(world, "Goal/goal-school", SCHOOL)


def test_membership_goes_with_who_works_there(world: Rest) -> None:
    assert not seen(world, "CareTeam/team", STRANGER)
    changed(world, "PractitionerRole/teacher", organization=to("Organization/stranger"))
    assert seen(world, "CareTeam/team", STRANGER)
    assert not seen(world, "CareTeam/team", SCHOOL)
    changed(world, "PractitionerRole/teacher", organization=to("Organization/school"))
    assert (seen(world, "CareTeam/team", STRANGER), seen(world, "CareTeam/team", SCHOOL)) == (False, True)


def test_membership_begins_when_it_is_known_where_somebody_works(world: Rest) -> None:
    """A team may name somebody whose role is brought later."""
    team = world.get("CareTeam/team").json()
    member = {"role": [concept(names.TEAM_ROLE, "contact")], "member": to("PractitionerRole/later"),
              "period": {"start": "2026-01-01"}}  # fmt: skip
    world.stored_at({"resourceType": "PractitionerRole", "id": "later"})
    changed(world, "CareTeam/team", participant=[*team["participant"], member])
    assert not seen(world, "CareTeam/team", STRANGER)
    changed(world, "PractitionerRole/later", organization=to("Organization/stranger"))
    assert seen(world, "CareTeam/team", STRANGER)
    changed(world, "CareTeam/team", participant=team["participant"])
    assert not seen(world, "CareTeam/team", STRANGER)


def test_coordinator_needs_an_agreement_once_their_organization_is_private(world: Rest) -> None:
    """Decision 42: whatever says that a provider is private."""
    assert seen(world, "CarePlan/plan", COORDINATOR)
    kind = [concept(names.SECTOR, "private")]
    changed(world, "Organization/unit", type=kind)
    assert not seen(world, "CarePlan/plan", COORDINATOR)
    changed(world, "Organization/unit", type=[concept(names.SECTOR, "municipal-health")])
    assert seen(world, "CarePlan/plan", COORDINATOR)


def test_access_stays_when_nothing_changes_that_it_hangs_on(world: Rest) -> None:
    changed(world, "CarePlan/plan", title="Individuell plan, ny tittel")
    assert seen(world, "CarePlan/plan", COORDINATOR)
    assert seen(world, "CareTeam/team", SCHOOL)


def test_private_coordinator_sees_while_there_is_an_agreement(world: Rest) -> None:
    """Decision 42."""
    firm = {"x-knutepunkt-organization": "Organization/firm", "x-knutepunkt-role": "coordinator"}
    world.stored_at({"resourceType": "Organization", "id": "firm", "name": "Privat"})
    world.stored_at({"resourceType": "PractitionerRole", "id": "per", "organization": to("Organization/firm")})
    world.stored_at({"resourceType": "Patient", "id": "dina", "name": [{"family": "Prøvesen"}]})
    team = {
        "resourceType": "CareTeam", "id": "private-team", "status": "proposed", "subject": to("Patient/dina"),
        "meta": IMPORTED, "period": {"start": "2026-01-01"},
        "category": [concept(names.TEAM_CATEGORY, "coordination")], "managingOrganization": [to("Organization/ke")],
        "participant": [
            {"role": [concept(names.TEAM_ROLE, role)], "member": to(who), "period": {"start": "2026-01-01"},
             "extension": [sector("private")]}
            for role, who in (("coordinator", "PractitionerRole/per"), ("person", "Patient/dina"),
                              ("ke", "Organization/ke"))
        ],
    }  # fmt: skip
    agreed = {"resourceType": "OrganizationAffiliation", "id": "agreed", "active": True,
              "organization": to("Organization/ke"), "participatingOrganization": to("Organization/firm"),
              "code": [{"coding": [{"code": "agreement"}]}]}  # fmt: skip
    world.stored_at(agreed)
    world.stored_at(team)
    changed(world, "CareTeam/private-team", status="active")
    assert seen(world, "CareTeam/private-team", firm)
    changed(world, "OrganizationAffiliation/agreed", active=False)
    assert not seen(world, "CareTeam/private-team", firm)
    changed(world, "OrganizationAffiliation/agreed", active=True)
    assert seen(world, "CareTeam/private-team", firm)


def test_blocking_overrides_and_ends(world: Rest) -> None:
    """Pasient- og brukerrettighetsloven § 5-3."""
    code = {"system": "http://hl7.no/fhir/CodeSystem/no-basis-legal-formality-or-basis", "code": "PBRL5-3"}
    actor = {"role": concept(names.V3_PARTICIPATION, "IRCP"), "reference": to("Organization/school")}
    block = {
        "resourceType": "Consent", "id": "block", "status": "active", "patient": to(ARNE),
        "scope": concept(names.CONSENT_SCOPE, "patient-privacy"),
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}], "policyRule": {"coding": [code]},
        "provision": {"type": "deny", "actor": [actor]},
    }  # fmt: skip
    assert seen(world, "CareTeam/team", SCHOOL)
    world.stored_at(block)
    assert not seen(world, "CareTeam/team", SCHOOL)
    changed(world, "Consent/block", status="inactive")
    assert seen(world, "CareTeam/team", SCHOOL)


def test_person_sees_their_plan_by_every_record_of_theirs(world: Rest) -> None:
    """Decision 27: a second Patient with the same number is the same person."""
    number = {"system": names.FNR, "value": "15918512397"}
    assert not seen(world, "CarePlan/plan", {"x-knutepunkt-person": "Patient/arne-too"})
    world.stored_at({"resourceType": "Patient", "id": "arne-too", "identifier": [number]})
    assert seen(world, "CarePlan/plan", {"x-knutepunkt-person": "Patient/arne-too"})
    assert seen(world, "CareTeam/team", SCHOOL)


def test_who_takes_over_a_person_takes_what_was_granted(world: Rest) -> None:
    """Two persons turn out to be one: what was open of the one is open of both together."""
    world.stored_at({"resourceType": "Patient", "id": "erik", "name": [{"family": "Prøvesen"}]})
    world.stored_at({"resourceType": "Observation", "id": "of-erik", "status": "final", "code": {"text": "x"},
                     "subject": to("Patient/erik")})  # fmt: skip
    assert not seen(world, "Observation/of-erik", KE)
    number = {"system": names.FNR, "value": "15918512397"}
    changed(world, "Patient/erik", identifier=[number])
    assert seen(world, "Observation/of-erik", KE)
    assert seen(world, "CareTeam/team", SCHOOL)


def test_member_who_leaves_sees_nothing_at_the_next_request(world: Rest) -> None:
    team = world("GET", "CareTeam/team").json()
    left = [{**one, "period": {**one["period"], "end": "2026-02-01"}} if one["member"]["reference"].endswith("teacher")
            else one for one in team["participant"]]  # fmt: skip
    changed(world, "CareTeam/team", participant=left)
    assert not seen(world, "CareTeam/team", SCHOOL)
    assert not seen(world, "CarePlan/plan", SCHOOL)
    assert not seen(world, "Goal/goal-school", SCHOOL)


def test_plan_stays_with_the_municipality_that_the_person_left(world: Rest) -> None:
    """P9: the new municipality starts anew, and sees neither the plan nor what belongs to it."""
    new = {"x-knutepunkt-organization": "Organization/ke2", "x-knutepunkt-role": "ke"}
    plan = world("GET", "CarePlan/plan").json()
    moved = {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, "moved")}
    changed(world, "CareTeam/team", managingOrganization=[to("Organization/ke2")])
    minutes = f"DocumentReference/{MARK}-minutes"
    assert seen(world, "Goal/goal-school", new)
    assert seen(world, minutes, new)
    changed(world, "CarePlan/plan", status="completed", extension=[*plan["extension"], moved])
    for path in ("CarePlan/plan", "CarePlan/plan/_history/1", "Goal/goal-school", f"Goal/{MARK}-goal-open", minutes):
        assert not seen(world, path, new), path
        assert seen(world, path, {"x-knutepunkt-person": ARNE}), path
    assert MARK not in world("GET", "CarePlan?patient=arne&_include=*", headers=new).text
    assert world("GET", "CarePlan?goal=Goal/goal-school&_summary=count", headers=new).json()["total"] == 0
    assert seen(world, "CarePlan/plan", KE)
    assert seen(world, "Goal/goal-school", KE)
    changed(world, minutes, description="Rettet")
    assert not seen(world, minutes, new)  # what is about it goes on staying there
    assert seen(world, minutes, KE)
    assert seen(world, "CareTeam/team", new)
