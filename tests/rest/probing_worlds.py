"""Three worlds that differ in what somebody may not see (SR-28, SR-29).

`full`: Arne has a plan with parts of several sectors; `part`: the same without all that the school may not see; `none`:
no plan, no team, no consent, nothing of it. Every hidden text and id has the word of `MARK` in it.
"""

from collections.abc import Iterator

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import FHIR_JSON, Rest

MARK = "zqx"
FULL, PART, NONE = "full", "part", "none"
IMPORT = {"x-knutepunkt-purpose": "import"}
IMPORTED = {"tag": [{"system": names.TAG, "code": "imported"}]}
NUMBER = "15918512397"


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def to(literal: str) -> Resource:
    return {"reference": literal}


def sector(code: str) -> Resource:
    return {"url": names.IP_SECTOR, "valueCoding": {"system": names.SECTOR, "code": code}}


def labelled(code: str) -> Resource:
    return {"security": [{"system": names.SECTOR, "code": code}]}


OTHER_NOTE: Resource = {"note": [{"text": "annet"}]}
"""So that the view of the part is told to be one as well: that something is hidden is no secret (REDACTED)."""
ARNE, BERIT = "Patient/arne", "Patient/berit"


def build(rest: Rest, world: str) -> None:
    """Bring the resources of a world, in the order in which they refer to each other."""
    for resource in (*_services(), *_everybody(), *(_plan(world) if world != NONE else ())):
        for version, status in enumerate(_BEGINS.get(resource["resourceType"], ("",))):
            headers = {**IMPORT, **({"if-match": f'W/"{version}"'} if version else {})}
            sent = {**resource, "status": status} if status else resource
            answer = rest("PUT", f"{sent['resourceType']}/{sent['id']}", json=sent, headers=FHIR_JSON | headers)
            assert answer.status_code in (200, 201), (resource["resourceType"], answer.text)


_BEGINS = {"CarePlan": ("draft", "active"), "CareTeam": ("proposed", "active")}


def _services() -> Iterator[Resource]:
    for name in ("ke", "ke2", "unit", "unit2", "school", "trust", "hospital", "stranger"):
        yield {"resourceType": "Organization", "id": name, "name": f"Virksomhet {name}"}
    for name, organization in (("kari", "unit"), ("teacher", "school"), ("nurse", "trust"), ("former", "unit2")):
        yield {"resourceType": "PractitionerRole", "id": name, "organization": to(f"Organization/{organization}")}


def _everybody() -> Iterator[Resource]:
    """Arne, of whose need a hospital has told, and Berit, who has nothing to hide from the same people."""
    number = {"system": names.FNR, "value": NUMBER}
    yield {"resourceType": "Patient", "id": "arne", "identifier": [number], "name": [{"family": "Prøvesen"}],
           "birthDate": "1985-11-15", "gender": "male"}  # fmt: skip
    yield {"resourceType": "Patient", "id": "berit", "name": [{"family": "Prøvesen"}], "birthDate": "1985-11-15"}
    for name in ("arne", "berit"):
        yield {
            "resourceType": "Observation", "id": f"seen-{name}", "status": "final", "subject": to(f"Patient/{name}"),
            "code": {"text": f"{MARK}observation" if name == "arne" else "observation"},
        }  # fmt: skip


def _plan(world: str) -> Iterator[Resource]:
    """What Arne has: in the `part` only what the school sees."""
    full = world == FULL
    kind = concept(names.TEAM_ROLE, "member")
    since = {"start": "2026-01-01"}
    yield _consent("plan-creation", [])
    yield _consent("plan-sharing", [_permit("school", "school"), *([_permit("trust", "trust")] if full else [])])
    there = {"period": since, "extension": [sector("municipal-health")]}
    ended = {
        "extension": [sector("private")],
        "role": [kind],
        "member": to("PractitionerRole/former"),
        "period": {**since, "end": "2026-02-01"},
    }
    yield {
        "resourceType": "CareTeam", "id": "team", "meta": IMPORTED, "status": "active", "period": since,
        "subject": to(ARNE),
        "category": [concept(names.TEAM_CATEGORY, "coordination")],
        "participant": [
            {"role": [concept(names.TEAM_ROLE, "coordinator")], "member": to("PractitionerRole/kari"), "period": since},
            {"role": [kind], "member": to("PractitionerRole/teacher"), "period": since,
             "extension": [sector("school")]},
            {"role": [kind], "member": to("PractitionerRole/nurse"), "period": since,
             "extension": [sector("trust")]},
            {"role": [concept(names.TEAM_ROLE, "person")], "member": to(ARNE), **there},
            {"role": [concept(names.TEAM_ROLE, "ke")], "member": to("Organization/ke"), **there},
            ended,
        ],
        "managingOrganization": [to("Organization/ke")],
        **({"note": [{"text": f"{MARK}teamnote"}], "reasonCode": [{"text": f"{MARK}reason"}]} if full else OTHER_NOTE),
    }  # fmt: skip
    yield goal("goal-school", "school", "Lese bedre")
    if full:
        yield goal(f"{MARK}-goal", "trust", f"{MARK}goaltext")
        yield goal(f"{MARK}-goal-open", None, f"{MARK}goalopen")
        yield {"resourceType": "Condition", "id": f"{MARK}-condition", "subject": to(ARNE),
               "code": concept(f"urn:{MARK}", f"{MARK}condition")}  # fmt: skip
        yield _document(f"{MARK}-document", "trust", f"{MARK}document")
    yield care_plan(full)
    yield from _beside(full)


def care_plan(full: bool) -> Resource:
    hidden = [
        _activity("a2", f"{MARK}activity", ["trust"], "Organization/trust", [f"Goal/{MARK}-goal"]),
        _activity("a3", f"{MARK}unlabelled", [], "Organization/ke", [f"Goal/{MARK}-goal-open"]),
    ]
    more = {
        "description": f"{MARK}description",
        "note": [{"text": f"{MARK}plannote"}],
        "addresses": [to(f"Condition/{MARK}-condition")],
        "supportingInfo": [to(f"DocumentReference/{MARK}-document")],
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{MARK}narrative</div>'},
        "contributor": [to("Organization/trust")],
    }
    goals = [to("Goal/goal-school"), *([to(f"Goal/{MARK}-goal"), to(f"Goal/{MARK}-goal-open")] if full else [])]
    municipality = {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to("Organization/ke")}
    return {
        "resourceType": "CarePlan", "id": "plan", "meta": IMPORTED, "status": "active", "intent": "plan",
        "subject": to(ARNE),
        "category": [concept(names.PLAN_CATEGORY, "individuell-plan")], "title": "Individuell plan",
        "careTeam": [to("CareTeam/team")], "author": to("PractitionerRole/kari"), "period": {"start": "2026-01-01"},
        "extension": [municipality, {"url": names.IP_NEXT_REVIEW, "valueDate": "2027-06-01"}], "goal": goals,
        "activity": [
            _activity("a1", "Leseopplæring", ["school"], "Organization/school", ["Goal/goal-school"]),
            *(hidden if full else []),
        ],
        **(more if full else OTHER_NOTE),
    }  # fmt: skip


def _activity(rid: str, text: str, sectors: list[str], performer: str, goals: list[str]) -> Resource:
    code = {"coding": [{"system": f"urn:{text}", "code": text}], "text": text}
    detail = {"status": "in-progress", "code": code, "description": text, "performer": [to(performer)]}
    activity = {"id": rid, "detail": {**detail, "goal": [to(goal) for goal in goals]}}
    return {**activity, "extension": [sector(one) for one in sectors]} if sectors else activity


def goal(rid: str, code: str | None, text: str) -> Resource:
    return {
        "resourceType": "Goal", "id": rid, "lifecycleStatus": "active", "description": {"text": text},
        "subject": to(ARNE), "startDate": "2026-02-01", **({"meta": labelled(code)} if code else {}),
    }  # fmt: skip


def _consent(kind: str, provisions: list[Resource]) -> Resource:
    return {
        "resourceType": "Consent", "id": f"{MARK}-{kind}", "status": "active", "patient": to(ARNE),
        "scope": concept(names.CONSENT_SCOPE, "patient-privacy"), "category": [concept(names.CONSENT_KIND, kind)],
        "dateTime": "2026-01-01", "performer": [to(ARNE)], "organization": [to("Organization/ke")],
        "policy": [{"uri": "https://lovdata.no/hol-7-1"}],
        "verification": [{"verified": True, "verifiedWith": to(ARNE), "verificationDate": "2026-01-01"}],
        "provision": {"type": "deny", **({"provision": provisions} if provisions else {})},
    }  # fmt: skip


def _permit(organization: str, code: str) -> Resource:
    actor = {"role": concept(names.V3_PARTICIPATION, "IRCP"), "reference": to(f"Organization/{organization}")}
    return {"type": "permit", "period": {"start": "2026-01-01"}, "actor": [actor],
            "securityLabel": [{"system": names.SECTOR, "code": code}],
            "purpose": [{"system": names.V3_ACT_REASON, "code": "TREAT"}]}  # fmt: skip


def _document(rid: str, code: str, text: str) -> Resource:
    return {
        "resourceType": "DocumentReference", "id": rid, "status": "current", "subject": to(ARNE), "description": text,
        "content": [{"attachment": {"title": text}}], "meta": labelled(code),
    }  # fmt: skip


def _beside(full: bool) -> Iterator[Resource]:
    """What lies around the plan."""
    yield _document("school-document", "school", "Referat fra skolen")
    if not full:
        return
    yield {**_document(f"{MARK}-minutes", "trust", f"{MARK}minutes"), "context": {"related": [to("CarePlan/plan")]}}
    yield {"resourceType": "List", "id": f"{MARK}-list", "status": "current", "mode": "working", "subject": to(ARNE),
           "title": f"{MARK}list", "entry": [{"item": to("CarePlan/plan")}, {"item": to(ARNE)}]}  # fmt: skip
    yield {"resourceType": "Communication", "id": f"{MARK}-said", "status": "completed", "subject": to(ARNE),
           "payload": [{"contentString": f"{MARK}payload"}], "recipient": [to("Organization/trust")]}  # fmt: skip
    yield {"resourceType": "Group", "id": f"{MARK}-group", "type": "person", "actual": True, "name": f"{MARK}group",
           "member": [{"entity": to(ARNE)}]}  # fmt: skip
