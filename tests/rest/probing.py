"""Three worlds that differ in what somebody may not see, and questions that try to find out (SR-28, SR-29).

`full`: Arne has a plan with parts of several sectors; `part`: the same without all that the school may not see; `none`:
no plan, no team, no consent, nothing of it. Every hidden text and id has the word of `MARK` in it.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import BASE, FHIR_JSON, Rest

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
    yield _goal("goal-school", "school", "Lese bedre")
    if full:
        yield _goal(f"{MARK}-goal", "trust", f"{MARK}goaltext")
        yield _goal(f"{MARK}-goal-open", None, f"{MARK}goalopen")
        yield {"resourceType": "Condition", "id": f"{MARK}-condition", "subject": to(ARNE),
               "code": concept(f"urn:{MARK}", f"{MARK}condition")}  # fmt: skip
        yield _document(f"{MARK}-document", "trust", f"{MARK}document")
    yield _care_plan(full)
    yield from _beside(full)


def _care_plan(full: bool) -> Resource:
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


def _goal(rid: str, code: str | None, text: str) -> Resource:
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


CALLERS: dict[str, dict[str, str]] = {
    "stranger": {"x-knutepunkt-organization": "Organization/stranger"},
    "other-ke": {"x-knutepunkt-organization": "Organization/ke2", "x-knutepunkt-role": "ke"},
    "other-coordinator": {"x-knutepunkt-organization": "Organization/unit2", "x-knutepunkt-role": "coordinator"},
    "former-member": {"x-knutepunkt-organization": "Organization/unit2", "x-knutepunkt-role": "service"},
    "hospital": {"x-knutepunkt-organization": "Organization/hospital", "x-knutepunkt-role": "notifier"},
    "colleague": {"x-knutepunkt-organization": "Organization/unit", "x-knutepunkt-role": "service"},
    "berit": {"x-knutepunkt-person": BERIT},
    "nobodys-relative": {"x-knutepunkt-person": "RelatedPerson/nobody"},
}
"""Who has no relation to Arne, now."""
RELATED: dict[str, dict[str, str]] = {
    "school": {"x-knutepunkt-organization": "Organization/school", "x-knutepunkt-role": "service"},
    "school-without-a-role": {"x-knutepunkt-organization": "Organization/school"},
    "leader-of-the-school": {"x-knutepunkt-organization": "Organization/school", "x-knutepunkt-role": "unit-leader"},
    "leader-of-the-unit": {"x-knutepunkt-organization": "Organization/unit", "x-knutepunkt-role": "unit-leader"},
}
"""Who has a relation, and no right to what is marked."""


@dataclass(frozen=True)
class Probe:
    """A question. `body`: of a request that writes."""

    method: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()

    def ask(self, rest: Rest, caller: dict[str, str]) -> httpx.Response:
        more: dict[str, Any] = {} if self.body is None else {"json": self.body}
        kind = FHIR_JSON if self.body is not None else {}
        return rest(self.method, self.path, headers={**kind, **caller, **dict(self.headers)}, **more)


TYPES = ("CarePlan", "CareTeam", "Goal", "Consent", "Task", "DocumentReference", "Condition", "Communication",
         "Observation", "Patient", "Provenance", "AuditEvent", "List", "Group", "Organization",
         "PractitionerRole", "Flag")  # fmt: skip
IDS = {"CarePlan": "plan", "CareTeam": "team", "Goal": f"{MARK}-goal", "Consent": f"{MARK}-plan-sharing",
       "DocumentReference": f"{MARK}-document", "Condition": f"{MARK}-condition", "Communication": f"{MARK}-said",
       "Observation": "seen-arne", "Patient": "arne", "List": f"{MARK}-list", "Group": f"{MARK}-group"}  # fmt: skip
WORDS = (
    "description",
    "plannote",
    "activity",
    "unlabelled",
    "goaltext",
    "teamnote",
    "narrative",
    "document",
    "payload",
)
CRITERIA: dict[str, tuple[str, ...]] = {
    "CarePlan": ("subject=Patient/arne", "patient=arne", "status=active", "status:not=draft", "intent=plan",
                 "goal=Goal/zqx-goal", "goal=Goal/zqx-goal-open", "condition=Condition/zqx-condition",
                 "activity-code=zqxactivity", "activity-code=urn:zqxunlabelled|zqxunlabelled",
                 "care-team=CareTeam/team",
                 "performer=Organization/trust", "performer=Organization/ke", "date=gt2025",
                 "goal.description:missing=0",
                 "goal.lifecycle-status=active", "condition.code=zqxcondition",
                 "care-team.participant=PractitionerRole/nurse", "subject.identifier=15918512397",
                 "performer.name=Virksomhet", "activity-code:missing=false",
                 "condition:missing=false", "goal:missing=false", "category=individuell-plan", "category:text=plan",
                 "managing-municipality=Organization/ke", "next-review=gt2026", "identifier:missing=true"),
    "CareTeam": ("subject=Patient/arne", "status=active", "participant=PractitionerRole/nurse",
                 "participant=PractitionerRole/kari", "coordinator=PractitionerRole/kari", "category=coordination",
                 "participant:PractitionerRole.organization=Organization/trust", "patient.family=Prøvesen"),
    "Goal": ("patient=arne", "lifecycle-status=active", "start-date=2026-02-01", "subject.birthdate=1985-11-15",
             "_security=https://knutepunkt.no/fhir/CodeSystem/sector|trust", "_id=zqx-goal,goal-school"),
    "Consent": ("patient=arne", "status=active", "actor=Organization/school", "category=plan-sharing",
                "security-label=trust", "organization=Organization/ke"),
    "Patient": ("_has:CarePlan:patient:status=active", "_has:Goal:patient:lifecycle-status=active",
                "_has:Consent:patient:actor=Organization/school", "_has:CarePlan:subject:activity-code=zqxactivity",
                "_has:CareTeam:patient:participant=PractitionerRole/nurse", "_has:Condition:patient:code=zqxcondition",
                "_has:CarePlan:patient:goal=Goal/zqx-goal", "family=Prøvesen", "identifier=15918512397",
                "_has:DocumentReference:patient:description=zqxdocument", "_list=zqx-list",
                "_has:Communication:patient:recipient=Organization/trust", "_has:List:patient:title=zqxlist"),
    "Organization": ("_has:CarePlan:performer:patient=arne", "_has:CarePlan:performer:status=active",
                     "_has:Consent:actor:patient=arne", "name=Virksomhet"),
    "PractitionerRole": ("_has:CareTeam:participant:patient=arne", "_has:CareTeam:participant:status=active",
                         "_has:CareTeam:participant:subject:Patient.identifier=15918512397",
                         "organization=Organization/trust", "_has:CareTeam:coordinator:status=active"),
    "Condition": ("patient=arne", "code=zqxcondition", "_has:CarePlan:condition:status=active"),
    "DocumentReference": ("patient=arne", "description=zqxdocument", "related=CarePlan/plan", "status=current"),
    "Communication": ("patient=arne", "recipient=Organization/trust", "status=completed"),
    "Provenance": ("target=CarePlan/plan", "patient=arne", "target:CarePlan.status=active", "target=Goal/zqx-goal"),
    "AuditEvent": ("patient=arne", "entity=CarePlan/plan"),
    "List": ("item=CarePlan/plan", "title=zqxlist", "item:CarePlan.status=active", "patient=arne"),
    "Task": ("patient=arne", "based-on=CarePlan/plan", "status=requested"),
    "Observation": ("patient=arne", "status=final", "patient.family=Prøvesen"),
    "Group": ("member=Patient/arne", "member:Patient.family=Prøvesen", "type=person"), "Flag": ("patient=arne",),
}  # fmt: skip
INCLUDES = ("_include=CarePlan:goal", "_include=CarePlan:care-team", "_include=CarePlan:*", "_revinclude=*",
            "_revinclude=CarePlan:patient", "_revinclude=CarePlan:goal", "_revinclude=Provenance:target",
            "_revinclude=CareTeam:participant", "_revinclude=List:item", "_include=CareTeam:*",
            "_revinclude=Goal:patient",             "_include=*", "_include=DocumentReference:related",
            "_revinclude:iterate=CarePlan:goal")  # fmt: skip
RESULTS = ("_summary=count", "_total=accurate", "_summary=true", "_summary=data", "_summary=text", "_elements=id",
           "_count=1", "_count=0", "_sort=_lastUpdated", "_sort=-_id", "_sort=status", "_sort=date", "_sort=-date",
           "_sort=activity-code", "_sort=goal", "_sort=start-date", "_sort=category")  # fmt: skip


def probes(seed: int, count: int) -> list[Probe]:
    """So many questions."""
    rng = random.Random(seed)  # noqa: S311 - so that the questions are the same each time
    return [rng.choice(_ROADS)(rng) for _ in range(count)]


def _terms(rng: random.Random, rtype: str) -> list[str]:
    terms = rng.sample(CRITERIA[rtype], k=min(len(CRITERIA[rtype]), rng.randint(0, 2)))
    terms += [f"_text={MARK}{rng.choice(WORDS)}"] if rng.random() < 0.1 else []
    terms += [f"_content={MARK}{rng.choice(WORDS)}"] if rng.random() < 0.15 else []
    return terms


def _search(rng: random.Random) -> Probe:
    rtype = rng.choice(list(CRITERIA))
    terms = _terms(rng, rtype)
    terms += [rng.choice(INCLUDES)] if rng.random() < 0.4 else []
    terms += rng.sample(RESULTS, k=rng.randint(0, 2))
    return Probe("GET", f"{rtype}?{'&'.join(terms)}", headers=(("prefer", "handling=lenient"),))


def _read(rng: random.Random) -> Probe:
    rtype, rid = rng.choice(list(IDS.items()))
    form = rng.choice(("{0}/{1}", "{0}/{1}/_history", "{0}/{1}/_history/1", "{0}/{1}/_history/2", "{0}/_history",
                       "{0}/{1}/$meta", "{0}/$meta", "_history?_count=50",
                       "{0}/_history?_since=2026-01-01"))  # fmt: skip
    return Probe(rng.choice(("GET", "GET", "HEAD")), form.format(rtype, rid))


def _compartment(rng: random.Random) -> Probe:
    where = rng.choice(("Patient/arne/*", "Patient/arne/CarePlan", "Patient/arne/Goal?_content=zqxgoaltext",
                        "Patient/arne/$everything", "Patient/arne/CareTeam?status=active", "CarePlan/plan/$everything",
                        "PractitionerRole/nurse/CareTeam", "Patient/arne/Provenance", "Patient/$everything",
                        "?_type=CarePlan,Goal,CareTeam", "?_type=CarePlan,Patient&_total=accurate"))  # fmt: skip
    return Probe("GET", where)


def _conditional(rng: random.Random) -> Probe:
    """Writes that would tell by their answer; what they make is the same in each world."""
    rtype = rng.choice(("CarePlan", "Goal", "Condition", "DocumentReference", "CareTeam", "Patient"))
    term = rng.choice([c for c in CRITERIA[rtype] if ":" not in c and "." not in c] or ["_id=x"])
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "probe"}, "subject": to(BERIT)}
    matching = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "GET", "url": f"{rtype}?{term}"}}]}  # fmt: skip
    linked = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": {**flag, "subject": to(f"{rtype}?{term}")}, "request": {"method": "POST", "url": "Flag"}}
        ],
    }
    makes = _goal("x", None, "probe") | {"subject": to(BERIT)}
    makes = {name: value for name, value in makes.items() if name != "id"}
    term_of_goal = rng.choice([c for c in CRITERIA["Goal"] if ":" not in c and "." not in c])
    return rng.choice((
        Probe("POST", "Goal", makes, (("if-none-exist", term_of_goal),)),
        Probe("PUT", f"Goal?{term_of_goal}", makes),
        Probe("DELETE", f"{rtype}?{term}"),
        Probe("POST", "", matching),
        Probe("POST", "", {**matching, "type": "batch"}),
        Probe("POST", "", linked),
        Probe("PATCH", f"{rtype}?{term}", [{"op": "test", "path": "/status", "value": "zqx"}],
              (("content-type", "application/json-patch+json"),)),
    ))  # fmt: skip


def _write(rng: random.Random) -> Probe:
    """Writes to what may not be seen, and second plans."""
    rtype, rid = rng.choice(list(IDS.items()))
    resource = {"resourceType": rtype, "id": rid, "status": "active", "code": {"text": "probe"}}
    match = rng.choice((None, 'W/"1"', 'W/"7"', "*"))
    headers = (("if-match", match),) if match else ()
    patch = [{"op": "test", "path": "/status", "value": "x"}]
    second = {**_care_plan(False), "id": "second", "goal": [], "activity": []}
    second = {name: value for name, value in second.items() if value != [] and name != "id"}
    return rng.choice((
        Probe("PUT", f"{rtype}/{rid}", resource, (("if-match", 'W/"9"'),)),
        Probe("DELETE", f"{rtype}/{rid}", headers=(("if-match", 'W/"9"'),)),
        Probe("PATCH", f"{rtype}/{rid}", patch, (("content-type", "application/json-patch+json"), *headers)),
        Probe("POST", "CarePlan", second),
    ))  # fmt: skip


_ROADS: tuple[Callable[[random.Random], Probe], ...] = (_search, _search, _search, _search, _read, _compartment,
                                                        _conditional, _write)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+\d\d:\d\d)")
_TOKEN = re.compile(r"(_page|page|_token|_cursor)=[A-Za-z0-9_\-=%.]+")


def told(answer: httpx.Response) -> tuple[int, str, tuple[str, ...]]:
    """What an answer says, apart from ids and times."""
    text = answer.text.replace(BASE, "")
    for pattern, word in ((_UUID, "#"), (_TIME, "@"), (_TOKEN, "page=#")):
        text = pattern.sub(word, text)
    heads = tuple(f"{n}: {_UUID.sub('#', answer.headers[n])}" for n in ("etag", "location") if n in answer.headers)
    return answer.status_code, text, heads


def leaked(probe: Probe, answer: httpx.Response) -> set[str]:
    """Hidden words in an answer that were not in the question."""
    words = re.compile(rf"{MARK}[a-z\-]*")
    asked = set(words.findall(f"{probe.path} {probe.body} {probe.headers}"))
    return set(words.findall(answer.text + str(answer.headers))) - asked
