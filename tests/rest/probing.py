"""Questions that try to find out what is hidden, and what an answer to them says (SR-28, SR-29)."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.rest.conftest import BASE, FHIR_JSON, Rest
from tests.rest.probing_worlds import BERIT, MARK, care_plan, goal, to

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
                 "care-team=CareTeam/team", "coordinator=PractitionerRole/kari",
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
    makes = goal("x", None, "probe") | {"subject": to(BERIT)}
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
    second = {**care_plan(False), "id": "second", "goal": [], "activity": []}
    second = {name: value for name, value in second.items() if value != [] and name != "id"}
    return rng.choice((
        Probe("PUT", f"{rtype}/{rid}", resource, (("if-match", 'W/"9"'),)),
        Probe("DELETE", f"{rtype}/{rid}", headers=(("if-match", 'W/"9"'),)),
        Probe("PATCH", f"{rtype}/{rid}", patch, (("content-type", "application/json-patch+json"), *headers)),
        Probe("POST", "CarePlan", second),
    ))  # fmt: skip


_ROADS: tuple[Callable[[random.Random], Probe], ...] = (_search, _search, _search, _search, _read, _compartment,
                                                        _conditional, _write)  # fmt: skip
_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"
    r"|\b[rc][0-9a-f]{10,15}-[0-9a-f]{1,28}(?:-[0-9]+)?\b"  # of the audit log and of changes: they tell the time
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+\d\d:\d\d)")
_TOKEN = re.compile(r"(_page|page|_token|_cursor)=[A-Za-z0-9_\-=%.]+")
_REQUEST = re.compile(r'"identifier":\{"value":"[^"]*"\}')


def told(answer: httpx.Response) -> tuple[int, str, tuple[str, ...]]:
    """What an answer says, apart from ids and times."""
    text = answer.text.replace(BASE, "")
    for pattern, word in ((_UUID, "#"), (_TIME, "@"), (_TOKEN, "page=#"), (_REQUEST, "request")):
        text = pattern.sub(word, text)
    heads = tuple(f"{n}: {_UUID.sub('#', answer.headers[n])}" for n in ("etag", "location") if n in answer.headers)
    return answer.status_code, text, heads


def leaked(probe: Probe, answer: httpx.Response) -> set[str]:
    """Hidden words in an answer that were not in the question."""
    words = re.compile(rf"{MARK}[a-z\-]{{3,}}")  # three letters alone stand in a sealed page link now and then
    asked = set(words.findall(f"{probe.path} {probe.body} {probe.headers}"))
    return set(words.findall(answer.text + str(answer.headers))) - asked
